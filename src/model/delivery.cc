// SPDX-License-Identifier: Apache-2.0
#include "model/delivery.h"

#include <algorithm>
#include <cmath>

#include "base/http_date.h"

namespace signpost::model {
namespace {

constexpr std::array kStates{DeliveryState::kPending, DeliveryState::kDelivered, DeliveryState::kFailed};
constexpr std::array kResults{AttemptResult::kOpen,        AttemptResult::kDelivered,
                              AttemptResult::kHttpStatus,  AttemptResult::kDns,
                              AttemptResult::kConnect,     AttemptResult::kTls,
                              AttemptResult::kTimeout,     AttemptResult::kProtocol,
                              AttemptResult::kReset,       AttemptResult::kRefusedAddress,
                              AttemptResult::kInterrupted, AttemptResult::kInternal};
constexpr std::array kSchedules{RetrySchedule::kContract, RetrySchedule::kExtended};
constexpr double kJitterShare = 0.2;

template <typename All>
auto by_name(const All& all, std::string_view text) -> std::optional<typename All::value_type> {
  for (const auto one : all) {
    if (name_of(one) == text) return one;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(DeliveryState state) {
  switch (state) {
    case DeliveryState::kPending:
      return "pending";
    case DeliveryState::kDelivered:
      return "delivered";
    case DeliveryState::kFailed:
      return "failed";
  }
  return "";
}

std::optional<DeliveryState> parse_delivery_state(std::string_view text) { return by_name(kStates, text); }

std::string_view name_of(AttemptResult result) {
  switch (result) {
    case AttemptResult::kOpen:
      return "open";
    case AttemptResult::kDelivered:
      return "delivered";
    case AttemptResult::kHttpStatus:
      return "http_status";
    case AttemptResult::kDns:
      return "dns";
    case AttemptResult::kConnect:
      return "connect";
    case AttemptResult::kTls:
      return "tls";
    case AttemptResult::kTimeout:
      return "timeout";
    case AttemptResult::kProtocol:
      return "protocol";
    case AttemptResult::kReset:
      return "reset";
    case AttemptResult::kRefusedAddress:
      return "refused_address";
    case AttemptResult::kInterrupted:
      return "interrupted";
    case AttemptResult::kInternal:
      return "internal";
  }
  return "";
}

std::optional<AttemptResult> parse_attempt_result(std::string_view text) { return by_name(kResults, text); }

std::string_view name_of(RetrySchedule schedule) {
  switch (schedule) {
    case RetrySchedule::kContract:
      return "contract";
    case RetrySchedule::kExtended:
      return "extended";
  }
  return "";
}

std::optional<RetrySchedule> parse_retry_schedule(std::string_view text) { return by_name(kSchedules, text); }

std::span<const std::chrono::seconds> retries_of(RetrySchedule schedule) {
  switch (schedule) {
    case RetrySchedule::kContract:
      return kContractRetries;
    case RetrySchedule::kExtended:
      return kExtendedRetries;
  }
  return {};
}

std::optional<Time> next_attempt(RetrySchedule schedule, int attempts_made, Time ended_at, double jitter,
                                 std::optional<std::chrono::seconds> retry_after) {
  const auto retries = retries_of(schedule);
  const auto index = static_cast<std::size_t>(std::max(attempts_made, 1) - 1);
  if (index >= retries.size()) return std::nullopt;
  jitter = std::clamp(jitter, -1.0, 1.0);
  const double factor = 1 + kJitterShare * (schedule == RetrySchedule::kExtended ? std::abs(jitter) : jitter);
  Milliseconds pause{static_cast<std::int64_t>(static_cast<double>(Milliseconds(retries[index]).count()) * factor)};
  if (retry_after)
    pause = std::max(pause, Milliseconds(std::clamp(*retry_after, std::chrono::seconds(0), kRetryAfterMax)));
  return ended_at + pause;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view header, Time now) {
  return signpost::parse_retry_after(header, now, kRetryAfterMax);
}

}  // namespace signpost::model
