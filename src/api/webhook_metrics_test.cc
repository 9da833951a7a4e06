// SPDX-License-Identifier: Apache-2.0
#include "api/webhook_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::api {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string shown(const services::CourierCounters& counters, const services::Handover& handover = {}) {
  Exposition to;
  write_webhook_metrics(counters, handover, to);
  return to.take();
}

TEST(WebhookMetrics, TellWhatWasAcceptedDeliveredAndFailedByKind) {
  services::CourierCounters counters;
  services::Handover handover;
  handover.note_accepted(9);
  counters.delivered = 5;
  counters.failed = 2;
  counters.failed_by[static_cast<std::size_t>(model::AttemptResult::kTls)] = 2;
  counters.attempts[static_cast<std::size_t>(model::AttemptResult::kTimeout)] = 4;
  counters.paced = 1;
  const auto text = shown(counters, handover);
  EXPECT_THAT(text, HasSubstr("signpost_webhook_accepted_total 9\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_deliveries_total{state=\"delivered\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_failed_total{result=\"tls\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_attempts_total{result=\"timeout\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_endpoints_paced 1\n"));
}

TEST(WebhookMetrics, DurationsAreCumulativeAndInSeconds) {
  services::CourierCounters counters;
  for (const auto took : {0ms, 1ms, 2ms, 30ms, 700'000ms}) counters.delivered_after.note(took);
  const auto text = shown(counters);
  EXPECT_THAT(text, HasSubstr("signpost_webhook_delivered_seconds_bucket{le=\"0.001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_delivered_seconds_bucket{le=\"0.002\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_delivered_seconds_bucket{le=\"0.05\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_delivered_seconds_bucket{le=\"600\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_delivered_seconds_bucket{le=\"+Inf\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_delivered_seconds_sum 700.033\n"));
  EXPECT_THAT(text, HasSubstr("signpost_webhook_delivered_seconds_count 5\n"));
}

}  // namespace
}  // namespace signpost::api
