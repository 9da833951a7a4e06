// SPDX-License-Identifier: Apache-2.0
//
// When an authority wants a certificate renewed (RFC 9773). Value; any thread.
#pragma once

#include <chrono>
#include <string>

#include "base/time.h"

namespace signpost::acme {

struct RenewalInfo {
  // RFC 9773 4.3.2 and 4.3.3: limits for what Retry-After says, and how long to wait where nothing is said.
  static constexpr std::chrono::seconds kRetryAfterMin = std::chrono::minutes(1);
  static constexpr std::chrono::seconds kRetryAfterMax = std::chrono::hours(24);
  static constexpr std::chrono::seconds kRetryAfterDefault = std::chrono::hours(6);

  Time start{};                 // the window: renew at a random time in it, at once if it has passed
  Time end{};                   // after start
  std::string explanation_url;  // a page that says why; empty if there is none
  std::chrono::seconds retry_after = kRetryAfterDefault;  // then ask again; always within the two limits
};

}  // namespace signpost::acme
