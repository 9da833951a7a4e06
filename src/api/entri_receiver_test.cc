// SPDX-License-Identifier: Apache-2.0
//
// Webhooks of the hosted Entri, over the whole API.
#include <gtest/gtest.h>

#include "api/received_json.h"
#include "api/testing/api_world.h"
#include "base/text.h"
#include "services/webhook_signature.h"

namespace signpost::api {
namespace {

using testing::ApiWorld;
using testing::object_in;
using testing::text_in;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kBody =
    R"({"id":"flow-7","domain":"shop.example","subdomain":"www","provider":"cloudflare","type":"domain.flow.completed","setup_type":"automatic","data":{"records_propagated":[]},"free_domain":true})";

struct ReceiverWorld : ApiWorld {
  explicit ReceiverWorld(std::string_view more = "", Api::Settings settings = generous())
      : ApiWorld(std::move(settings)) {
    const auto opened = open(format(R"({{"secret":"{}"{}}})", kSecret, more));
    if (opened.status != 200) throw std::runtime_error(opened.body);
  }
  net::Response open(const std::string& change) {
    return call("PATCH", "/v1/applications/" + application, R"({"entri_receiver":)" + change + "}");
  }

  std::string now() const { return std::to_string(to_seconds(clock.now())); }
  std::vector<net::Header> signed_v2(std::string_view secret = kSecret, std::string_view id = "flow-7") const {
    return {{"Entri-Timestamp", now()}, {"Entri-Signature-V2", services::signature_v2(id, now(), secret)}};
  }
  net::Response post(std::vector<net::Header> headers, std::string body = std::string(kBody), std::string to = "") {
    return send("POST", "/webhooks/entri/" + (to.empty() ? application : to), std::move(body), std::move(headers));
  }
  bool has_flow_ended(const std::string& connection) {
    const auto flow = object_in(call("GET", "/v1/connections/" + connection)).at("flow").as_object();
    return !flow.at("ended_at").is_null();
  }
  std::uint64_t counted(Received outcome) { return api.metrics().received(outcome); }
};

TEST(EntriWebhook, EndsTheFlowOfTheConnectionOnItsHost) {
  ReceiverWorld world;
  const auto connection = world.connect();
  const auto response = world.post(world.signed_v2());
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body, R"({"outcome":"applied"})");
  EXPECT_TRUE(world.has_flow_ended(connection));
  EXPECT_EQ(world.counted(Received::kApplied), 1U);
}

TEST(EntriWebhook, ThatComesAgainIsAnswered200AndIgnored) {
  ReceiverWorld world;
  world.connect();
  const auto headers = world.signed_v2();
  world.post(headers);
  const auto again = world.post(headers);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, R"({"outcome":"duplicate"})");
  EXPECT_EQ(world.counted(Received::kDuplicate), 1U);
}

TEST(EntriWebhook, OfAnUnknownFlowIs202) {
  ReceiverWorld world;
  EXPECT_EQ(world.post(world.signed_v2()).status, 202);
  EXPECT_EQ(world.counted(Received::kUnknownFlow), 1U);
  EXPECT_EQ(world.post(world.signed_v2(kSecret, "x"), R"({"id":"x","type":"domain.invented"})").status, 202);
}

TEST(EntriWebhook, EverythingThatIsNotProvenGetsOneAnswerAndChangesNothing) {
  ReceiverWorld world;
  const auto connection = world.connect();
  std::string closed;
  world.add_application_key(&closed);
  const auto old = world.signed_v2();
  const auto wrong = world.post(world.signed_v2("another secret of 32 characters!"));
  EXPECT_EQ(wrong.status, 401);
  auto twice = world.signed_v2();
  twice.push_back(twice.front());
  auto capitals = world.signed_v2();
  for (auto& c : capitals[1].value) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  const auto v1 = std::vector<net::Header>{{"Entri-Signature", services::signature_v1("flow-7", kSecret)}};
  const std::vector<net::Response> refused{world.post({}),
                                           world.post({world.signed_v2()[1]}),
                                           world.post(twice),
                                           world.post(capitals),
                                           world.post(v1),
                                           world.post(world.signed_v2(), R"({"id":"flow-8"})"),
                                           world.post(world.signed_v2(), "no JSON"),
                                           world.post(world.signed_v2(), std::string(kBody), closed),
                                           world.post(world.signed_v2(), std::string(kBody), "app_0000000000001"),
                                           world.post(world.signed_v2(), std::string(kBody), "nonsense")};
  for (const auto& one : refused) {
    EXPECT_EQ(one.status, 401);
    EXPECT_EQ(one.body, wrong.body);
  }
  world.clock.advance(std::chrono::seconds(301));
  EXPECT_EQ(world.post(old).body, wrong.body);
  EXPECT_FALSE(world.has_flow_ended(connection));
  EXPECT_EQ(world.counted(Received::kUnknownApplication), 3U);
  EXPECT_EQ(world.counted(Received::kBadHeaders), 5U);
  EXPECT_EQ(world.counted(Received::kBadTimestamp), 1U);
  EXPECT_EQ(world.counted(Received::kBadSignature), 3U);
}

