// SPDX-License-Identifier: Apache-2.0
#include "services/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "services/endpoint_headers.h"
#include "services/members.h"
#include "services/testing/office.h"
#include "store/endpoints.h"
#include "store/notices.h"

namespace signpost::services {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::named;
using testing::Office;

constexpr const char* kUrl = "https://hooks.saas.example/in";

struct House : Office {
  ApplicationId application = must(create(named("SaaS"))).application.id;

  Result<EndpointView> add(EndpointWish wish = {.url = kUrl}) {
    return act<EndpointView>(
        [&](store::Tx& tx, const Administration& by) { return create_endpoint(tx, by, application, wish); });
  }
  Result<EndpointView> change(EndpointId id, EndpointChange change) {
    return act<EndpointView>(
        [&](store::Tx& tx, const Administration& by) { return update_endpoint(tx, by, application, id, change); });
  }
  MemberId add_member(model::Role role) {
    return must(act<model::Member>([&](store::Tx& tx, const Administration& by) {
             return create_member(tx, by, application, {.name = "Eve", .role = role});
           }))
        .id;
  }
  std::string refused(EndpointChange change) {
    const auto made = add({.url = kUrl, .more = std::move(change)});
    if (made) return "nothing";
    EXPECT_EQ(made.error().kind, Kind::kUnprocessable) << made.error().message;
    return made.error().member;
  }
};

TEST(Endpoints, StopAtTheirMost) {
  House house;
  for (std::size_t i = 0; i < model::kEndpointsMax; ++i) must(house.add());
  EXPECT_EQ(house.add().error().kind, Kind::kConflict);
}

TEST(Endpoints, TakeOnlyKnownEventTypes) {
  House house;
  EXPECT_EQ(house.refused({.event_types = std::vector<std::string>{"domain.added", "domain.propagated"}}),
            "event_types[1]");
}

TEST(Endpoints, RefuseAUrlThatIsNotPublicWithTheReason) {
  House house;
  for (const auto& [url, reason] : {std::pair{"http://127.1/", "IPv4"},
                                    {"https://127.0.0.1/", "loopback"},
                                    {"https://localhost/", "loopback"},
                                    {"https://hooks.saas.example:6379/", "port 6379"},
                                    {"https://user@hooks.saas.example/", "user information"},
                                    {"https://hooks.saas.example/#x", "fragment"}}) {
    const auto refused = house.add({.url = url});
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().kind, Kind::kUnprocessable);
    EXPECT_EQ(refused.error().member, "url");
    EXPECT_THAT(refused.error().message, HasSubstr(reason)) << url;
  }
  const auto id = must(house.add()).endpoint.id;
  EXPECT_EQ(house.change(id, {.url = "https://10.0.0.1/"}).error().member, "url");
  house.targets = net::TargetPolicy({must(net::Network::parse("10.0.0.0/8"))}, {});
  EXPECT_EQ(must(house.change(id, {.url = "https://10.0.0.1/"})).endpoint.url, "https://10.0.0.1/");
}

TEST(Endpoints, RefuseLimitsOutsideTheirBounds) {
  House house;
  EXPECT_EQ(house.refused({.timeout = Milliseconds(0)}), "timeout");
  EXPECT_EQ(house.refused({.timeout = std::chrono::seconds(31)}), "timeout");
  EXPECT_EQ(house.refused({.timeout = Milliseconds(1500)}), "timeout");
  EXPECT_EQ(house.refused({.rate_per_second = 0}), "rate_per_second");
  EXPECT_EQ(house.refused({.rate_per_second = model::kEndpointRateMax + 1}), "rate_per_second");
  EXPECT_EQ(house.refused({.in_flight_max = 0}), "in_flight_max");
  EXPECT_EQ(house.refused({.in_flight_max = model::kEndpointInFlightMax + 1}), "in_flight_max");
  EXPECT_EQ(house.refused({.headers = std::vector<net::Header>{{"Host", "x"}}}), "headers.Host");
  const auto made = must(house.add({.url = kUrl,
                                    .more = {.timeout = std::chrono::seconds(30),
                                             .schedule = model::RetrySchedule::kExtended,
                                             .rate_per_second = 5,
                                             .in_flight_max = 1}}))
                        .endpoint;
  EXPECT_EQ(made.timeout, std::chrono::seconds(30));
  EXPECT_EQ(made.schedule, model::RetrySchedule::kExtended);
  EXPECT_EQ(made.rate_per_second, 5);
  EXPECT_EQ(must(house.change(made.id, {.rate_per_second = std::optional<std::int32_t>()})).endpoint.rate_per_second,
            std::nullopt);
}

