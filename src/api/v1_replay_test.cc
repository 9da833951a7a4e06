// SPDX-License-Identifier: Apache-2.0
//
// Finding deliveries, sending them again, and fetching what was missed, over /v1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"
#include "base/text.h"
#include "services/testing/life.h"

namespace signpost::api {
namespace {

using testing::ApiWorld;
using ::testing::HasSubstr;
using testing::object_in;
using ::testing::SizeIs;
using testing::text_in;

/// Two events of www.shop.example and of www.other.example, an hour apart; nobody delivers them.
struct ReplayWorld : ApiWorld {
  ReplayWorld() {
    endpoint = text_in(
        call("POST", "/v1/applications/" + application + "/endpoints", R"({"url":"https://hooks.saas.example/"})"),
        "id");
    first = flow("www.shop.example", "acme");
    clock.advance(std::chrono::hours(1));
    later = to_rfc3339(clock.now());
    second = flow("www.other.example", "other");
  }
  std::string flow(std::string_view host, std::string_view organization) {
    const auto id = connect(host, organization);
    call("POST", "/v1/connections/" + id + "/flow", R"({"setup_type":"manual"})");
    return id;
  }
  boost::json::array deliveries(const std::string& query) {
    const auto response = call("GET", "/v1/deliveries" + query);
    if (response.status != 200) throw std::runtime_error(response.body);
    return object_in(response).at("data").as_array();
  }
  net::Response set_enabled(bool is_enabled) {
    return call("PATCH", "/v1/endpoints/" + endpoint, format(R"({{"enabled":{}}})", is_enabled));
  }
  net::Response replay(const std::string& body) { return call("POST", "/v1/endpoints/" + endpoint + "/replay", body); }
  boost::json::object pull(const std::string& query = "") {
    return object_in(call("GET", "/v1/endpoints/" + endpoint + "/events" + query));
  }
  std::string endpoint, first, second, later;
};

TEST(DeliveriesOfV1, AreFoundByJobHostTypeStateAndTime) {
  ReplayWorld world;
  const auto job = text_in(world.call("GET", "/v1/connections/" + world.first), "job_id");
  EXPECT_THAT(world.deliveries(""), SizeIs(4));
  EXPECT_THAT(world.deliveries("?job=" + job), SizeIs(2));
  EXPECT_THAT(world.deliveries("?host=WWW.Shop.Example."), SizeIs(2));
  EXPECT_THAT(world.deliveries("?type=domain.added"), SizeIs(2));
  EXPECT_THAT(world.deliveries("?type=domain.added&host=www.shop.example"), SizeIs(1));
  EXPECT_THAT(world.deliveries("?state=failed"), SizeIs(0));
  EXPECT_THAT(world.deliveries("?after=" + world.later), SizeIs(2));
  EXPECT_THAT(world.deliveries("?before=" + world.later + "&endpoint=" + world.endpoint), SizeIs(2));
  const auto one = world.deliveries("?type=domain.added&job=" + job).front().as_object();
  EXPECT_EQ(one.at("type"), "domain.added");
  EXPECT_EQ(one.at("job_id").as_string(), job);
  EXPECT_EQ(one.at("replays"), 0);
}

TEST(DeliveriesOfV1, SayWhichParameterIsWrong) {
  ReplayWorld world;
  for (const auto* query :
       {"type=domain.gone", "host=localhost", "after=yesterday", "before=2026-13-01T00:00:00Z", "state=lost"}) {
    const auto response = world.call("GET", std::string("/v1/deliveries?") + query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_EQ(text_in(response, "member"), std::string(query).substr(0, std::string_view(query).find('=')));
  }
}

TEST(ReplayOfV1, OfAPendingDeliveryIsAConflictAndOfNoneNotFound) {
  ReplayWorld world;
  const auto id = std::string(world.deliveries("").front().as_object().at("id").as_string());
  EXPECT_EQ(world.call("POST", "/v1/deliveries/" + id + "/replay").status, 409);
  EXPECT_EQ(world.call("POST", "/v1/deliveries/dlv_0000000000001/replay").status, 404);
  const auto other = world.add_application_key();
  EXPECT_EQ(world.send("POST", "/v1/deliveries/" + id + "/replay", "", {{"Authorization", "Bearer " + other}}).status,
            404);
}

TEST(ReplayOfV1, TakesInWhatADisabledEndpointHasMissed) {
  ReplayWorld world;
  world.set_enabled(false);
  world.flow("www.missed.example", "missed");
  const auto wish = format(R"({{"since":"{}","rate_per_second":2,"dry_run":true}})", world.later);
  const auto disabled = world.replay(wish);
  EXPECT_EQ(disabled.status, 409);
  EXPECT_THAT(text_in(disabled, "detail"), HasSubstr("enable it"));
  world.set_enabled(true);
  const auto dry = world.replay(wish);
  EXPECT_EQ(dry.status, 200);
  EXPECT_EQ(object_in(dry).at("count"), 2);
  EXPECT_EQ(object_in(dry).at("missed"), 2);
  EXPECT_THAT(world.deliveries("?host=www.missed.example"), SizeIs(0));
  const auto real = world.replay(format(R"({{"since":"{}","rate_per_second":2}})", world.later));
  EXPECT_EQ(real.status, 202) << real.body;
  EXPECT_EQ(object_in(real).at("dry_run"), false);
  const auto sent = world.deliveries("?host=www.missed.example");
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent.front().as_object().at("replays"), 1);
  EXPECT_EQ(object_in(world.replay(wish)).at("count"), 0) << "nothing is counted twice";
}

TEST(ReplayOfV1, SaysWhatIsWrongWithTheWish) {
  ReplayWorld world;
  const auto member_of = [&](std::string_view more) {
    return text_in(world.replay(format(R"({{"since":"2026-01-01T00:00:00Z"{}}})", more)), "member");
  };
  EXPECT_EQ(text_in(world.replay("{}"), "member"), "since");
  EXPECT_EQ(text_in(world.replay(R"({"since":"yesterday"})"), "member"), "since");
  EXPECT_EQ(member_of(R"(,"until":"later")"), "until");
  EXPECT_EQ(member_of(R"(,"rate_per_second":0)"), "rate_per_second");
  EXPECT_EQ(member_of(R"(,"rate_per_second":1001)"), "rate_per_second");
  EXPECT_EQ(member_of(R"(,"state":"pending")"), "state");
  EXPECT_EQ(member_of(R"(,"dry_run":"yes")"), "dry_run");
  EXPECT_EQ(member_of(R"(,"more":1)"), "more");
}

TEST(PullOfV1, GivesTheBytesOfTheBodiesInOrderAndGoesOnBehindThem) {
  ReplayWorld world;
  world.set_enabled(false);
  const auto all = world.pull();
  const auto& data = all.at("data").as_array();
  ASSERT_THAT(data, SizeIs(4));
  EXPECT_EQ(all.at("has_more"), false);
  EXPECT_EQ(data[0].at("body").at("type"), "domain.flow.completed");
  EXPECT_EQ(data[3].at("body").at("type"), "domain.added");
  EXPECT_EQ(all.at("after"), data[3].at("id"));
  const auto raw = world.call("GET", "/v1/endpoints/" + world.endpoint + "/events?limit=1");
  const auto event = *net::testing::run_task(
      world.loops.at(0),
      services::testing::boxed(world.history.event(*ApplicationId::parse(world.application),
                                                   *EventId::parse(std::string(data[0].at("id").as_string())))));
  EXPECT_THAT(raw.body, HasSubstr("\"body\":" + event->body + "}"));
  EXPECT_EQ(object_in(raw).at("has_more"), true);
  const auto rest = world.pull("?after=" + text_in(raw, "after"));
  EXPECT_THAT(rest.at("data").as_array(), SizeIs(3));
  const auto nothing = world.pull("?after=" + std::string(all.at("after").as_string()));
  EXPECT_THAT(nothing.at("data").as_array(), SizeIs(0));
  EXPECT_EQ(nothing.at("after"), all.at("after"));
}

TEST(PullOfV1, KeepsToTheFilterAndTheApplication) {
  ReplayWorld world;
  world.call("PATCH", "/v1/endpoints/" + world.endpoint, R"({"event_types":["domain.added"]})");
  EXPECT_THAT(world.pull().at("data").as_array(), SizeIs(2));
  const auto other = world.add_application_key();
  const auto refused =
      world.send("GET", "/v1/endpoints/" + world.endpoint + "/events", "", {{"Authorization", "Bearer " + other}});
  EXPECT_EQ(refused.status, 404);
  for (const auto* query : {"?limit=0", "?limit=101", "?after=con_0000000000001", "?cursor=x"}) {
    EXPECT_EQ(world.call("GET", "/v1/endpoints/" + world.endpoint + "/events" + query).status, 400) << query;
  }
}

}  // namespace
}  // namespace signpost::api
