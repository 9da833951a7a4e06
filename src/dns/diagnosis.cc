// SPDX-License-Identifier: Apache-2.0
#include "dns/diagnosis.h"

#include <algorithm>
#include <array>

#include "dns/rules.h"

namespace signpost::dns {

namespace {

using namespace rules;  // NOLINT: the table below is made of them

using Rule = Found (*)(const Facts&);
constexpr std::array kRules{
    // The order of Cause.
    domain_unregistered,
    domain_expired,
    no_delegation,
    not_delegated_here,
    subzone_delegated,
    alias_loop,
    alias_chain_long,
    name_doubled,
    name_misplaced,
    wildcard_answers,
    challenge_shadowed,
    challenge_stale,
    target_is_url,
    target_relative,
    target_is_address,
    proxied,
    alias_in_the_way,
    records_in_the_way,
    old_address_beside,
    mx_preference,
    mx_other_first,
    txt_quoted,
    txt_padded,
    txt_cut,
    txt_split,
    spf_twice,
    spf_invalid,
    spf_part_missing,
    dmarc_twice,
    dmarc_other,
    dkim_revoked,
    dkim_other_key,
    serials_lag,
    servers_disagree,
    tcp_blocked,
    other_value,
    type_missing,
    name_missing,
    servers_refuse,
    servers_lame,
    servers_fail,
    servers_malformed,
    servers_silent,
    servers_unreachable,
    server_address_private,
    server_without_address,
    dnssec_ds_without_keys,
    dnssec_bogus,
    records_beside_alias,
    stale_aaaa,
    target_missing,
    spf_too_many_lookups,
    delegation_differs,
    caa_forbids,
    caa_fails,
    caches_old,
    edns_refused,
    servers_unknown,
};

/// Another cause says the same, and says it better.
bool is_explained(const std::vector<Finding>& findings, Cause cause) {
  const auto has = [&](std::initializer_list<Cause> causes) {
    return std::ranges::any_of(
        findings, [&](const Finding& one) { return std::ranges::find(causes, one.cause) != causes.end(); });
  };
  using enum Cause;
  if (cause == kResolversFail) return std::ranges::find(findings, Weight::kBlocks, &Finding::weight) != findings.end();
  if (cause == kServersDisagree) return has({kSerialsLag, kNotDelegatedHere});
  if (cause == kServersSilent) return has({kTcpBlocked});
  if (cause == kAliasInTheWay || cause == kWildcardAnswers) {
    return has({kAliasLoop, kAliasChainLong, kNameDoubled, kNameMisplaced, kWildcardAnswers, kChallengeShadowed});
  }
  if (cause == kRecordsInTheWay) return has({kProxied, kChallengeShadowed, kWildcardAnswers});
  if (cause == kChallengeStale) return has({kWildcardAnswers, kChallengeShadowed});
  if (cause == kRecordsBesideAlias) return has({kChallengeShadowed, kAliasInTheWay, kRecordsInTheWay});
  const bool is_plain = cause == kOtherValue || cause == kTypeMissing || cause == kNameMissing;
  return is_plain && !findings.empty() && findings.front().weight == Weight::kBlocks;
}

/// Lag blocks for now, though it passes.
int rank(const Finding& finding) { return finding.cause == Cause::kSerialsLag ? 0 : static_cast<int>(finding.weight); }

}  // namespace

std::vector<Finding> diagnose(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto rule : kRules) {
    auto found = rule(facts);
    if (found && !is_explained(findings, found->cause)) findings.push_back(*std::move(found));
  }
  if (auto open = undecided(facts)) {
    // What could not be decided is held against nobody.
    std::erase_if(findings, [](const Finding& one) { return rank(one) == 0 && one.cause < Cause::kServersRefuse; });
    findings.push_back(*std::move(open));
  }
  std::ranges::sort(findings, {}, [](const Finding& one) { return std::pair(rank(one), one.cause); });
  if (findings.size() > kFindingsMax) findings.erase(findings.begin() + kFindingsMax, findings.end());
  return findings;
}

}  // namespace signpost::dns