TEST(EntriWebhook, MayBeSixtySecondsAhead) {
  ReceiverWorld world;
  world.connect();
  const auto headers = world.signed_v2();
  world.clock.set(world.clock.now() - std::chrono::seconds(61));
  EXPECT_EQ(world.post(headers).status, 401);
  world.clock.set(world.clock.now() + std::chrono::seconds(1));
  EXPECT_EQ(world.post(headers).status, 200);
}

TEST(EntriWebhook, IsSignedInTheFormThatTheApplicationNames) {
  ReceiverWorld world(R"(,"form":"hmac")");
  world.connect();
  EXPECT_EQ(world.post(world.signed_v2()).status, 401);
  const std::vector<net::Header> hmac{
      {"Entri-Timestamp", world.now()},
      {"Entri-Signature-V2", services::signature_v2_hmac("flow-7", world.now(), kSecret)}};
  EXPECT_EQ(world.post(hmac).status, 200);
  ASSERT_EQ(world.open(R"({"form":"digest"})").status, 200);
  EXPECT_EQ(world.post(world.signed_v2()).status, 200) << "the secret stays when another member changes";
}

TEST(EntriWebhook, OfV1AloneIsTakenOnlyWhereItIsAllowed) {
  ReceiverWorld world(R"(,"allow_v1":true)");
  world.connect();
  EXPECT_EQ(world.post({{"Entri-Signature", services::signature_v1("flow-7", kSecret)}}).status, 200);
  EXPECT_EQ(world.post({{"Entri-Signature", services::signature_v1("flow-7", kSecret)}}).body,
            R"({"outcome":"duplicate"})");
  auto both = world.signed_v2("another secret of 32 characters!");
  both.push_back({"Entri-Signature", services::signature_v1("flow-7", kSecret)});
  EXPECT_EQ(world.post(both).status, 401) << "a wrong V2 is not saved by a right V1";
}

TEST(EntriWebhook, FromElsewhereIsRefusedWhereSourcesAreNamed) {
  ReceiverWorld world(R"(,"source_addresses":["3.14.77.245"])");
  world.connect();
  EXPECT_EQ(world.post(world.signed_v2()).status, 401);
  EXPECT_EQ(world.counted(Received::kForeignSource), 1U);
  ASSERT_EQ(world.open(R"({"source_addresses":["3.14.77.245","192.0.2.0/24"]})").status, 200);
  EXPECT_EQ(world.post(world.signed_v2()).status, 200);
}

TEST(EntriWebhook, IsOfAtMost64KiB) {
  ReceiverWorld world;
  auto body = std::string(kBody);
  body.append(64 * 1024 - body.size(), ' ');
  EXPECT_EQ(world.post(world.signed_v2(), body).status, 202);
  EXPECT_EQ(world.post(world.signed_v2(), body + " ").status, 413);
  EXPECT_EQ(world.counted(Received::kTooLarge), 1U);
}

TEST(EntriWebhook, ThatIsGenuineButSaysNothingIs400) {
  ReceiverWorld world(R"(,"allow_v1":true)");
  EXPECT_EQ(world.post(world.signed_v2(), R"({"id":"flow-7"})").status, 400);
  EXPECT_EQ(world.post(world.signed_v2(), R"({"id":"flow-7","type":"a","type":"b"})").status, 400);
  EXPECT_EQ(world.post({{"Entri-Signature", services::signature_v1_of_body("[]", kSecret)}}, "[]").status, 400);
  EXPECT_EQ(world.counted(Received::kBadBody), 3U);
}

TEST(EntriWebhook, ThatASignpostSentIsRefusedSoThatNothingGoesInACircle) {
  ReceiverWorld world;
  const auto connection = world.connect();
  auto headers = world.signed_v2();
  headers.push_back({"CDN-Loop", "signpost"});
  EXPECT_EQ(world.post(headers).status, 508);
  EXPECT_FALSE(world.has_flow_ended(connection));
}

