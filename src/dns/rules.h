// SPDX-License-Identifier: Apache-2.0
//
// The rules of a diagnosis: each says whether one cause holds, and why. diagnosis.cc runs them all and orders what they
// find. Pure; any thread.
#pragma once

#include <optional>

#include "dns/cause.h"
#include "dns/facts.h"

namespace signpost::dns::rules {

using Found = std::optional<Finding>;

// Is there a domain, and is it here?
Found domain_unregistered(const Facts&);
Found domain_expired(const Facts&);
Found no_delegation(const Facts&);
Found not_delegated_here(const Facts&);
Found subzone_delegated(const Facts&);

// How the record was placed and typed.
Found alias_loop(const Facts&);
Found alias_chain_long(const Facts&);
Found challenge_shadowed(const Facts&);
Found challenge_stale(const Facts&);
Found name_doubled(const Facts&);
Found name_misplaced(const Facts&);
Found target_is_url(const Facts&);
Found target_relative(const Facts&);
Found target_is_address(const Facts&);
Found proxied(const Facts&);
Found alias_in_the_way(const Facts&);
Found records_in_the_way(const Facts&);
Found old_address_beside(const Facts&);
Found mx_preference(const Facts&);
Found mx_other_first(const Facts&);

// Texts with rules of their own.
Found txt_quoted(const Facts&);
Found txt_padded(const Facts&);
Found txt_cut(const Facts&);
Found txt_split(const Facts&);
Found spf_twice(const Facts&);
Found spf_invalid(const Facts&);
Found spf_part_missing(const Facts&);
Found spf_too_many_lookups(const Facts&);
Found dmarc_twice(const Facts&);
Found dmarc_other(const Facts&);
Found dkim_revoked(const Facts&);
Found dkim_other_key(const Facts&);

// Some servers have it, or nobody; and servers that do not do their work.
Found serials_lag(const Facts&);
Found servers_disagree(const Facts&);
Found tcp_blocked(const Facts&);
Found wildcard_answers(const Facts&);
Found other_value(const Facts&);
Found type_missing(const Facts&);
Found name_missing(const Facts&);
Found servers_refuse(const Facts&);
Found servers_lame(const Facts&);
Found servers_fail(const Facts&);
Found servers_malformed(const Facts&);
Found servers_silent(const Facts&);
Found servers_unreachable(const Facts&);
Found server_address_private(const Facts&);
Found server_without_address(const Facts&);
// What our own failed look-ups leave open; both are kResolversFail.
Found servers_unknown(const Facts&);
Found undecided(const Facts&);

// What stands beside the record.
Found dnssec_ds_without_keys(const Facts&);
Found dnssec_bogus(const Facts&);
Found records_beside_alias(const Facts&);
Found stale_aaaa(const Facts&);
Found target_missing(const Facts&);
Found delegation_differs(const Facts&);
Found caa_forbids(const Facts&);
Found caa_fails(const Facts&);
Found caches_old(const Facts&);
Found edns_refused(const Facts&);

}  // namespace signpost::dns::rules
