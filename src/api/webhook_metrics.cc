// SPDX-License-Identifier: Apache-2.0
#include "api/webhook_metrics.h"

#include "base/text.h"

namespace signpost::api {
namespace {

using Type = Exposition::Type;

template <typename Number>
double number(const std::atomic<Number>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

template <typename Counts>
void by_result(const Counts& counts, Exposition& to) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto count = number(counts[i]);
    if (count > 0) to.sample({{"result", model::name_of(static_cast<model::AttemptResult>(i))}}, count);
  }
}

void durations(const services::DurationCounts& counts, Exposition& to) {
  double below = 0;
  for (std::size_t i = 0; i <= services::DurationCounts::kBoundsMs.size(); ++i) {
    below += static_cast<double>(counts.count(i));
    const auto bound = i < services::DurationCounts::kBoundsMs.size()
                           ? format("{}", static_cast<double>(services::DurationCounts::kBoundsMs[i]) / 1000)
                           : std::string("+Inf");
    to.sample({{"le", bound}}, below, "_bucket");
  }
  to.sample({}, static_cast<double>(counts.sum_ms()) / 1000, "_sum");
  to.sample({}, below, "_count");
}

}  // namespace

void write_webhook_metrics(const services::CourierCounters& counters, const services::Handover& handover,
                           Exposition& to) {
  to.family("signpost_webhook_accepted_total", Type::kCounter, "Deliveries that have been written.");
  to.sample({}, static_cast<double>(handover.accepted()));
  to.family("signpost_webhook_attempts_total", Type::kCounter, "Webhook attempts that have ended, by result.");
  by_result(counters.attempts, to);
  to.family("signpost_webhook_deliveries_total", Type::kCounter, "Deliveries that have ended.");
  to.sample({{"state", "delivered"}}, number(counters.delivered));
  to.sample({{"state", "failed"}}, number(counters.failed));
  to.family("signpost_webhook_failed_total", Type::kCounter,
            "Deliveries that have failed for good, by the result of their last attempt.");
  by_result(counters.failed_by, to);
  to.family("signpost_webhook_attempts_in_flight", Type::kGauge, "Webhook attempts under way.");
  to.sample({}, number(counters.in_flight));
  to.family("signpost_webhook_attempts_slow", Type::kGauge, "Of them, those that are older than a second.");
  to.sample({}, number(counters.slow));
  to.family("signpost_webhook_endpoints_paced", Type::kGauge,
            "Endpoints that do not keep up and are sent to more slowly.");
  to.sample({}, number(counters.paced));
  to.family("signpost_webhook_delivered_seconds", Type::kHistogram,
            "From the event's commit to the answer that delivered it, retries included.");
  durations(counters.delivered_after, to);
  to.family("signpost_webhook_attempt_seconds", Type::kHistogram, "How long attempts took, however they ended.");
  durations(counters.attempt_took, to);
}

}  // namespace signpost::api
