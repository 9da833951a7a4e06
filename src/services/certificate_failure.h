// SPDX-License-Identifier: Apache-2.0
//
// What has kept a certificate away, said as a failed attempt: by its authority, by a limit that is ours to keep, or by
// Signpost itself. Free functions, on any thread. Each says whose fault it is, whether the order survives it, and what
// helps.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "acme/problem.h"
#include "base/time.h"
#include "dns/caa.h"
#include "dns/observation.h"
#include "model/certificate.h"
#include "services/authorities.h"
#include "services/issuance_limits.h"

namespace signpost::services {

/// What helps, after the authority's own words.
std::string_view way_out_of(acme::Trouble trouble);
/// What helps against CAA depends on the record that decided; `issuer` is the authority's name in CAA records.
std::string way_out_of_caa(const dns::CaaVerdict& verdict, std::string_view issuer);

/// May an order be taken without the certificate that it was to replace? Only the authority knows whose certificate
/// that is and what it thinks of it, and how it refuses is up to it: RFC 9773 5 names alreadyReplaced alone.
bool may_be_for_replaces(acme::Trouble trouble);
/// Our account there may not revoke it: it is another's, of before, or there is none.
bool needs_its_own_key(acme::Trouble trouble);
bool is_authority_down(acme::Trouble trouble);
/// What a trouble of before was told as.
bool is_authority_down(std::string_view cause);

/// What the authority has refused, in its words. A rate limit in spite of our limits is logged as our bug.
model::AttemptFailed failed_of(const acme::Failure& failure, const Authority& authority, Time now);
/// Authorities' clocks are right; ours may not be, and then TLS fails before anything is said. Nothing if it is right.
std::optional<model::AttemptFailed> wrong_clock(Authority& authority, const acme::Failure& failure);
/// What failed was nobody's but ours: no authority refused anything. `doing`: "making the certificate's key".
model::AttemptFailed failed_here(std::string_view doing, const Error& error);
/// Held back by a limit of the authority, which has not been asked.
model::AttemptFailed limited(const Authority& authority, const LimitReached& limit);

/// Who answered what: " to us ns1.dns.example (192.0.2.1:53) for _acme-challenge.shop.example: agrees, …;", or nothing.
std::string servers_in_words(const dns::Observation& observation);

}  // namespace signpost::services