TEST(Endpoints, KeepAHeaderThatComesBackMasked) {
  House house;
  const auto made =
      must(house.add(
               {.url = kUrl,
                .more = {.headers = std::vector<net::Header>{{"Authorization", "Bearer hush"}, {"X-Tenant", "7"}}}}))
          .endpoint;
  const auto changed =
      must(house.change(made.id, {.headers = std::vector<net::Header>{{"authorization", "***"}, {"X-Other", "new"}}}));
  const auto opened = must(opened_headers(changed.endpoint, house.master_key));
  ASSERT_EQ(opened.size(), 2U);
  EXPECT_EQ(opened[0].value, "Bearer hush");
  EXPECT_EQ(opened[1].value, "new");
  EXPECT_EQ(house.change(made.id, {.headers = std::vector<net::Header>{{"X-Tenant", "***"}}}).error().member,
            "headers.X-Tenant");
}

TEST(Endpoints, BelongToTheFirstAdminUnlessTheyNameSomebody) {
  House house;
  const auto made = must(house.add());
  EXPECT_EQ(made.owner_role, model::Role::kAdmin);
  const auto support = house.add_member(model::Role::kSupport);
  const auto given = must(house.change(made.endpoint.id, {.owner = support}));
  EXPECT_EQ(given.endpoint.owner, support);
  EXPECT_THAT(model::paused_reason(given.endpoint, given.owner_role), HasSubstr("Support"));
  const auto developer = house.add_member(model::Role::kDeveloper);
  const auto own = must(house.add({.url = kUrl, .more = {.owner = developer}}));
  EXPECT_EQ(own.endpoint.owner, developer);
  EXPECT_EQ(house.refused({.owner = MemberId(1)}), "owner");
}

TEST(Endpoints, SayThatTheyWereDisabledByHandAndBeginANewLifeWhenEnabled) {
  House house;
  const auto id = must(house.add()).endpoint.id;
  must(house.world.storage.write_now<void>([&](store::Tx& tx) {
    return store::endpoints::note_failing_since(tx, house.application, id, house.world.clock.now());
  }));
  const auto disabled = must(house.change(id, {.is_enabled = false})).endpoint;
  EXPECT_EQ(disabled.disabled_reason, model::DisabledReason::kByHand);
  EXPECT_EQ(disabled.disabled_at, house.world.clock.now());
  house.world.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(must(house.change(id, {.is_enabled = false})).endpoint.disabled_at, disabled.disabled_at);
  const auto enabled = must(house.change(id, {.is_enabled = true})).endpoint;
  EXPECT_TRUE(enabled.is_enabled);
  EXPECT_EQ(enabled.disabled_reason, model::DisabledReason::kNone);
  EXPECT_FALSE(enabled.disabled_at);
  EXPECT_FALSE(enabled.failing_since);
}

TEST(Endpoints, AreNotToldOfAsDisabledOnceTheyAreEnabled) {
  House house;
  const auto id = must(house.add()).endpoint.id;
  must(house.world.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
    const auto now = house.world.clock.now();
    TRY(store::endpoints::disable(tx, house.application, id, model::DisabledReason::kGone, now));
    return store::notices::insert(tx, {model::NoticeId(7), model::NoticeKind::kEndpointDisabled, house.application, id,
                                       std::nullopt, "it answered 410 Gone", now});
  }));
  const auto waiting = [&] {
    return must(house.world.storage.read_now<std::vector<model::Notice>>(
                    [&](store::Tx& tx) { return store::notices::list(tx, house.application); }))
        .size();
  };
  must(house.change(id, {.timeout = Milliseconds(5'000)}));
  EXPECT_EQ(waiting(), 1U);
  must(house.change(id, {.is_enabled = true}));
  EXPECT_EQ(waiting(), 0U);
}

TEST(Endpoints, MayBringTheirOwnSecretButNoShortOne) {
  House house;
  EXPECT_TRUE(must(house.add({.url = kUrl, .secret = "0123456789abcdefghijklmn"})).endpoint.has_own_secret);
  EXPECT_EQ(house.add({.url = kUrl, .secret = "short"}).error().member, "secret");
}

TEST(Endpoints, LeaveALineForEveryActThatNamesWhatChangedAndNoSecret) {
  House house;
  const auto id = must(house.add({.url = kUrl, .secret = "0123456789abcdefghijklmn"})).endpoint.id;
  must(house.change(id, {.is_enabled = false, .headers = std::vector<net::Header>{{"X-Key", "hush"}}}));
  must(house.act<void>(
      [&](store::Tx& tx, const Administration& by) { return remove_endpoint(tx, by, house.application, id); }));
  const auto lines = house.audit_log();
  EXPECT_EQ(lines.at(0).action, "endpoint.delete");
  EXPECT_THAT(lines.at(1).detail, HasSubstr("disabled by hand, headers"));
  EXPECT_EQ(lines.at(2).action, "endpoint.create");
  for (const auto& line : lines) EXPECT_FALSE(line.detail.contains("hush") || line.detail.contains("0123456789"));
}

}  // namespace
}  // namespace signpost::services
