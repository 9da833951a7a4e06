// SPDX-License-Identifier: Apache-2.0
//
// /api/domain/* as frontends call it: seed 000, byte for byte.
#include <gtest/gtest.h>

#include "api/testing/api_world.h"
#include "base/text.h"
#include "services/testing/kept_certificate.h"

namespace signpost::api {
namespace {

using testing::ApiWorld;
using testing::text_in;

constexpr const char* kMark = "/api/domain/mark-step-complete/acme";
constexpr const char* kProxy = "/api/domain/get-proxy/acme";

net::Response mark(ApiWorld& world, const std::string& body) {
  return world.as_organization("acme", "POST", kMark, body);
}

void issue_certificate(ApiWorld& world, const std::string& id) {
  const auto issued = world.call("POST", "/v1/connections/" + id + "/certificate", R"({"status":"issued"})");
  ASSERT_EQ(issued.status, 200) << issued.body;
}

TEST(MarkStep, AnswersExactlyAsTheSeedAndGoesTheWholeWay) {
  ApiWorld world;
  const auto id = world.connect();
  auto response = mark(world, R"({"step": 1})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "application/json");
  EXPECT_EQ(response.body, R"({"status":"success","proxy_status":"SSL_VALIDATING"})");
  issue_certificate(world, id);
  EXPECT_EQ(mark(world, R"({"step": 2})").body, R"({"status":"success","proxy_status":"DEPLOYED"})");
  EXPECT_NE(text_in(world.call("GET", "/v1/connections/" + id), "deployed_at"), "");
}

TEST(MarkStep, AgainAnswersTheCurrentStatusAndDoesNothingTwice) {
  ApiWorld world;
  const auto id = world.connect();
  mark(world, R"({"step":1})");
  const auto before = world.call("GET", "/v1/connections/" + id).body;
  world.clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(mark(world, R"({"step":1})").body, R"({"status":"success","proxy_status":"SSL_VALIDATING"})");
  EXPECT_EQ(world.call("GET", "/v1/connections/" + id).body, before);
}

TEST(MarkStep, TwoBeforeItsStateIsAConflictThatNamesTheState) {
  ApiWorld world;
  world.connect();
  const auto response = mark(world, R"({"step":2})");
  EXPECT_EQ(response.status, 409);
  EXPECT_TRUE(text_in(response, "detail").contains("PENDING_VALIDATION"));
}

TEST(MarkStep, RefusesEveryWrongBodyAndChangesNothing) {
  ApiWorld world;
  world.connect();
  const std::pair<const char*, int> wrong[] = {
      {R"({"step":"1"})", 400},  {R"({"step":1.0})", 400}, {R"({"step":1e0})", 400},       {R"({"step":true})", 400},
      {R"({"step":null})", 400}, {R"({"step":[1]})", 400}, {R"({"step":3})", 422},         {R"({"step":0})", 422},
      {R"({"step":-1})", 422},   {R"({})", 400},           {R"({"step":1,"step":2})", 400}};
  for (const auto& [body, status] : wrong) {
    const auto response = mark(world, body);
    EXPECT_EQ(response.status, status) << body;
    EXPECT_EQ(text_in(response, "member"), "step") << body;
    EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
  }
  for (const std::string body : {"[]", "step=1", "{", "1"}) EXPECT_EQ(mark(world, body).status, 400) << body;
  EXPECT_EQ(mark(world, "{\"step\":1,\"x\":" + std::string(5000, '[')).status, 400);
  const auto typed = world.as_organization("acme", "POST", kMark, R"({"step":1})", {{"Content-Type", "text/plain"}});
  EXPECT_EQ(typed.status, 415);
  EXPECT_TRUE(world.as_organization("acme", "GET", kProxy).body.contains("PENDING_VALIDATION"));
}

TEST(MarkStep, IgnoresAndCountsUnknownMembers) {
  ApiWorld world;
  world.connect();
  EXPECT_EQ(mark(world, R"({"step":1,"provider":"cloudflare","domain":"shop.example"})").status, 200);
  EXPECT_EQ(world.api.metrics().unknown_members_domain.value(), 2U);
}

TEST(MarkStep, WithoutAConnectionIsNotFound) {
  ApiWorld world;
  EXPECT_EQ(mark(world, R"({"step":1})").status, 404);
}

TEST(MarkStep, ChoosesAmongSeveralByHost) {
  ApiWorld world;
  world.connect("www.shop.example");
  world.connect("www.other.example");
  const auto ambiguous = mark(world, R"({"step":1})");
  EXPECT_EQ(ambiguous.status, 409);
  EXPECT_TRUE(text_in(ambiguous, "detail").contains("www.other.example"));
  const auto target = std::string(kMark) + "?host=WWW.Other.example.";
  EXPECT_EQ(world.as_organization("acme", "POST", target, R"({"step":1})").status, 200);
  EXPECT_TRUE(world.as_organization("acme", "GET", std::string(kProxy) + "?host=www.other.example")
                  .body.contains("SSL_VALIDATING"));
  EXPECT_TRUE(world.as_organization("acme", "GET", std::string(kProxy) + "?host=www.shop.example")
                  .body.contains("PENDING_VALIDATION"));
  const auto wrong = world.as_organization("acme", "GET", std::string(kProxy) + "?host=localhost");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(text_in(wrong, "member"), "host");
}

TEST(Domain, NeedsATokenOfThePathsOrganization) {
  ApiWorld world;
  world.connect();
  const auto status = [&](std::vector<net::Header> headers) {
    return world.send("GET", kProxy, "", std::move(headers)).status;
  };
  EXPECT_EQ(status({}), 401);
  EXPECT_EQ(status({{"Authorization", "Bearer "}}), 401);
  EXPECT_EQ(status({{"Authorization", "Basic YTpi"}}), 401);
  EXPECT_EQ(status({{"Authorization", "Bearer garbage"}}), 401);
  EXPECT_EQ(status({{"Authorization", "Bearer " + world.key}}), 401);
  EXPECT_EQ(status({{"Authorization", "Bearer " + world.token("other")}}), 403);
  EXPECT_EQ(status({{"Authorization", "Bearer " + world.token("ACME")}}), 403);
  EXPECT_EQ(status({{"Authorization", "bearer " + world.token("acme")}}), 200);
  const auto token = world.token("acme");
  world.clock.advance(std::chrono::minutes(3));
  EXPECT_EQ(status({{"Authorization", "Bearer " + token}}), 401);
  EXPECT_EQ(world.send("POST", kMark, R"({"step":1})").header("WWW-Authenticate"), "Bearer");
}

TEST(Domain, TakesBothShapesOfClerkTokens) {
  ApiWorld world;
  world.connect();
  for (const auto* claims : {R"("org_slug":"acme")", R"("v":2,"o":{"slg":"acme"})"}) {
    EXPECT_EQ(world.send("GET", kProxy, "", {{"Authorization", "Bearer " + world.token_with(claims)}}).status, 200)
        << claims;
  }
}

TEST(GetProxy, SaysFalseAloneWithoutAConnection) {
  ApiWorld world;
  const auto response = world.as_organization("acme", "GET", kProxy);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"has_proxy":false})");
}

TEST(GetProxy, HasThePublishedMembersInTheirOrder) {
  ApiWorld world;
  world.connect("www.shop.example");
  EXPECT_EQ(
      world.as_organization("acme", "GET", kProxy).body,
      R"({"has_proxy":true,"proxy_status":"PENDING_VALIDATION","cloudfront_domain":null,"distribution_id":null,)"
      R"("certificate_arn":null,"origin_cname":null,"original_www_cname":null,"custom_domain":"www.shop.example",)"
      R"("domain_type":"subdomain","naked_domain":"shop.example","subdomain_label":"www","apex_gateway_ips":null,)"
      R"("ssl_validation_records":[],"acm_validation_record":null,"certificate_upgrade":null,"attention":null})");
}

TEST(GetProxy, CallsTheApexAt) {
  ApiWorld world;
  world.connect("shop.example");
  const auto body = testing::object_in(world.as_organization("acme", "GET", kProxy));
  EXPECT_EQ(body.at("domain_type"), "apex");
  EXPECT_EQ(body.at("subdomain_label"), "@");
  EXPECT_EQ(body.at("custom_domain"), "shop.example");
}

// ── the pages beside the seed ───────────────────────────────────────────────────────────────────────────────────────

net::Response post(ApiWorld& world, std::string_view what, std::string body = "") {
  return world.as_organization("acme", "POST", "/api/domain/" + std::string(what) + "/acme", std::move(body));
}

/// A connection whose certificate the backend has reported, at step 2.
std::string deploy(ApiWorld& world) {
  const auto id = world.connect();
  mark(world, R"({"step":1})");
  world.call("POST", "/v1/connections/" + id + "/certificate", R"({"status":"issued"})");
  mark(world, R"({"step":2})");
  return id;
}

TEST(Domain, NeedsAConnectionForEverything) {
  ApiWorld world;
  for (const auto* what : {"start-certificate", "complete-certificate", "disconnect-proxy", "mark-disconnect-complete",
                           "reconnect-proxy"}) {
    const auto response = post(world, what);
    EXPECT_EQ(response.status, 404) << what;
    EXPECT_TRUE(text_in(response, "detail").contains("no live connection")) << what;
  }
}

TEST(Domain, ObtainsNoCertificateThatTheBackendBrings) {
  ApiWorld world;
  world.connect();
  for (const auto* what : {"start-certificate", "complete-certificate"}) {
    const auto response = post(world, what);
    EXPECT_EQ(response.status, 409) << what;
    EXPECT_TRUE(text_in(response, "detail").contains("external")) << what;
  }
}

TEST(Domain, DisconnectsWhatIsDeployedAndReconnectsIt) {
  ApiWorld world;
  deploy(world);
  const auto gone = post(world, "mark-disconnect-complete", R"({"unknown":1})");
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(text_in(gone, "proxy_status"), "DISCONNECTED");
  EXPECT_EQ(testing::object_in(gone).at("can_reconnect"), true);
  EXPECT_EQ(post(world, "mark-disconnect-complete").status, 200) << "reported again";
  EXPECT_EQ(text_in(post(world, "reconnect-proxy"), "proxy_status"), "PENDING_VALIDATION");
  EXPECT_EQ(text_in(post(world, "reconnect-proxy"), "proxy_status"), "PENDING_VALIDATION") << "nothing to do any more";
}

TEST(Domain, DisconnectsNothingThatIsNotDeployed) {
  ApiWorld world;
  world.connect();
  const auto response = post(world, "mark-disconnect-complete");
  EXPECT_EQ(response.status, 409);
  EXPECT_TRUE(text_in(response, "detail").contains("PENDING_VALIDATION"));
}

TEST(Domain, SaysThatTheOriginalDnsWasNotSeen) {
  ApiWorld world;
  deploy(world);
  const auto response = post(world, "disconnect-proxy");
  EXPECT_EQ(response.status, 409);
  EXPECT_TRUE(text_in(response, "detail").contains("history"));
}

/// By TXT, of a host and its wildcard: the host is proven already, its wildcard is not.
model::Certificate half_proven(const ApiWorld& world, const std::string& id) {
  model::Certificate certificate{.id = CertificateId(1),
                                 .application = ApplicationId::parse(world.application).value(),
                                 .connection = ConnectionId::parse(id).value(),
                                 .by = model::CertificateBy::kTxt,
                                 .names = {*DnsName::parse("www.shop.example"), *DnsName::parse("*.www.shop.example")},
                                 .label = "label"};
  certificate.order = model::CertificateOrder{
      .authority = "first",
      .url = "https://ca.example/order",
      .finalize_url = "https://ca.example/finalize",
      .expires_at = world.clock.now() + std::chrono::days(7),
      .challenges = {{certificate.names[0], "https://ca.example/authz/1", "", ""},
                     {certificate.names[0], "https://ca.example/authz/2", "https://ca.example/challenge/2", "two"}},
      .sealed_key = {}};
  return certificate;
}

void keep(ApiWorld& world, const model::Certificate& certificate) {
  const auto kept = services::testing::keep_certificate(world.world.storage, certificate);
  ASSERT_TRUE(kept) << kept.error().message;
}

TEST(Domain, StartsWithTheChallengeThatIsNotMetYet) {
  ApiWorld world;
  keep(world, half_proven(world, world.connect()));
  const auto response = post(world, "start-certificate");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto body = testing::object_in(response);
  EXPECT_EQ(body.at("authorization_url"), "https://ca.example/authz/2");
  EXPECT_EQ(body.at("challenge_url"), "https://ca.example/challenge/2");
  EXPECT_EQ(body.at("txt_record_value"), "two");
}

TEST(Domain, NamesEveryTxtThatMayBeDeleted) {
  ApiWorld world;
  const auto id = world.connect();
  world.keep_original(id, {"cname.hosting.example", {}, {}, world.clock.now()});
  auto certificate = half_proven(world, id);
  certificate.held = model::HeldCertificate{.authority = "first",
                                            .chain_pem = {},
                                            .sealed_key = {},
                                            .serial = "01",
                                            .ari_id = {},
                                            .not_after = world.clock.now() + std::chrono::days(20),
                                            .texts = {"old", "older"}};
  keep(world, certificate);
  const auto response = post(world, "disconnect-proxy");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto body = testing::object_in(response);
  EXPECT_EQ(boost::json::serialize(body.at("ssl_txt_record_to_delete")),
            R"({"name":"_acme-challenge.www","type":"TXT","value":"old"})");
  ASSERT_EQ(body.at("ssl_txt_records_to_delete").as_array().size(), 2);
  EXPECT_EQ(body.at("ssl_txt_records_to_delete").at(1).at("value"), "older");
}

TEST(Domain, RestoresTheApexAsItWas) {
  ApiWorld world;
  const auto id = world.connect("shop.example");
  world.keep_original(id, {std::nullopt, {"192.0.2.1", "192.0.2.2"}, {}, world.clock.now()});
  const auto body = testing::object_in(post(world, "disconnect-proxy"));
  EXPECT_EQ(body.at("success"), true);
  EXPECT_EQ(body.at("domain_type"), "apex");
  EXPECT_TRUE(body.at("original_www_cname").is_null());
  EXPECT_EQ(body.at("original_apex_a_records").as_array().size(), 2);
  EXPECT_EQ(body.at("dns_records").at(1).at("name"), "@");
  EXPECT_EQ(body.at("dns_records").at(1).at("value"), "192.0.2.2");
  EXPECT_FALSE(body.contains("ssl_txt_record_to_delete"));
  EXPECT_EQ(testing::object_in(world.as_organization("acme", "GET", kProxy)).at("origin_cname"), "192.0.2.1");
}

}  // namespace
}  // namespace signpost::api
