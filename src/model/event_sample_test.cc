// SPDX-License-Identifier: Apache-2.0
#include "model/event_sample.h"

#include <gmock/gmock.h>

#include "model/event_contract.h"
#include "model/testing/sample.h"

namespace signpost::model {
namespace {

using ::testing::ElementsAre;

TEST(EventSample, IsThereForEveryType) {
  for (const auto type : kEventTypes) {
    const auto sample = sample_of(type, EventId(5), testing::kStart);
    EXPECT_EQ(sample.type, type) << name_of(type);
    EXPECT_EQ(sample.event_id, EventId(5));
    EXPECT_EQ(sample.job_id, kSampleJobId);
    EXPECT_EQ(sample.created_at, testing::kStart);
  }
}

TEST(EventSample, HasWhatItsRowConveys) {
  for (const auto& row : event_rows()) {
    const auto sample = sample_of(row.type, EventId(5), testing::kStart);
    EXPECT_EQ(sample.propagation_status.has_value(), row.propagation != EventRow::Propagation::kNone) << row.name;
    EXPECT_EQ(sample.data.has_value(), row.has_data) << row.name;
    EXPECT_EQ(sample.proxy_status.has_value(), row.has_proxy_status) << row.name;
    EXPECT_EQ(sample.attention.has_value(), row.has_attention) << row.name;
  }
}

TEST(EventSample, OfAnExpiredConfirmationIsExemptFromPropagation) {
  EXPECT_EQ(sample_of(EventType::kPurchaseExpired, EventId(5), testing::kStart).propagation_status, "exempt");
}

TEST(EventSample, OfAnAddedDomainIsAnUpdateWithTheMembersOfPowerAndMonitor) {
  const auto sample = sample_of(EventType::kDomainAdded, EventId(5), testing::kStart);
  EXPECT_THAT(sample.updated_objects, ElementsAre("propagation_status"));
  EXPECT_EQ(sample.power_status, "success");
  EXPECT_EQ(sample.cname_target, "my.saascompany.com");
  EXPECT_EQ(sample.dmarc_updated, "exempt");
  ASSERT_FALSE(sample.data->propagated.empty());
  EXPECT_THAT(sample.data->propagated[0].power_root_path_access, ElementsAre("path1", "path2"));
  EXPECT_FALSE(sample.monitor_status) << "the flow does not use Monitor";
  EXPECT_EQ(sample_of(EventType::kRecordMissing, EventId(5), testing::kStart).monitor_status, "success");
}

TEST(EventSample, OfAMissingRecordListsItAmongTheNonPropagated) {
  const auto missing = sample_of(EventType::kRecordMissing, EventId(5), testing::kStart);
  ASSERT_EQ(missing.data->non_propagated.size(), 1u);
  EXPECT_EQ(missing.data->non_propagated[0].host, "shop");
  const auto restored = sample_of(EventType::kRecordRestored, EventId(5), testing::kStart);
  EXPECT_TRUE(restored.data->non_propagated.empty());
}

}  // namespace
}  // namespace signpost::model
