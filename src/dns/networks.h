// SPDX-License-Identifier: Apache-2.0
//
// Whose an address or a name server is: proxies by address range, registrars' expiry and parking servers by name.
// Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/host_name.h"

namespace signpost::dns {

/// "Cloudflare", "Fastly" …, if the address lies in the published ranges of a proxy that customers switch on by a click
/// at their DNS provider; nothing for other addresses and for what is no address.
std::optional<std::string_view> proxy_of(std::string_view address);

/// Is it a name server that registrars and parking companies set for domains that have expired or are for sale?
bool is_parking_server(const DnsName& server);

}  // namespace signpost::dns
