// SPDX-License-Identifier: Apache-2.0
//
// Everything that can be wrong with a record, by a stable code. docs/causes.md is printed from this table.
// Constants and values; any thread. A code never changes its meaning; new ones may be added.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace signpost::dns {

/// From the most decisive to the least: of several causes of one weight, the earlier one explains the later ones.
enum class Cause {
  // There is no domain to put the record into, or not where it was put.
  kDomainUnregistered,
  kDomainExpired,
  kNoDelegation,
  kNotDelegatedHere,
  kSubzoneDelegated,
  // The record was placed or typed otherwise than it was meant.
  kAliasLoop,
  kAliasChainLong,
  kChallengeShadowed,
  kChallengeStale,
  kNameDoubled,
  kNameMisplaced,
  kTargetIsUrl,
  kTargetRelative,
  kTargetIsAddress,
  kProxied,
  kAliasInTheWay,
  kRecordsInTheWay,
  kOldAddressBeside,
  kMxPreference,
  kMxOtherFirst,
  kTxtQuoted,
  kTxtPadded,
  kTxtCut,
  kTxtSplit,
  kSpfTwice,
  kSpfInvalid,
  kSpfPartMissing,
  kDmarcTwice,
  kDmarcOther,
  kDkimRevoked,
  kDkimOtherKey,
  // Some have it, some do not; or nobody has it.
  kSerialsLag,
  kServersDisagree,
  kTcpBlocked,
  kWildcardAnswers,
  kOtherValue,
  kTypeMissing,
  kNameMissing,
  // The servers do not do their work.
  kServersRefuse,
  kServersLame,
  kServersFail,
  kServersMalformed,
  kServersSilent,
  kServersUnreachable,
  kServerAddressPrivate,
  kServerWithoutAddress,
  // What stands beside it.
  kDnssecDsWithoutKeys,
  kDnssecBogus,
  kRecordsBesideAlias,
  kStaleAaaa,
  kTargetMissing,
  kSpfTooManyLookups,
  kDelegationDiffers,
  kCaaForbids,
  kCaaFails,
  kCachesOld,
  kEdnsRefused,
  // We could not look.
  kResolversFail,
  kTooManyRecords,
  kTooBusy,
};

enum class Weight {
  kBlocks,  // the record is not what it must be
  kRisks,   // it works, or will, but something about it will hurt
  kPasses,  // goes away by itself
  kRemark,  // odd, harmless
};

struct CauseRow {
  Cause cause;
  std::string_view code;
  Weight weight;             // the usual one; a look may find it lighter
  std::string_view meaning;  // one sentence
  std::string_view fix;      // one or two sentences; a look names the exact values
};
/// In the order of Cause.
std::span<const CauseRow> causes();

/// "name_missing"; stable.
std::string_view name_of(Cause cause);
/// The inverse.
std::optional<Cause> parse_cause(std::string_view code);
/// "blocks", "risks", "passes", "remark".
std::string_view name_of(Weight weight);

/// Who said what.
struct Evidence {
  std::string server;      // "ns1.dns.example"; the address for a resolver
  std::string address;     // "192.0.2.53:53"; empty if it has none
  std::string said;        // "www.shop.example CNAME old.example", "NXDOMAIN for www.shop.example"
  std::int64_t at_ms = 0;  // since the look began
};

/// One cause, found for one record.
struct Finding {
  Cause cause;
  Weight weight;
  std::string text;                // one sentence with what was seen
  std::string fix;                 // what to do, with the exact values to type
  std::vector<Evidence> evidence;  // at most kEvidenceMax
};
constexpr std::size_t kEvidenceMax = 8;
constexpr std::size_t kFindingsMax = 12;  // of one record

/// docs/causes.md.
std::string causes_page();

}  // namespace signpost::dns