TEST(EntriWebhook, IsNothingForBrowsers) {
  ReceiverWorld world;
  auto headers = world.signed_v2();
  headers.push_back({"Origin", std::string(ApiWorld::kOrigin)});
  EXPECT_EQ(world.post(headers).header("Access-Control-Allow-Origin"), "");
}

TEST(EntriReceiverSetting, ShowsEverythingButTheSecret) {
  ReceiverWorld world(R"(,"form":"hmac","allow_v1":true,"source_addresses":["3.14.77.245"])");
  for (const auto& shown : {world.call("GET", "/v1/applications/" + world.application),
                            world.call("GET", "/v1/applications"), world.admin("GET", "/v1/applications")}) {
    EXPECT_EQ(shown.body.find(kSecret), std::string::npos);
    EXPECT_NE(shown.body.find(R"("form":"hmac","allow_v1":true,"source_addresses":["3.14.77.245/32"])"),
              std::string::npos)
        << shown.body;
  }
}

TEST(EntriReceiverSetting, IsClosedByNull) {
  ReceiverWorld world;
  const auto closed = world.open("null");
  EXPECT_EQ(closed.status, 200);
  EXPECT_TRUE(object_in(closed).at("entri_receiver").is_null());
  EXPECT_EQ(world.post(world.signed_v2()).status, 401);
}

TEST(EntriReceiverSetting, SaysWhatIsWrongWithIt) {
  ApiWorld world;
  const auto refused = [&](std::string_view change) {
    const auto response =
        world.call("PATCH", "/v1/applications/" + world.application, format(R"({{"entri_receiver":{}}})", change));
    EXPECT_GE(response.status, 400) << change;
    return text_in(response, "member");
  };
  EXPECT_EQ(refused("{}"), "entri_receiver.secret");
  EXPECT_EQ(refused(R"({"secret":"fifteen bytes.."})"), "entri_receiver.secret");
  EXPECT_EQ(refused(format(R"({{"secret":"{}\n"}})", kSecret)), "entri_receiver.secret");
  EXPECT_EQ(refused(R"({"secret":"whsec_AAECAwQFBgcI"})"), "entri_receiver.secret") << "nine bytes behind whsec_";
  EXPECT_EQ(refused(format(R"({{"secret":"{}"}})", std::string(513, 'x'))), "entri_receiver.secret");
  const auto with = [&](std::string_view more) { return format(R"({{"secret":"{}",{}}})", kSecret, more); };
  EXPECT_EQ(refused(with(R"("form":"sha1")")), "entri_receiver.form");
  EXPECT_EQ(refused(with(R"("allow_v1":"yes")")), "entri_receiver.allow_v1");
  EXPECT_EQ(refused(with(R"("source_addresses":["entri.com"])")), "entri_receiver.source_addresses[0]");
  std::string many = R"("source_addresses":["3.14.77.245")";
  for (int i = 0; i < 20; ++i) many += R"(,"3.14.77.245")";
  EXPECT_EQ(refused(with(many + "]")), "entri_receiver.source_addresses");
  EXPECT_EQ(refused(with(R"("secrets":[])")), "entri_receiver.secrets");
}

TEST(ReceivedJson, TakesWhatItKnowsAndBoundsIt) {
  const auto webhook = read_received(
      R"({"Id":"FLOW-7","job_id":"flow-7","originFlowId":"origin","type":"t","domain":7,"subdomain":null,"user_id":"u","more":{}})");
  ASSERT_TRUE(webhook);
  EXPECT_EQ(webhook->job_ids, (std::vector<std::string>{"flow-7", "origin"}));
  EXPECT_EQ(webhook->domain + webhook->subdomain, "");
  EXPECT_EQ(webhook->user_id, "u");
  const auto longest = std::string(kReceivedTextBytesMax, 'x');
  EXPECT_EQ(read_received(format(R"({{"type":"{}"}})", longest))->type, longest);
  EXPECT_FALSE(read_received(format(R"({{"type":"{}y"}})", longest)));
  for (const auto* bad : {"", "[]", "{}", R"({"type":7})", R"({"type":"a","domain":"\u0000"})"}) {
    EXPECT_FALSE(read_received(bad)) << bad;
  }
}

}  // namespace
}  // namespace signpost::api
