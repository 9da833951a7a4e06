// SPDX-License-Identifier: Apache-2.0
#include "services/handover.h"

#include <gtest/gtest.h>

namespace signpost::services {
namespace {

const model::Endpoint kEndpoint{.id = EndpointId(1)};
const model::Endpoint kOther{.id = EndpointId(2)};

struct Office {
  Handover handover;
  int woken = 0;
  std::shared_ptr<HandoverDesk> desk =
      std::make_shared<HandoverDesk>(HandoverDesk::Settings{.per_endpoint_max = 2}, [this] { ++woken; });
  Office() {
    handover.add(desk);
    desk->set_room(10);
  }
  void claim(const std::vector<model::Endpoint>& got, bool is_cut_short) const {
    std::vector<store::deliveries::ClaimedDelivery> claimed;
    for (const auto& endpoint : got) {
      claimed.push_back({.endpoint = endpoint});
      claimed.back().delivery.endpoint = endpoint.id;
    }
    desk->begin_claim();
    desk->end_claim(claimed, is_cut_short);
  }
};

Begun begun(std::shared_ptr<Place> place) { return {{}, std::move(place)}; }

TEST(Handover, WithoutACourierEverythingGoesTheLongWay) { EXPECT_FALSE(Handover().reserve(kEndpoint)); }

TEST(Handover, AnEndpointHasAsManyPlacesAsItMayHaveInFlight) {
  Office office;
  auto first = office.handover.reserve(kEndpoint);
  const auto second = office.desk->occupy(kEndpoint);
  ASSERT_TRUE(first);
  EXPECT_FALSE(office.handover.reserve(kEndpoint));
  EXPECT_TRUE(office.handover.reserve(kOther));
}

TEST(Handover, WhoComesNowOvertakesNobodyWhoWentTheLongWay) {
  Office office;
  auto first = office.handover.reserve(kEndpoint);
  auto second = office.handover.reserve(kEndpoint);
  EXPECT_FALSE(office.handover.reserve(kEndpoint)) << "a row that is due now";
  first.reset();
  EXPECT_TRUE(office.desk->has_backlog(kEndpoint.id));
  EXPECT_FALSE(office.handover.reserve(kEndpoint)) << "the free place is for the row";
  office.claim({}, true);
  EXPECT_FALSE(office.handover.reserve(kEndpoint)) << "the claim may not have come to it";
  office.claim({}, false);
  EXPECT_TRUE(office.handover.reserve(kEndpoint)) << "it found nothing";
}

TEST(Handover, BehindAnEndpointThatGotAllItMayHaveMoreMayBeDue) {
  Office office;
  office.claim({kEndpoint, kEndpoint, kOther}, false);
  EXPECT_TRUE(office.desk->has_backlog(kEndpoint.id));
  EXPECT_FALSE(office.desk->has_backlog(kOther.id));
  const auto first = office.desk->occupy(kEndpoint);
  auto second = office.desk->occupy(kEndpoint);
  office.claim({}, false);
  EXPECT_TRUE(office.desk->has_backlog(kEndpoint.id)) << "it had no place, so the claim left it out";
  office.desk->begin_claim();
  second.reset();
  office.desk->end_claim({}, false);
  EXPECT_TRUE(office.desk->has_backlog(kEndpoint.id)) << "the place came free when the claim was under way";
  office.claim({}, false);
  EXPECT_FALSE(office.desk->has_backlog(kEndpoint.id));
}

TEST(Handover, TakesNoMoreThanTheCourierHasRoomFor) {
  Office office;
  office.desk->set_room(1);
  const auto place = office.handover.reserve(kEndpoint);
  EXPECT_TRUE(place);
  EXPECT_FALSE(office.handover.reserve(kOther));
}

TEST(Handover, AnEndpointWithAPaceGoesTheLongWay) {
  Office office;
  office.desk->set_paced(kEndpoint.id, true);
  EXPECT_FALSE(office.handover.reserve(kEndpoint));
  office.desk->set_paced(kEndpoint.id, false);
  office.claim({}, false);
  EXPECT_TRUE(office.handover.reserve(kEndpoint));
}

TEST(Handover, AnEndpointWithARateGoesTheLongWayAndOneWithItsOwnMaximumHasFewerPlaces) {
  Office office;
  EXPECT_FALSE(office.handover.reserve({.id = EndpointId(3), .rate_per_second = 10}));
  const model::Endpoint narrow{.id = EndpointId(4), .in_flight_max = 1};
  const auto place = office.handover.reserve(narrow);
  EXPECT_TRUE(place);
  EXPECT_FALSE(office.handover.reserve(narrow));
}

TEST(Handover, WakesTheCourierOnceForAllThatWaitAtItsDesk) {
  Office office;
  office.desk->hand_over(begun(office.handover.reserve(kEndpoint)));
  office.desk->hand_over(begun(office.handover.reserve(kEndpoint)));
  EXPECT_EQ(office.woken, 1);
  EXPECT_EQ(office.desk->take().size(), 2u);
  office.desk->hand_over(begun(office.handover.reserve(kEndpoint)));
  EXPECT_EQ(office.woken, 2);
  office.desk->take();
}

TEST(Handover, AClosedDeskTakesNothing) {
  Office office;
  auto place = office.handover.reserve(kEndpoint);
  office.desk->close();
  EXPECT_FALSE(office.handover.reserve(kEndpoint));
  office.desk->hand_over(begun(std::move(place)));
  EXPECT_TRUE(office.desk->take().empty());
}

}  // namespace
}  // namespace signpost::services
