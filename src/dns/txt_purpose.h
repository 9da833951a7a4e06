// SPDX-License-Identifier: Apache-2.0
//
// What a TXT record is for, by its name and value, and the door for those that have rules of their own.
// Pure; any thread.
#pragma once

#include <string_view>

#include "base/host_name.h"
#include "base/result.h"

namespace signpost::dns {

enum class TxtPurpose {
  kPlain,
  kSpf,    // begins with "v=spf1"
  kDmarc,  // stands at _dmarc.…
  kDkim,   // stands at SELECTOR._domainkey.…
};
TxtPurpose purpose_of(const DnsName& name, std::string_view value);

/// kUnprocessable for a wanted value that its purpose does not allow, with what to write (`member` "value"), and for a
/// DMARC record at a name where nobody looks for it (`member` "host").
Result<void> check_txt(const DnsName& name, std::string_view value);

}  // namespace signpost::dns
