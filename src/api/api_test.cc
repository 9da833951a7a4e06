// SPDX-License-Identifier: Apache-2.0
//
// What every request passes, whatever its route.
#include "api/api.h"

#include <gtest/gtest.h>

#include "api/operation.h"
#include "api/testing/api_world.h"
#include "base/text.h"
#include "services/keys.h"
#include "services/testing/refusal.h"

namespace signpost::api {
namespace {

using testing::ApiWorld;
using testing::text_in;

constexpr const char* kName = R"({"name":"New"})";

net::Header idempotent(std::string key) { return {"Idempotency-Key", std::move(key)}; }

TEST(Api, KnowsWhatIsThereAndHow) {
  ApiWorld world;
  EXPECT_EQ(world.admin("GET", "/v2/things").status, 404);
  const auto response = world.admin("PUT", "/v1/keys", "{}");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.header("Allow"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(world.admin("GET", "/v1/keys?colour=red").status, 400);
}

TEST(Api, AddsItsHeadersToEveryResponse) {
  ApiWorld world;
  for (const auto& response :
       {world.admin("GET", "/v1/keys"), world.send("GET", "/nowhere"), world.send("GET", "/v1/keys")}) {
    EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(response.header("Cache-Control"), "no-store");
    EXPECT_TRUE(response.header("X-Request-Id").starts_with("req_"));
  }
}

TEST(Api, AsksForTheRightKey) {
  ApiWorld world;
  EXPECT_EQ(world.send("GET", "/v1/applications").status, 401);
  EXPECT_EQ(world.send("GET", "/v1/applications", "", {{"Authorization", "Bearer sp_" + std::string(64, '0')}}).status,
            401);
  EXPECT_EQ(world.send("GET", "/v1/applications", "", {{"Authorization", world.admin_key}}).status, 401);
  EXPECT_EQ(world.call("GET", "/v1/applications").status, 200);
  for (const auto* route : {"/v1/applications", "/v1/keys"})
    EXPECT_EQ(world.call("POST", route, kName).status, 403) << route;
  EXPECT_EQ(world.call("GET", "/v1/keys").status, 403);
  EXPECT_EQ(world.call("DELETE", "/v1/applications/" + world.application).status, 403);
}

TEST(Api, RefusesEveryRouteWithoutAuthenticationButThePublicOnes) {
  ApiWorld world;
  for (const auto& route : world.api.routes()) {
    std::string target(route.pattern);
    for (auto open = target.find('{'); open != std::string::npos; open = target.find('{')) {
      target.replace(open, target.find('}') - open + 1, "x");
    }
    const auto status = world.send(std::string(route.method), target).status;
    if (route.operation_id == "getOpenapi" || route.operation_id == "getMeta")
      EXPECT_EQ(status, 200);
    else if (route.operation_id == "createToken")
      EXPECT_EQ(status, 415);
    else
      EXPECT_EQ(status, 401) << route.method << " " << route.pattern;
  }
}

TEST(Api, TakesNoWebhookOfItsOwnWithAKeyAndNoneThatGoesInACircle) {
  ApiWorld world;
  const auto status = [&](const char* target, const char* loop) {
    return world.send("GET", target, "", {{"Authorization", "Bearer " + world.admin_key}, {"CDN-Loop", loop}}).status;
  };
  EXPECT_EQ(status("/v1/keys", "other"), 200);
  EXPECT_EQ(status("/v1/keys", "signpost"), 508);
  EXPECT_EQ(status("/v1/openapi.yaml", "signpost, signpost, signpost"), 200);
  EXPECT_EQ(status("/v1/openapi.yaml", "signpost, signpost, signpost, signpost"), 508);
}

TEST(Api, ServesItsDescription) {
  ApiWorld world;
  const auto response = world.send("GET", "/v1/openapi.yaml");
  EXPECT_EQ(response.header("Content-Type"), "application/yaml");
  EXPECT_TRUE(response.body.starts_with("openapi: 3.1"));
}

// ── CORS ────────────────────────────────────────────────────────────────────────────────────────────────────

net::Response preflight(ApiWorld& world, const std::string& target, std::string_view origin) {
  return world.send("OPTIONS", target, "",
                    {{"Origin", std::string(origin)}, {"Access-Control-Request-Method", "POST"}});
}

TEST(Cors, AnswersPreflightsBeforeAuthentication) {
  ApiWorld world;
  for (const auto* target : {"/api/domain/mark-step-complete/acme", "/api/domain/get-proxy/acme", "/token",
                             "/webhooks/last/x", "/v1/connections/con_1/flow"}) {
    const auto response = preflight(world, target, ApiWorld::kOrigin);
    EXPECT_EQ(response.status, 204) << target;
    EXPECT_EQ(response.header("Access-Control-Allow-Origin"), ApiWorld::kOrigin) << target;
    EXPECT_TRUE(response.header("Access-Control-Allow-Headers").contains("Authorization"));
    EXPECT_EQ(response.header("Vary"), "Origin");
  }
}

TEST(Cors, RefusesOriginsThatNobodyAllows) {
  ApiWorld world;
  for (const auto* origin :
       {"https://evil.example", "null", "https://app.saas.example.evil.example", "http://app.saas.example"}) {
    const auto response = preflight(world, "/token", origin);
    EXPECT_EQ(response.status, 403) << origin;
    EXPECT_FALSE(net::has_header(response.headers, "Access-Control-Allow-Origin"));
  }
}

TEST(Cors, OpensNothingElseOfV1) {
  ApiWorld world;
  const auto response = preflight(world, "/v1/connections", ApiWorld::kOrigin);
  EXPECT_EQ(response.status, 204);
  EXPECT_FALSE(net::has_header(response.headers, "Access-Control-Allow-Origin"));
}

TEST(Cors, LetsAPageReadOnlyWhatItsOwnApplicationAllows) {
  ApiWorld world;
  std::string other;
  world.add_application_key(&other);
  ASSERT_EQ(
      world.admin("PATCH", "/v1/applications/" + other, R"({"allowed_origins":["https://other.example"]})").status,
      200);
  world.connect();
  const auto read = [&](std::string_view origin) {
    return world.as_organization("acme", "GET", "/api/domain/get-proxy/acme", "", {{"Origin", std::string(origin)}});
  };
  EXPECT_EQ(read(ApiWorld::kOrigin).header("Access-Control-Allow-Origin"), ApiWorld::kOrigin);
  EXPECT_FALSE(net::has_header(read("https://other.example").headers, "Access-Control-Allow-Origin"));
  EXPECT_EQ(read("https://other.example").header("Vary"), "Origin");
  EXPECT_EQ(preflight(world, "/token", "https://other.example").status, 204);
}

TEST(Cors, LetsAPageReadItsErrorsToo) {
  ApiWorld world;
  const auto response = world.as_organization("acme", "POST", "/api/domain/mark-step-complete/acme", R"({"step":3})",
                                              {{"Origin", std::string(ApiWorld::kOrigin)}});
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), ApiWorld::kOrigin);
}

TEST(Cors, LetsAPageReadARefusalBeforeItIsKnownWhoCalls) {
  auto settings = ApiWorld::generous();
  settings.per_address = {.per_second = 0.001, .burst = 4};
  ApiWorld world(settings);
  const auto ask = [&](std::string method, std::string_view origin) {
    return world.send(std::move(method), "/api/domain/get-proxy/acme", "",
                      {{"Authorization", "Bearer nonsense"}, {"Origin", std::string(origin)}});
  };
  const auto bad_token = ask("GET", ApiWorld::kOrigin);
  EXPECT_EQ(bad_token.status, 401);
  EXPECT_EQ(bad_token.header("Access-Control-Allow-Origin"), ApiWorld::kOrigin);
  const auto wrong_method = ask("DELETE", ApiWorld::kOrigin);
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(wrong_method.header("Access-Control-Allow-Origin"), ApiWorld::kOrigin);
  const auto stranger = ask("GET", "https://evil.example");
  EXPECT_FALSE(net::has_header(stranger.headers, "Access-Control-Allow-Origin"));
  EXPECT_EQ(stranger.header("Vary"), "Origin");
  EXPECT_FALSE(
      net::has_header(world.send("GET", "/v1/connections", "", {{"Origin", std::string(ApiWorld::kOrigin)}}).headers,
                      "Access-Control-Allow-Origin"));
  const auto limited = ask("GET", ApiWorld::kOrigin);
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("Access-Control-Allow-Origin"), ApiWorld::kOrigin);
  EXPECT_EQ(limited.header("Access-Control-Expose-Headers"), "Retry-After, X-Request-Id");
}

TEST(Cors, OpensNoAnswerToAnAdminKeyForTheOriginsOfApplications) {
  ApiWorld world;
  const auto path = "/v1/connections/" + world.connect() + "/flow";
  const auto answer =
      world.admin("POST", path, R"({"setup_type":"manual"})", {{"Origin", std::string(ApiWorld::kOrigin)}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(net::has_header(answer.headers, "Access-Control-Allow-Origin"));
}

// ── idempotency ─────────────────────────────────────────────────────────────────────────────────────────────

std::size_t applications_in(ApiWorld& world) {
  return testing::object_in(world.admin("GET", "/v1/applications")).at("data").as_array().size();
}

TEST(Idempotency, GivesTheSameAnswerForTheSameRequest) {
  ApiWorld world;
  const auto first = world.admin("POST", "/v1/applications", kName, {idempotent("k1")});
  const auto before = applications_in(world);
  const auto again = world.admin("POST", "/v1/applications", kName, {idempotent("k1")});
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
  EXPECT_EQ(again.header("Content-Type"), "application/json");
  EXPECT_FALSE(net::has_header(first.headers, "Idempotent-Replayed"));
  EXPECT_EQ(applications_in(world), before);
  EXPECT_EQ(world.api.metrics().replays.value(), 1U);
}

TEST(Idempotency, RepeatsRefusalsToo) {
  ApiWorld world;
  const auto first = world.admin("POST", "/v1/applications", R"({"name":""})", {idempotent("k1")});
  EXPECT_EQ(first.status, 422);
  EXPECT_EQ(world.admin("POST", "/v1/applications", R"({"name":""})", {idempotent("k1")}).body, first.body);
}

TEST(Idempotency, RefusesTheKeyForAnotherRequest) {
  ApiWorld world;
  world.admin("POST", "/v1/applications", kName, {idempotent("k1")});
  EXPECT_EQ(world.admin("POST", "/v1/applications", R"({"name":"Other"})", {idempotent("k1")}).status, 422);
  EXPECT_EQ(world.admin("POST", "/v1/keys", kName, {idempotent("k1")}).status, 422);
}

TEST(Idempotency, BelongsToOneApiKey) {
  ApiWorld world;
  const auto connection = world.connect();
  const auto path = "/v1/connections/" + connection + "/check";
  EXPECT_EQ(world.call("POST", path, "", {idempotent("k1")}).status, 202);
  EXPECT_FALSE(net::has_header(world.admin("POST", path, "", {idempotent("k1")}).headers, "Idempotent-Replayed"));
}

TEST(Idempotency, WaitsForARequestUnderWayAndForgetsOneThatWasInterrupted) {
  ApiWorld world;
  Idempotency half(world.world.storage, world.master_key, world.clock);
  net::Request request;
  request.method = "POST";
  request.target = "/v1/applications";
  request.body = kName;
  request.headers = {idempotent("k1")};
  const auto scope = services::authenticate_key(*world.directory.snapshot(), world.admin_key)->id;
  const auto ticket = *Idempotency::ticket_of(request, scope).value();
  ASSERT_TRUE(net::testing::run_task(world.loops.at(0), half.begin(ticket)));
  const auto waiting = world.admin("POST", "/v1/applications", kName, {idempotent("k1")});
  EXPECT_EQ(waiting.status, 409);
  EXPECT_EQ(waiting.header("Retry-After"), "1");
  world.clock.advance(services::SavedAnswers::kUnderWayMax);
  EXPECT_EQ(world.admin("POST", "/v1/applications", kName, {idempotent("k1")}).status, 201);
}

TEST(Idempotency, KeepsTheAnswerInTheTransactionOfTheEffect) {
  ApiWorld world;
  const std::string name(kName);
  for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
           {"/v1/applications", name},
           {"/v1/keys", name},
           {"/v1/applications/" + world.application + "/rotate-secret", ""},
           {"/v1/applications/" + world.application + "/endpoints", R"({"url":"https://hooks.saas.example/in"})"},
           {"/v1/connections", R"({"organization":"acme","host":"www.shop.example","application":")" +
                                   world.application +
                                   R"(","records":[{"type":"CNAME","host":"www","value":"app.saas.example"}]})"}}) {
    SCOPED_TRACE(path);
    const auto before = services::testing::count_things(world.world.storage);
    services::testing::refuse_answers(world.world.storage);
    EXPECT_GE(world.admin("POST", path, body, {idempotent("refused" + path)}).status, 400);
    services::testing::take_answers(world.world.storage);
    EXPECT_EQ(services::testing::count_things(world.world.storage), before) << "an effect without its answer";
    const auto made = world.admin("POST", path, body, {idempotent("taken" + path)});
    EXPECT_EQ(made.status, 201) << made.body;
    EXPECT_GT(services::testing::count_things(world.world.storage), before);
    EXPECT_EQ(world.admin("POST", path, body, {idempotent("taken" + path)}).body, made.body);
  }
}

TEST(Idempotency, DoesNotKeepWhatTryingAgainMayChange) {
  ApiWorld world;
  net::Response failed;
  failed.status = 503;
  Idempotency answers(world.world.storage, world.master_key, world.clock);
  const auto scope = services::authenticate_key(*world.directory.snapshot(), world.admin_key)->id;
  const Idempotency::Ticket ticket{scope, "k1", "digest"};
  ASSERT_TRUE(net::testing::run_task(world.loops.at(0), answers.begin(ticket)));
  net::testing::run_task(world.loops.at(0), answers.end(ticket, failed));
  const auto again = net::testing::run_task(world.loops.at(0), answers.begin(ticket));
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
}

TEST(Idempotency, TakesOnlyPlainKeys) {
  ApiWorld world;
  for (const auto& key : {std::string(), std::string(256, 'k'), std::string("two words"), std::string("k\xC3\xA4se")}) {
    const auto response = world.admin("POST", "/v1/applications", kName, {idempotent(key)});
    EXPECT_EQ(response.status, 400) << key;
    EXPECT_EQ(text_in(response, "member"), "Idempotency-Key");
  }
  EXPECT_EQ(world.admin("POST", "/v1/applications", kName, {idempotent(std::string(255, 'k'))}).status, 201);
}

// ── limits ──────────────────────────────────────────────────────────────────────────────────────────────────

TEST(RateLimits, CountByKey) {
  auto settings = ApiWorld::generous();
  settings.per_key = {.per_second = 0.001, .burst = 3};
  ApiWorld world(settings);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.call("GET", "/v1/connections").status, 200);
  const auto limited = world.call("GET", "/v1/connections");
  EXPECT_EQ(limited.status, 429);
  EXPECT_NE(limited.header("Retry-After"), "");
  EXPECT_EQ(world.admin("GET", "/v1/keys").status, 200);
  EXPECT_EQ(world.api.metrics().rate_limited.value(), 1U);
}

