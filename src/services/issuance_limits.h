// SPDX-License-Identifier: Apache-2.0
//
// Our own account of an authority's limits: asked before anything is used up, in the transaction that uses it. Free
// functions on a Tx. An answer 429 of an authority whose limits are modelled would be a bug here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/certificate.h"
#include "model/issuance_limit.h"
#include "store/tx.h"

namespace signpost::services {

/// The authority does not count a renewal that it has advised (`replaces`), and neither orders nor the domain's
/// certificates of a renewal of the same names; what another authority has issued it counts as any first one. We count
/// the names of an advised one, too: an authority whose window is always over must not make us renew for ever.
enum class Issuance { kFirst, kRenewal, kAdvisedRenewal };

/// One who uses up limits: an order for these names.
struct LimitUse {
  std::string authority;
  std::string domain;  // registered: "shop.example"
  std::vector<DnsName> names;
  Issuance issuance = Issuance::kFirst;
};

/// The limit that stops it longest, and until when; nothing if it may go ahead.
struct LimitReached {
  model::LimitKind kind = model::LimitKind::kOrders;
  Time until{};           // then there is one for whoever comes first
  std::string subject;    // whose bucket it is: "" of the account, "shop.example"
  Milliseconds refill{};  // in which one comes back
};
Result<std::optional<LimitReached>> find_limit(store::Tx& tx, std::span<const model::IssuanceLimit> limits,
                                               const LimitUse& use, Time now);
/// When a certificate of these names may be had by hand, so that kHandRenewalsLeave are left; `now` if it may at once.
Result<Time> hand_renewal_at(store::Tx& tx, std::span<const model::IssuanceLimit> limits, const LimitUse& use,
                             Time now);
/// An order is placed.
Result<void> take_order(store::Tx& tx, std::span<const model::IssuanceLimit> limits, const LimitUse& use, Time now);
/// A certificate is asked for.
Result<void> take_certificate(store::Tx& tx, std::span<const model::IssuanceLimit> limits, const LimitUse& use,
                              Time now);
/// The authority could not validate a name.
Result<void> take_failure(store::Tx& tx, std::span<const model::IssuanceLimit> limits, std::string_view authority,
                          const DnsName& name, Time now);

}  // namespace signpost::services
