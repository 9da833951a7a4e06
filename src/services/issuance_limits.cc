// SPDX-License-Identifier: Apache-2.0
#include "services/issuance_limits.h"

#include <algorithm>

#include "base/text.h"
#include "store/issuance_buckets.h"

namespace signpost::services {
namespace {

using model::LimitKind;

std::string names_key(const std::vector<DnsName>& names) {
  std::vector<std::string> sorted;
  for (const auto& name : names) sorted.push_back(name.text());
  std::ranges::sort(sorted);
  std::string key;
  for (const auto& name : sorted) key += format("{}{}", key.empty() ? "" : ",", name);
  return key;
}

bool counts(LimitKind kind, Issuance issuance) {
  switch (issuance) {
    case Issuance::kFirst:
      return true;
    case Issuance::kRenewal:
      return kind == LimitKind::kNames || kind == LimitKind::kFailures;
    case Issuance::kAdvisedRenewal:
      return kind == LimitKind::kNames;
  }
  return true;
}

/// Whose bucket it is; a limit on failures has one for each name.
std::vector<std::string> subjects_of(LimitKind kind, const LimitUse& use) {
  switch (kind) {
    case LimitKind::kOrders:
      return {""};
    case LimitKind::kDomain:
      return {use.domain};
    case LimitKind::kNames:
      return {names_key(use.names)};
    case LimitKind::kFailures: {
      std::vector<std::string> names;
      for (const auto& name : use.names) names.push_back(name.text());
      return names;
    }
  }
  return {};
}

Result<void> take(store::Tx& tx, std::span<const model::IssuanceLimit> limits, std::string_view authority,
                  LimitKind kind, std::string_view subject, Time now) {
  for (const auto& limit : limits) {
    if (limit.kind != kind) continue;
    const auto full_at = TRY(store::issuance_buckets::find(tx, authority, model::name_of(kind), subject));
    TRY_VOID(
        store::issuance_buckets::save(tx, authority, model::name_of(kind), subject, model::taken(limit, full_at, now)));
  }
  return {};
}

}  // namespace

Result<std::optional<LimitReached>> find_limit(store::Tx& tx, std::span<const model::IssuanceLimit> limits,
                                               const LimitUse& use, Time now) {
  std::optional<LimitReached> reached;
  for (const auto& limit : limits) {
    if (!counts(limit.kind, use.issuance)) continue;
    for (const auto& subject : subjects_of(limit.kind, use)) {
      const auto full_at = TRY(store::issuance_buckets::find(tx, use.authority, model::name_of(limit.kind), subject));
      const Time until = model::available_at(limit, full_at, now);
      if (until > now && (!reached || until > reached->until))
        reached = LimitReached{limit.kind, until, subject, limit.refill};
    }
  }
  return reached;
}

Result<Time> hand_renewal_at(store::Tx& tx, std::span<const model::IssuanceLimit> limits, const LimitUse& use,
                             Time now) {
  Time at = now;
  for (const auto& limit : limits) {
    if (limit.kind != LimitKind::kNames) continue;
    const auto full_at =
        TRY(store::issuance_buckets::find(tx, use.authority, model::name_of(limit.kind), names_key(use.names)));
    at = std::max(at, model::available_at(limit, full_at, now, model::kHandRenewalsLeave));
  }
  return at;
}

Result<void> take_order(store::Tx& tx, std::span<const model::IssuanceLimit> limits, const LimitUse& use, Time now) {
  if (!counts(LimitKind::kOrders, use.issuance)) return {};
  return take(tx, limits, use.authority, LimitKind::kOrders, "", now);
}

Result<void> take_certificate(store::Tx& tx, std::span<const model::IssuanceLimit> limits, const LimitUse& use,
                              Time now) {
  for (const auto kind : {LimitKind::kDomain, LimitKind::kNames}) {
    if (!counts(kind, use.issuance)) continue;
    for (const auto& subject : subjects_of(kind, use)) TRY_VOID(take(tx, limits, use.authority, kind, subject, now));
  }
  return {};
}

Result<void> take_failure(store::Tx& tx, std::span<const model::IssuanceLimit> limits, std::string_view authority,
                          const DnsName& name, Time now) {
  return take(tx, limits, authority, LimitKind::kFailures, name.text(), now);
}

}  // namespace signpost::services
