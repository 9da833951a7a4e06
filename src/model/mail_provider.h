// SPDX-License-Identifier: Apache-2.0
//
// Whose mail service a domain uses, as its MX records tell.
// Plain values and pure functions; any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/host_name.h"

namespace signpost::model {

enum class MailProvider { kGoogle, kMicrosoft, kZoho };
inline constexpr std::array kMailProviders{MailProvider::kGoogle, MailProvider::kMicrosoft, MailProvider::kZoho};
std::string_view name_of(MailProvider provider);  // "google"
std::optional<MailProvider> parse_mail_provider(std::string_view text);

/// Of a mail exchange such as "aspmx.l.google.com"; nothing for one that is none of theirs.
std::optional<MailProvider> provider_of(const DnsName& exchange);

}  // namespace signpost::model