TEST(RateLimits, CountByOrganizationAndUserBehindATokenOfTheIdentityProvider) {
  auto settings = ApiWorld::generous();
  settings.per_key = {.per_second = 0.001, .burst = 3};
  ApiWorld world(settings);
  const auto status_of = [&](const std::string& slug, const std::string& claims) {
    return world
        .send("GET", "/api/domain/get-proxy/" + slug, "", {{"Authorization", "Bearer " + world.token_with(claims)}})
        .status;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of("acme", R"("org_slug":"acme")"), 200);
  EXPECT_EQ(status_of("acme", R"("org_slug":"acme","jti":"another token of the same user")"), 429);
  EXPECT_EQ(status_of("globex", R"("org_slug":"globex")"), 200);
  EXPECT_EQ(world.api.metrics().rate_limited.value(), 1U);
}

TEST(RateLimits, CountByApplicationBehindItsAuthTokens) {
  auto settings = ApiWorld::generous();
  settings.per_key = {.per_second = 0.001, .burst = 3};
  ApiWorld world(settings);
  const auto flow = "/v1/connections/" + world.connect() + "/flow";  // takes from the key's bucket, not the token's
  const auto credentials = R"({"applicationId":")" + world.application + R"(","secret":")" + world.secret + "\"}";
  const auto ask = [&](std::string method, const std::string& target, std::string body) {
    const auto token =
        text_in(world.send("POST", "/token", credentials, {{"Content-Type", "application/json"}}), "auth_token");
    return world
        .send(std::move(method), target, std::move(body),
              {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}})
        .status;
  };
  EXPECT_EQ(ask("GET", "/webhooks/last/job_unknown", ""), 404);
  EXPECT_EQ(ask("POST", flow, R"({"setup_type":"manual"})"), 200);
  EXPECT_EQ(ask("POST", flow, R"({"setup_type":"manual"})"), 200);
  EXPECT_EQ(ask("POST", flow, R"({"setup_type":"manual"})"), 429);
  EXPECT_EQ(ask("GET", "/webhooks/last/job_unknown", ""), 429);
  EXPECT_EQ(world.call("GET", "/v1/connections").status, 200);
}

