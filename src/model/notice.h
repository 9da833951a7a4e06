// SPDX-License-Identifier: Apache-2.0
//
// What the people of an application are still to be told by mail, and when a mail may go.
// Plain values and pure rules; any thread. A notice exists until a mail server has taken the mail that tells it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace signpost::model {

struct NoticeTag {
  static constexpr std::string_view prefix = "ntc_";
};
using NoticeId = Id<NoticeTag>;

enum class NoticeKind {
  kDeliveryFailed,    // after the last retry
  kEndpointDisabled,  // by us, not by hand
};
std::string_view name_of(NoticeKind kind);  // "delivery_failed"
std::optional<NoticeKind> parse_notice_kind(std::string_view text);

struct Notice {
  NoticeId id;
  NoticeKind kind = NoticeKind::kDeliveryFailed;
  ApplicationId application;
  EndpointId endpoint;
  std::optional<DeliveryId> delivery;  // of kDeliveryFailed
  std::string detail;                  // a sentence: what the last attempt met, or why the endpoint is disabled
  Time at{};
};

// "If all 3 retries fail, a warning email will be sent (limited to 1 per day)" (seed 001).
constexpr Milliseconds kWarningPause = std::chrono::hours(24);

/// Whether a warning about failed deliveries may go now. A last one that lies over a pause in the future was written by
/// a clock that was wrong: it must not silence the application until then.
constexpr bool may_warn(std::optional<Time> last_warned_at, Time now) {
  return !last_warned_at || now >= *last_warned_at + kWarningPause || *last_warned_at > now + kWarningPause;
}

}  // namespace signpost::model
