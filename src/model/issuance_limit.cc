// SPDX-License-Identifier: Apache-2.0
#include "model/issuance_limit.h"

#include <algorithm>

namespace signpost::model {

std::string_view name_of(LimitKind kind) {
  switch (kind) {
    case LimitKind::kOrders:
      return "orders";
    case LimitKind::kDomain:
      return "domain";
    case LimitKind::kNames:
      return "names";
    case LimitKind::kFailures:
      return "failures";
  }
  return "";
}

Time available_at(const IssuanceLimit& limit, std::optional<Time> full_at, Time now, std::int32_t left) {
  if (!full_at) return now;
  return std::max(now, *full_at - limit.refill * std::max(limit.capacity - 1 - left, 0));
}

Time taken(const IssuanceLimit& limit, std::optional<Time> full_at, Time now) {
  return std::max(full_at.value_or(now), now) + limit.refill;
}

}  // namespace signpost::model
