// SPDX-License-Identifier: Apache-2.0
//
// What a host answered before its traffic was ours: what a disconnection restores. Plain value; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace signpost::model {

struct OriginalDns {
  static constexpr std::size_t addresses_max = 16;  // of each family

  std::optional<std::string> cname;  // "cname.hosting.example"; then there are no addresses of its own
  std::vector<std::string> a;
  std::vector<std::string> aaaa;
  Time seen_at{};

  bool is_empty() const { return !cname && a.empty() && aaaa.empty(); }
  bool operator==(const OriginalDns&) const = default;
};

}  // namespace signpost::model
