// SPDX-License-Identifier: Apache-2.0
//
// One look at DNS as JSON: what is stored per connection and what the API shows, byte for byte.
// Pure; any thread. Member names are stable; absent values are null or empty, members are never left out.
//
//   {"took_ms":12,"propagated":false,"fingerprint":"9f…","records":[
//     {"name":"www.shop.example","type":"CNAME","expected":"app.saas.example","zone":"shop.example","propagated":false,
//      "cause":"servers_disagree","explanation":"…",
//      "causes":[{"code":"servers_disagree","weight":"blocks","text":"…","fix":"…",
//                 "evidence":[{"server":"ns2.dns.example","address":"192.0.2.54:53","said":"NXDOMAIN for
//                 www.shop.example CNAME","at":"2026-11-25T12:00:00.012Z"}]}],
//      "authorities":[{"server":"ns1.dns.example","address":"192.0.2.53:53","verdict":"agrees","values":["app.saas.example"],
//                      "ttl":300,"took_ms":8,"note":""}],
//      "resolvers":[…]}]}
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dns/observation.h"

namespace signpost::services {

/// `ended`: when the look had ended.
std::string to_json(const dns::Observation& observation, Time ended);

/// 16 hex digits over what was seen, without what differs at every look (times, TTLs): equal means that the look showed
/// nothing new.
std::string fingerprint_of(const dns::Observation& observation);

/// The fingerprint inside a text that to_json wrote; nothing for any other text.
std::optional<std::string_view> fingerprint_in(std::string_view json);

}  // namespace signpost::services