TEST(RateLimits, CountByAddressBehindTrustedProxiesOnly) {
  auto settings = ApiWorld::generous();
  settings.per_address = {.per_second = 0.001, .burst = 2};
  settings.trusted_proxies = {net::Network::parse("192.0.2.0/24").value()};
  ApiWorld world(settings);
  const auto status_of = [&](std::string client) {
    return world.send("GET", "/v1/openapi.yaml", "", {{"X-Forwarded-For", std::move(client)}}).status;
  };
  EXPECT_EQ(status_of("198.51.100.1"), 200);
  EXPECT_EQ(status_of("198.51.100.1"), 200);
  EXPECT_EQ(status_of("198.51.100.1"), 429);
  EXPECT_EQ(status_of("203.0.113.9, 198.51.100.1"), 429);  // what the client claims about itself counts for nothing
  EXPECT_EQ(status_of("198.51.100.2"), 200);
}

// ── what the HTTP server refuses by itself ──────────────────────────────────────────────────────────────────

TEST(Refusals, LookAndCountLikeEveryOtherAnswer) {
  ApiWorld world;
  struct Case {
    int status;
    const char* type;
  };
  for (const auto& [status, type] :
       {Case{400, "urn:signpost:problem:invalid"}, Case{413, "urn:signpost:problem:too_large"},
        Case{417, "urn:signpost:problem:invalid"}, Case{431, "urn:signpost:problem:too_large"},
        Case{501, "urn:signpost:problem:invalid"}, Case{503, "urn:signpost:problem:unavailable"}}) {
    net::Request seen;
    seen.peer = boost::asio::ip::make_address("192.0.2.7");
    const auto response = world.api.refuse({status, "the reason"}, seen);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(text_in(response, "type"), type);
    EXPECT_EQ(text_in(response, "detail"), "the reason");
    EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(response.header("Cache-Control"), "no-store");
    EXPECT_TRUE(response.header("X-Request-Id").starts_with("req_"));
    EXPECT_EQ(response.header("Retry-After"), status == 503 ? "1" : "");
    EXPECT_EQ(world.api.metrics().requests(world.api.routes().size(), status), 1U) << status;
  }
}

