// SPDX-License-Identifier: Apache-2.0
//
// What SearchCompany's API has for search engines, and the pages of an organization on /v1.
#include <gmock/gmock.h>

#include "api/testing/api_world.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using cloud::testing::Answer;
using cloud::testing::Call;
using testing::ApiWorld;
using ::testing::HasSubstr;
using testing::object_in;
using testing::text_in;

constexpr std::string_view kStart = "/api/domain/start-google-verification/acme";
constexpr std::string_view kComplete = "/api/domain/complete-google-verification/acme";
constexpr std::string_view kResubmit = "/api/domain/resubmit-sitemap/acme";
constexpr std::string_view kSubmit = "/api/cron/submit-indexnow";
constexpr std::string_view kPages = "/v1/organizations/acme/pages";

class SearchApi : public ::testing::Test {
 protected:
  net::Response post(std::string_view path, std::string_view organization = "acme") {
    return world.as_organization(std::string(organization), "POST", std::string(path));
  }
  std::string deploy() {
    auto id = world.connect();
    for (const auto* step : {R"({"step":1})", R"({"step":2})"}) {
      EXPECT_EQ(world.as_organization("acme", "POST", "/api/domain/mark-step-complete/acme", step).status, 200);
      world.call("POST", "/v1/connections/" + id + "/certificate", R"({"status":"issued"})");
    }
    return id;
  }
  net::Response submit(std::string body) { return world.call("POST", std::string(kSubmit), std::move(body)); }
  net::Response put(std::string body) { return world.call("PUT", std::string(kPages), std::move(body)); }
  void answer(std::string_view target, Answer with) {
    world.search_server.answer([target = std::string(target), with](const Call& call) {
      return call.target.starts_with(target) ? with : cloud::testing::SearchServer::take(call);
    });
  }
  ApiWorld world;
};

TEST_F(SearchApi, HandsOutTheTxtRecordOfAVerification) {
  world.connect();
  const auto response = post(kStart);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(
      response.body,
      R"({"status":"success","txt_record":{"name":"@","value":"google-site-verification=abc123xyz789"},"google_verification_status":"PENDING"})");
}

TEST_F(SearchApi, TellsWhatGoogleDidNotDoInTheContractsShape) {
  world.connect();
  answer(cloud::testing::kVerificationTokenPath, {403, R"({"error":{"message":"API not enabled"}})"});
  const auto response = post(kStart);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_in(response, "status"), "error");
  EXPECT_THAT(text_in(response, "message"), HasSubstr("API not enabled"));
}

TEST_F(SearchApi, CompletesAVerification) {
  world.connect();
  EXPECT_EQ(text_in(post(kComplete), "status"), "error");
  post(kStart);
  const auto done = post(kComplete);
  EXPECT_EQ(done.body, R"({"status":"success","google_verification_status":"VERIFIED"})");
}

TEST_F(SearchApi, NeedsTheOrganizationsOwnToken) {
  world.connect();
  for (const auto path : {kStart, kComplete, kResubmit}) {
    EXPECT_EQ(post(path, "beta").status, 403) << path;
    EXPECT_EQ(world.send("POST", std::string(path)).status, 401) << path;
  }
  EXPECT_EQ(world.as_organization("beta", "POST", "/api/domain/start-google-verification/beta").status, 404);
}

TEST_F(SearchApi, ResubmitsTheSitemapForFrontendsAndCrons) {
  deploy();
  EXPECT_THAT(text_in(post(kResubmit), "message"), HasSubstr("not verified"));
  post(kStart);
  post(kComplete);
  EXPECT_EQ(post(kResubmit).body, R"({"status":"success"})");
  EXPECT_EQ(world.call("POST", std::string(kResubmit)).body, R"({"status":"success"})");
  EXPECT_EQ(world.admin("POST", std::string(kResubmit)).status, 403);
  EXPECT_EQ(world.send("POST", std::string(kResubmit), "", {{"Authorization", "Bearer sp_unknown"}}).status, 401);
}

