// SPDX-License-Identifier: Apache-2.0
//
// One event for one endpoint, its attempts, and when the next one is due.
// Plain values and pure rules; any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace signpost::model {

enum class DeliveryState { kPending, kDelivered, kFailed };
std::string_view name_of(DeliveryState state);  // "pending"
std::optional<DeliveryState> parse_delivery_state(std::string_view text);

struct Delivery {
  DeliveryId id;
  EventId event;
  EndpointId endpoint;
  ApplicationId application;
  ConnectionId connection;
  std::int16_t partition = 0;  // of the endpoint: its loop
  DeliveryState state = DeliveryState::kPending;
  std::int32_t attempts = 0;
  Time next_attempt_at{};
  std::optional<Time> lease_until;  // an attempt is under way until then
  Time created_at{};
};

enum class AttemptResult {
  kOpen,       // written before the request leaves; still so after a crash
  kDelivered,  // 2xx
  kHttpStatus,
  kDns,
  kConnect,
  kTls,
  kTimeout,
  kProtocol,
  kReset,
  kRefusedAddress,
  kInterrupted,
  kInternal
};
std::string_view name_of(AttemptResult result);  // "http_status"
std::optional<AttemptResult> parse_attempt_result(std::string_view text);

struct Attempt {
  AttemptId id;
  DeliveryId delivery;
  std::int32_t number = 1;
  Time started_at{};
  std::optional<Time> ended_at;
  AttemptResult result = AttemptResult::kOpen;
  std::string cause;          // a stable code that says more than the result: "tls_expired"; empty if there is none
  std::optional<int> status;  // HTTP
  std::string detail;         // a sentence
  std::string remote_address;
  std::string response_body;  // the first kResponseKeptBytesMax
  struct Timing {             // milliseconds, -1 where it did not come to that
    std::int32_t dns = -1, connect = -1, tls = -1, first_byte = -1, total = -1;
  } timing;
};

constexpr std::size_t kResponseKeptBytesMax = 8 * 1024;

// One attempt, from looking the name up to the last byte of the answer. Standard Webhooks advises 15 to 30 s.
constexpr std::chrono::seconds kTimeoutMin{1};
constexpr std::chrono::seconds kTimeoutDefault{15};
constexpr std::chrono::seconds kTimeoutMax{30};
constexpr Milliseconds kConnectBudget = std::chrono::seconds(5);

/// When a failed delivery is tried again; an endpoint has one of them.
enum class RetrySchedule { kContract, kExtended };
std::string_view name_of(RetrySchedule schedule);  // "contract"
std::optional<RetrySchedule> parse_retry_schedule(std::string_view text);

// "Webhooks automatically retries up to 3 times" (seed 001); the pauses are ours: soon, then rarer.
inline constexpr std::array<std::chrono::seconds, 3> kContractRetries{std::chrono::seconds(5), std::chrono::minutes(1),
                                                                      std::chrono::minutes(10)};
// A receiver that dies on a Friday evening is still tried on Monday: 75 h 35 min, as Standard Webhooks advises.
inline constexpr std::array<std::chrono::seconds, 9> kExtendedRetries{
    std::chrono::seconds(5), std::chrono::minutes(5), std::chrono::minutes(30),
    std::chrono::hours(2),   std::chrono::hours(5),   std::chrono::hours(10),
    std::chrono::hours(14),  std::chrono::hours(20),  std::chrono::hours(24)};
std::span<const std::chrono::seconds> retries_of(RetrySchedule schedule);
constexpr std::chrono::seconds kRetryAfterMax = std::chrono::hours(24);

/// When the next try is due after attempt number `attempts_made` (1 = the first) ended without success; nothing after
/// the last. `jitter` in [-1, 1] moves the pause by up to ±20 %, of the extended schedule by up to +20 %: it never ends
/// before its 75 h. `retry_after` (at most a day) only ever delays.
std::optional<Time> next_attempt(RetrySchedule schedule, int attempts_made, Time ended_at, double jitter,
                                 std::optional<std::chrono::seconds> retry_after);

/// Only 2xx is success.
constexpr bool is_success(int http_status) { return http_status >= 200 && http_status < 300; }

/// Retry-After in seconds from now: delta-seconds or an HTTP date (RFC 9110 10.2.3); nothing for garbage or the past.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view header, Time now);

}  // namespace signpost::model