TEST(Refusals, NameTheRouteAndCanBeReadByAPageWhereTheHeadWasRead) {
  ApiWorld world;
  net::Request seen;
  seen.method = "POST";
  seen.target = seen.path = "/api/domain/mark-step-complete/acme";
  seen.headers = {{"Origin", std::string(ApiWorld::kOrigin)}};
  const auto response = world.api.refuse({413, "the body is over 65536 bytes"}, seen);
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), ApiWorld::kOrigin);
  EXPECT_EQ(world.api.metrics().requests(0, 413), 1U) << "markStepComplete is the first route";
}

TEST(Refusals, ShowNothingOfABugOfOurs) {
  ApiWorld world;
  const auto response = world.api.refuse({500, "std::bad_alloc"}, {});
  EXPECT_EQ(text_in(response, "type"), "urn:signpost:problem:internal");
  EXPECT_FALSE(response.body.contains("bad_alloc"));
}

// ── bad days ────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Api, IsUnavailableWhileTheDiskIsFullAndRecoversByItself) {
  ApiWorld world;
  world.connect();
  world.world.database.refuse(1);
  const auto full = world.as_organization("acme", "POST", "/api/domain/mark-step-complete/acme", R"({"step":1})");
  EXPECT_EQ(full.status, 503);
  EXPECT_NE(full.header("Retry-After"), "");
  EXPECT_TRUE(world.as_organization("acme", "GET", "/api/domain/get-proxy/acme").body.contains("PENDING_VALIDATION"));
  EXPECT_EQ(world.as_organization("acme", "POST", "/api/domain/mark-step-complete/acme", R"({"step":1})").status, 200);
}

