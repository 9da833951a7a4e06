// SPDX-License-Identifier: Apache-2.0
//
// What an authority allows in which time, so that we stop before it has to say so. Pure; any thread.
// Token buckets as authorities keep them themselves (GCRA): one number a bucket, the time at which it is full again.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace signpost::model {

enum class LimitKind {
  kOrders,    // of an account
  kDomain,    // certificates of one registered domain
  kNames,     // certificates of exactly the same names
  kFailures,  // failed authorizations of one name and account
};
std::string_view name_of(LimitKind kind);  // "orders"

struct IssuanceLimit {
  LimitKind kind = LimitKind::kOrders;
  std::int32_t capacity = 1;
  Milliseconds refill{};  // in which one comes back
};

// letsencrypt.org/docs/rate-limits.
inline constexpr std::array kLetsEncryptLimits{
    IssuanceLimit{LimitKind::kOrders, 300, std::chrono::seconds(36)},
    IssuanceLimit{LimitKind::kDomain, 50, std::chrono::minutes(202)},
    IssuanceLimit{LimitKind::kNames, 5, std::chrono::hours(34)},
    IssuanceLimit{LimitKind::kFailures, 5, std::chrono::minutes(12)},
};

// Of certificates of the same names, that renewals by hand leave to those that must be: one that is due, and one after
// a revocation.
inline constexpr std::int32_t kHandRenewalsLeave = 2;

/// When one may be taken from a bucket that is full again at `full_at`, so that `left` are left at least
/// (0…capacity-1); `now` if it can be at once.
Time available_at(const IssuanceLimit& limit, std::optional<Time> full_at, Time now, std::int32_t left = 0);
/// When the bucket is full again after one more has been taken.
Time taken(const IssuanceLimit& limit, std::optional<Time> full_at, Time now);

}  // namespace signpost::model
