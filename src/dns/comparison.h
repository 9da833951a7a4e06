// SPDX-License-Identifier: Apache-2.0
//
// Whether what a server answered is what we wait for, by type. Pure; any thread.
//
// A, AAAA  the record is there and every address there is is expected: an old address beside the new one takes its
//          share of the visitors. So with several expectations of one name and type all agree only if both sets are
//          equal.
// CNAME    the same target, any case, last dot or not. Without a CNAME the name may be flattened: see judge_flattened.
// NS       the same set as for addresses: every name server there is is expected. A referral counts as seen.
// CAA      among others, the same property: blanks and the order of an issue value's parameters are free.
// SRV      among others, all four parts exactly.
// TXT      among others, the joined strings exactly. Three have rules of their own:
//          SPF    exactly one SPF record, which has (itself or, with a SpfReport, through its includes) what is wanted;
//          DMARC  exactly one at _dmarc.…, whose tags agree, see dmarc.h;
//          DKIM   the same key at the selector, and no other beside it.
// MX       with its preference; others may be there if their preference is worse than every expected one.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dns/message.h"
#include "dns/observation.h"
#include "dns/spf_walk.h"
#include "net/task.h"

namespace signpost::dns {

/// How many aliases of one answer are followed.
constexpr int kAliasesMax = 8;

/// What an answer says about one question, aliases inside the answer followed.
struct Seen {
  std::vector<std::string> values;  // of the asked type, canonical
  std::uint32_t ttl = 0;
  std::vector<DnsName> aliases;  // the targets passed, in order; not for a CNAME question
  enum class Chain { kEnded, kLoops, kTooLong } chain = Chain::kEnded;
};
Seen see(const Answer& answer, const Question& question);

struct Judgement {
  Verdict verdict;
  std::string note;
};

/// `group`: all expectations of the record's name and type, itself included. Never says a server's fault, only
/// kAgrees, kDisagrees, kNoData (nothing of this type) or kUndecided (the walk could not look at all includes).
/// `walked`: what the walk of `begin_spf_walk` found, if there was one; without it only the record itself counts.
Judgement judge(const Expectation& record, std::span<const Expectation> group, const Seen& seen,
                const SpfReport* walked = nullptr);

/// The walk that tells whether a wanted SPF record is met through includes; nothing if there is none to walk: the
/// expectation is no SPF record, or there is not exactly one valid SPF record to see. It may have ended at once.
std::optional<SpfWalk> begin_spf_walk(const Expectation& record, const Seen& seen);

/// The addresses of the expected CNAME's target, as the resolvers see them.
struct TargetAddresses {
  std::vector<std::string> known = {};
  bool lacks_v4 = false;  // the look-up failed: there may be more of this family
  bool lacks_v6 = false;
  bool is_complete() const { return !lacks_v4 && !lacks_v6; }
};

/// A name with addresses instead of the expected CNAME: agrees if they are a non-empty subset of the target's;
/// kUndecided if they may be, but not all of the target's are known.
Judgement judge_flattened(std::span<const std::string> seen, const TargetAddresses& target);

/// The expected value as answers have it: "192.0.2.1", "mail.example", "10 mail.example"; "any value" if any will do.
std::string expected_text(const Expectation& record);

}  // namespace signpost::dns