// ── the second listener ─────────────────────────────────────────────────────────────────────────────────────

net::Response ask(ApiWorld& world, OperationApi& operation, std::string path, std::string method = "GET",
                  std::vector<net::Header> headers = {}) {
  net::Request request;
  request.method = std::move(method);
  request.headers = std::move(headers);
  request.path = std::move(path);
  return net::testing::run_task(world.loops.at(0), operation.handle(std::move(request)));
}

TEST(OperationApi, TellsHealthReadinessAndMetrics) {
  ApiWorld world;
  world.connect();
  OperationApi operation(world.world.storage, world.api.metrics(), world.clock, {[](Exposition& to) {
                           to.family("extra_total", Exposition::Type::kCounter, "More.");
                           to.sample({}, 7);
                         }});
  EXPECT_EQ(ask(world, operation, "/healthz").status, 200);
  EXPECT_EQ(ask(world, operation, "/readyz").status, 200);
  EXPECT_EQ(ask(world, operation, "/readyz", "POST").status, 405);
  EXPECT_EQ(ask(world, operation, "/").status, 404);
  EXPECT_EQ(ask(world, operation, "/readyz", "GET", {{"CDN-Loop", "signpost"}}).status, 508) << "a webhook";
  const auto metrics = ask(world, operation, "/metrics");
  EXPECT_EQ(metrics.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* line : {"signpost_http_requests_total{route=\"POST /v1/connections\",status=\"201\"} 1\n",
                           "signpost_http_request_seconds_count{route=\"POST /v1/connections\"} 1\n",
                           "signpost_store_up 1\n", "signpost_queue_items{queue=\"jobs\",state=\"waiting\"} ",
                           "signpost_webhook_endpoints_enabled 0\n", "extra_total 7\n"}) {
    EXPECT_TRUE(metrics.body.contains(line)) << line << metrics.body;
  }
  operation.drain();
  EXPECT_EQ(ask(world, operation, "/readyz").status, 503);
}