TEST_F(SearchApi, SubmitsUrlsAndAnswersInBothPublishedShapes) {
  deploy();
  const auto response = submit(
      R"({"source_url":"https://www.shop.example","urls":["https://www.shop.example/a","https://www.shop.example/b"]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"status":"success","submitted":2,"http_status":200,"accepted":2,"rejected":0})");
}

TEST_F(SearchApi, SaysWhyASubmissionWasNotTaken) {
  deploy();
  answer(cloud::testing::kIndexNowPath, {403, ""});
  const auto response = submit(R"({"source_url":"https://www.shop.example","urls":["https://www.shop.example/a"]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_in(response, "status"), "error");
  EXPECT_EQ(object_in(response).at("http_status").as_int64(), 403);
  EXPECT_EQ(object_in(response).at("rejected").as_int64(), 1);
  EXPECT_THAT(text_in(response, "message"), HasSubstr("key file"));
}

TEST_F(SearchApi, TakesSubmissionsFromApiKeysAlone) {
  deploy();
  const std::string body = R"({"source_url":"https://www.shop.example","urls":["https://www.shop.example/a"]})";
  EXPECT_EQ(world.send("POST", std::string(kSubmit), body, {{"Content-Type", "application/json"}}).status, 401);
  EXPECT_EQ(world.as_organization("acme", "POST", std::string(kSubmit), body).status, 401);
  const auto other = world.add_application_key();
  EXPECT_EQ(world
                .send("POST", std::string(kSubmit), body,
                      {{"Authorization", "Bearer " + other}, {"Content-Type", "application/json"}})
                .status,
            404)
      << "the connection is another application's";
}

TEST_F(SearchApi, RefusesSubmissionsThatAreNone) {
  deploy();
  EXPECT_EQ(submit(R"({"source_url":"https://www.shop.example"})").status, 422);
  EXPECT_EQ(submit(R"({"source_url":"https://www.shop.example","urls":[]})").status, 422);
  EXPECT_EQ(submit(R"({"source_url":"https://www.shop.example","urls":["nonsense"]})").status, 422);
  EXPECT_EQ(submit(R"({"source_url":"https://elsewhere.example","urls":["https://elsewhere.example/"]})").status, 404);
  std::string many = R"({"source_url":"https://www.shop.example","urls":["https://www.shop.example/")";
  for (std::size_t i = 1; i < cloud::kIndexNowUrlsMax; ++i) many += R"(,"https://www.shop.example/")";
  EXPECT_EQ(submit(many + "]}").status, 200);
  EXPECT_EQ(submit(many + R"(,"https://www.shop.example/"]})").status, 422);
}

// ── bodies that list URLs ───────────────────────────────────────────────────────────────────────────────────────

net::Request head_of(std::string_view method, std::string_view path, std::string_view bearer) {
  net::Request head;
  head.method = method;
  head.target = head.path = path;
  head.headers = {{"Authorization", "Bearer " + std::string(bearer)}};
  return head;
}

TEST_F(SearchApi, TakesLongListsOfUrlsFromApiKeysAlone) {
  const auto most = [&](std::string_view method, std::string_view path, std::string_view bearer) {
    return world.api.larger_body_max(head_of(method, path, bearer));
  };
  for (const auto& key : {world.key, world.admin_key}) {
    EXPECT_EQ(most("POST", kSubmit, key), kUrlsBodyBytesMax);
    EXPECT_EQ(most("PUT", kPages, key), kUrlsBodyBytesMax);
    EXPECT_EQ(most("POST", "/v1/connections", key), 0U);
    EXPECT_EQ(most("GET", kPages, key), 0U);
    EXPECT_EQ(most("POST", "/nothing/here", key), 0U);
  }
  for (const auto& bearer : {std::string(), world.key + "0", "sp_" + std::string(64, 'a'), world.token("acme")}) {
    EXPECT_EQ(most("POST", kSubmit, bearer), 0U) << bearer;
    EXPECT_EQ(most("PUT", kPages, bearer), 0U) << bearer;
  }
}

TEST_F(SearchApi, SaysThatALongListNeedsAKeyWhereItHasNone) {
  const net::Refusal refusal{413, "the body is over 65536 bytes"};
  const auto unknown = world.api.refuse(refusal, head_of("POST", kSubmit, "sp_unknown"));
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(unknown.header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(world.api.refuse(refusal, head_of("POST", kSubmit, world.key)).status, 413) << "this one is too long";
  EXPECT_EQ(world.api.refuse(refusal, head_of("POST", "/v1/connections", "sp_unknown")).status, 413);
}

TEST(LongBodies, AreTakenByRoutesAloneThatNeedAnApiKey) {
  int routes = 0;
  for (const auto& route : all_routes()) {
    if (route.body_bytes_max == 0) continue;
    EXPECT_EQ(route.access, Access::kKey) << route.operation_id;
    ++routes;
  }
  EXPECT_EQ(routes, 2);
}

TEST_F(SearchApi, TakesAsManyPagesInOneRequestAsItsPageSays) {
  std::string body = R"({"qa":["/")";
  for (int i = 1; i < 16'000; ++i) body += format(R"(,"/qa/{}")", i);
  const auto response = put(body + "]}");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(object_in(response).at("qa").as_int64(), 16'000);
}

TEST_F(SearchApi, ShowsTheStepsOfAConnection) {
  const auto id = deploy();
  EXPECT_TRUE(object_in(world.call("GET", "/v1/connections/" + id)).at("search").is_null());
  post(kStart);
  const auto search = object_in(world.call("GET", "/v1/connections/" + id)).at("search").as_object();
  EXPECT_EQ(search.at("google").at("status").as_string(), "PENDING");
  EXPECT_EQ(search.at("google").at("txt_record").at("value").as_string(), "google-site-verification=abc123xyz789");
  EXPECT_EQ(search.at("steps").as_array().size(), 5U);
  EXPECT_EQ(search.at("steps").at(0).at("step").as_string(), "google_verification");
  EXPECT_EQ(search.at("steps").at(0).at("state").as_string(), "waiting");
}

TEST_F(SearchApi, TakesAnOrganizationsPages) {
  const auto response = put(
      R"({"core":["/"],"qa":["/what-is-acme/","https://acme.searchcompany.dev/why/"],"add":{"boosted":["/b/"]},"page_hashes":{"/why/":"abc"}})");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body, R"({"organization":"acme","core":1,"qa":2,"boosted":1,"added":4,"changed":0,"removed":0})");
  const auto listed = object_in(world.call("GET", std::string(kPages)));
  EXPECT_EQ(listed.at("data").as_array().size(), 4U);
  const auto first = object_in(world.call("GET", std::string(kPages) + "?limit=1"));
  EXPECT_EQ(first.at("data").as_array().size(), 1U);
  const std::string cursor(first.at("next_cursor").as_string());
  const auto second = object_in(world.call("GET", std::string(kPages) + "?limit=3&cursor=" + cursor));
  EXPECT_EQ(second.at("data").as_array().size(), 3U);
  EXPECT_TRUE(second.at("next_cursor").is_null());
}

TEST_F(SearchApi, RefusesPagesThatAreNone) {
  for (const auto& [body, member] :
       std::vector<std::pair<std::string, std::string>>{{R"({"qa":["/a","nonsense"]})", "qa[1]"},
                                                        {R"({"qa":["/a#b"]})", "qa[0]"},
                                                        {R"({"add":{"core":["ftp://x/"]}})", "add.core[0]"},
                                                        {R"({"remove":["x"]})", "remove[0]"},
                                                        {R"({"page_hashes":{"/nowhere":"h"}})", "page_hashes"},
                                                        {R"({"page_hashes":{"/":""}})", "page_hashes./"}}) {
    const auto response = put(body);
    EXPECT_EQ(response.status, 422) << body << response.body;
    EXPECT_EQ(text_in(response, "member"), member);
  }
  EXPECT_EQ(put(R"({"pages":[]})").status, 400);
  EXPECT_EQ(put(R"({"qa":[1]})").status, 400);
  EXPECT_EQ(world.call("PUT", "/v1/organizations/no%20slug/pages", R"({"qa":["/a"]})").status, 422);
}

TEST_F(SearchApi, KeepsThePagesOfApplicationsApart) {
  put(R"({"core":["/mine"]})");
  const auto other = world.add_application_key();
  const auto response = world.send("GET", std::string(kPages), "", {{"Authorization", "Bearer " + other}});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, ::testing::Not(HasSubstr("/mine")));
  EXPECT_EQ(world.admin("GET", std::string(kPages)).status, 422) << "an admin key says which application";
  EXPECT_EQ(world.admin("GET", std::string(kPages) + "?application=" + world.application).status, 200);
}

}  // namespace
}  // namespace signpost::api
