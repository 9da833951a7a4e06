// SPDX-License-Identifier: Apache-2.0
//
// What the API counts, and the Prometheus text format in which /metrics shows it (exposition format 0.0.4).
// Owned by app/wiring; counting from any thread without a lock. Labels come from our own tables, never from a caller.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::api {

class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Writes families one after the other. `name` and label names are ours; label values are escaped.
class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  enum class Type { kCounter, kGauge, kHistogram };
  void family(std::string_view name, Type type, std::string_view help);
  /// A sample of the family begun last; `suffix` as in "_bucket".
  void sample(Labels labels, double value, std::string_view suffix = "");
  std::string take() { return std::move(text_); }

 private:
  std::string family_;
  std::string text_;
};

class Histogram {
 public:
  // Seconds. Steps are promised at a millisecond or less, so the scale is fine there.
  static constexpr std::array kBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0};
  void observe(std::chrono::nanoseconds took);
  std::uint64_t count() const;
  void write(Exposition& to, std::string_view route) const;

 private:
  std::array<Counter, kBounds.size() + 1> buckets_;
  Counter sum_us_;
};

/// What became of a webhook that came in.
enum class Received {
  kApplied,
  kDuplicate,
  kNoEffect,
  kUnknownFlow,
  kConflict,
  kBadBody,
  kBadSignature,
  kBadHeaders,
  kBadTimestamp,
  kForeignSource,
  kUnknownApplication,
  kTooLarge,
};
std::string_view name_of(Received outcome);  // "applied"

/// Requests by route and status, and how long they took.
class Metrics {
 public:
  // The statuses we answer with; any other is counted as 0.
  static constexpr std::array kStatuses{0,   200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413,
                                        415, 417, 422, 429, 431, 500, 501, 502, 503, 504, 508};
  static constexpr std::string_view kNoRoute = "none";

  /// `patterns`: "GET /v1/keys", in the order of the router; what fits none is counted as kNoRoute.
  explicit Metrics(std::vector<std::string> patterns);

  /// `route` is an index into the patterns; anything beyond means none.
  void count(std::size_t route, int status, std::chrono::nanoseconds took);
  std::uint64_t requests(std::size_t route, int status) const;
  void count(Received outcome) { received_[static_cast<std::size_t>(outcome)].add(); }
  std::uint64_t received(Received outcome) const { return received_[static_cast<std::size_t>(outcome)].value(); }

  Counter unknown_members_domain;  // sent to /api/domain/* beyond the contract
  Counter unknown_members_entri;   // the same of /token and its kin
  Counter replays;                 // answers given again for an Idempotency-Key
  Counter rate_limited;

  void write(Exposition& to) const;

 private:
  struct OfRoute {
    std::string pattern;
    std::array<Counter, kStatuses.size()> by_status;
    Histogram took;
  };
  static constexpr std::size_t kOutcomes = static_cast<std::size_t>(Received::kTooLarge) + 1;
  std::vector<std::unique_ptr<OfRoute>> routes_;
  std::array<Counter, kOutcomes> received_;
};

}  // namespace signpost::api