TEST(Metrics, CountInBucketsThatAddUp) {
  Metrics metrics({"GET /a"});
  metrics.count(0, 200, std::chrono::microseconds(400));
  metrics.count(0, 200, std::chrono::seconds(60));
  metrics.count(99, 418, std::chrono::microseconds(1));
  Exposition exposition;
  metrics.write(exposition);
  const auto text = exposition.take();
  for (const auto* line : {"signpost_http_request_seconds_bucket{route=\"GET /a\",le=\"0.0005\"} 1\n",
                           "signpost_http_request_seconds_bucket{route=\"GET /a\",le=\"10\"} 1\n",
                           "signpost_http_request_seconds_bucket{route=\"GET /a\",le=\"+Inf\"} 2\n",
                           "signpost_http_requests_total{route=\"none\",status=\"0\"} 1\n"}) {
    EXPECT_TRUE(text.contains(line)) << line << text;
  }
}

TEST(Metrics, HaveARowForEveryStatusThatIsAnswered) {
  for (const int status : {400, 404, 405, 413, 429, 431, 500, 501, 502, 503, 504, 508}) {
    Metrics metrics({"GET /a"});
    metrics.count(0, status, std::chrono::microseconds(1));
    Exposition exposition;
    metrics.write(exposition);
    const auto line = format("signpost_http_requests_total{{route=\"GET /a\",status=\"{}\"}} 1\n", status);
    EXPECT_TRUE(exposition.take().contains(line)) << line;
  }
}

TEST(Exposition, EscapesLabelValues) {
  Exposition exposition;
  exposition.family("x", Exposition::Type::kGauge, "X.");
  exposition.sample({{"l", "a\"b\\c\nd"}}, 1.5);
  EXPECT_EQ(exposition.take(), "# HELP x X.\n# TYPE x gauge\nx{l=\"a\\\"b\\\\c\\nd\"} 1.5\n");
}

}  // namespace
}  // namespace signpost::api
