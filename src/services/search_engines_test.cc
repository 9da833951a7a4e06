// SPDX-License-Identifier: Apache-2.0
#include "services/search_engines.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "cloud/testing/search_server.h"
#include "services/pages.h"
#include "services/testing/fake_site_eye.h"
#include "services/testing/life.h"

namespace signpost::services {
namespace {

using namespace std::chrono_literals;
using cloud::testing::Answer;
using cloud::testing::Call;
using cloud::testing::SearchServer;
using model::JobKind;
using model::SearchStep;
using model::StepState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kKeyFile = "https://www.shop.example/search-company.txt";

struct World {
  enum class Google { kConfigured, kNotConfigured };
  explicit World(Google google = Google::kConfigured, std::string key_path = "/search-company.txt")
      : engines(life.world.storage, life.bell, life.clock, life.world.ids, life.connections, &indexnow,
                google == Google::kConfigured ? &this->google : nullptr, {&eye}, {.key_path = std::move(key_path)}) {
    life.runner.on(JobKind::kSearchSubmission, [this](model::Job job) { return engines.pursue(std::move(job)); });
  }

  model::Connection deploy(std::string_view host = "www.shop.example") {
    auto connection = life.create(host);
    life.happen(connection.id, model::StepMarked{1});
    life.happen(connection.id, model::CertificateIssued{});
    return life.happen(connection.id, model::StepMarked{2});
  }
  PageChange upload(PageUpload upload) {
    return must(life.run(pages.upload(life.world.application.id, "acme", std::move(upload))));
  }
  SearchView view(const model::Connection& connection) {
    return must(life.run(engines.read({}, connection.id))).value();
  }
  model::StepProgress step(const model::Connection& connection, SearchStep step) {
    return view(connection).search.at(step);
  }
  /// The URLs of each submission so far.
  std::vector<std::vector<std::string>> submissions() const {
    std::vector<std::vector<std::string>> all;
    for (const auto& call : server.calls_of(cloud::testing::kIndexNowPath)) {
      std::vector<std::string> urls;
      for (const auto& url : boost::json::parse(call.body).at("urlList").as_array()) urls.emplace_back(url.as_string());
      all.push_back(std::move(urls));
    }
    return all;
  }
  void answer(std::string_view target, Answer with) {
    server.answer([target = std::string(target), with](const Call& call) {
      return call.target.starts_with(target) ? with : SearchServer::take(call);
    });
  }
  GoogleAnswer start_google() {
    return must(life.run(engines.start_google(life.world.application.id, "acme", std::nullopt)));
  }
  GoogleAnswer complete_google() {
    return must(life.run(engines.complete_google(life.world.application.id, "acme", std::nullopt)));
  }
  GoogleAnswer resubmit_sitemap() {
    return must(life.run(engines.resubmit_sitemap(life.world.application.id, "acme", std::nullopt)));
  }
  Result<UrlReportAnswer> submit(std::string source, std::vector<std::string> urls) {
    return life.run(engines.submit({}, {std::move(source), std::move(urls)}));
  }

  SearchServer server;
  testing::Life life;
  net::HttpClient http;
  cloud::IndexNow indexnow{http, life.clock, {.endpoint = server.url("/indexnow"), .key = "search-company"}};
  cloud::Google google{http,
                       life.clock,
                       must(cloud::GoogleCredential::parse(crypto::Secret(cloud::testing::refresh_credential()))),
                       {.api_url = server.url(), .token_url = server.url(cloud::testing::kTokenPath)}};
  testing::FakeSiteEye eye;
  Pages pages{life.world.storage, life.bell, life.clock, life.world.ids};
  SearchEngines engines;
};

TEST(SearchEngines, SubmitTheCorePagesAfterStep2OnTheConnectedHost) {
  World world;
  const auto connection = world.deploy();
  world.life.turn();
  EXPECT_THAT(world.eye.looks, ElementsAre(kKeyFile));
  EXPECT_THAT(world.eye.texts, ElementsAre("search-company"));
  EXPECT_THAT(world.submissions(), ElementsAre(UnorderedElementsAre(
                                       "https://www.shop.example/", "https://www.shop.example/llms.txt",
                                       "https://www.shop.example/sitemap.xml", "https://www.shop.example/robots.txt",
                                       "https://www.shop.example/data.json")));
  const auto body = boost::json::parse(world.server.calls_of(cloud::testing::kIndexNowPath).front().body);
  EXPECT_EQ(body.at("host").as_string(), "www.shop.example");
  EXPECT_EQ(body.at("keyLocation").as_string(), kKeyFile);
  const auto job = world.life.job(connection.id, JobKind::kSearchSubmission);
  EXPECT_EQ(job.state, model::JobState::kDone);
  EXPECT_THAT(job.outcome, HasSubstr("5 URLs of www.shop.example"));
}

TEST(SearchEngines, SubmitEveryKindOfPage) {
  World world;
  world.upload({.replaced = {{model::PageKind::kCore, {"/"}}},
                .removed = {},
                .added = {{model::PageKind::kQa, {"/what-is-acme/"}}, {model::PageKind::kBoosted, {"/boosted/"}}},
                .hashes = {}});
  world.deploy();
  world.life.turn();
  EXPECT_THAT(world.submissions(),
              ElementsAre(UnorderedElementsAre("https://www.shop.example/", "https://www.shop.example/what-is-acme/",
                                               "https://www.shop.example/boosted/")));
}

TEST(SearchEngines, WaitForTheKeyFile) {
  World world;
  world.eye.sight = {FileSight::What::kOther, "it answers with 404"};
  const auto connection = world.deploy();
  world.life.turn();
  EXPECT_THAT(world.submissions(), IsEmpty());
  EXPECT_EQ(world.step(connection, SearchStep::kKeyFile).state, StepState::kWaiting);
  EXPECT_EQ(world.step(connection, SearchStep::kKeyFile).detail, "it answers with 404");
  EXPECT_EQ(world.life.job(connection.id, JobKind::kSearchSubmission).state, model::JobState::kWaiting);
  world.life.walk_to(world.life.clock.now() + 1min);
  world.eye.sight = {FileSight::What::kThere, ""};
  world.life.walk_to(world.life.clock.now() + 1min);
  EXPECT_THAT(world.submissions(), SizeIs(1));
  EXPECT_EQ(world.step(connection, SearchStep::kIndexNow).state, StepState::kDone);
}

TEST(SearchEngines, SubmitNothingTwice) {
  World world;
  const auto connection = world.deploy();
  world.life.turn();
  world.upload({.replaced = {{model::PageKind::kQa, {"/a/"}}}, .removed = {}, .added = {}, .hashes = {}});
  world.life.walk_to(world.life.clock.now() + 1min);
  world.upload({.replaced = {{model::PageKind::kQa, {"/a/"}}}, .removed = {}, .added = {}, .hashes = {}});
  world.life.walk_to(world.life.clock.now() + 1min);
  world.upload({.replaced = {}, .removed = {}, .added = {}, .hashes = {{"/a/", "h1"}}});
  world.life.walk_to(world.life.clock.now() + 1min);
  world.upload({.replaced = {}, .removed = {"/a/"}, .added = {}, .hashes = {}});
  world.life.walk_to(world.life.clock.now() + 1min);
  const auto all = world.submissions();
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_THAT(all[0], SizeIs(5));
  for (int i = 1; i < 4; ++i) EXPECT_THAT(all[static_cast<std::size_t>(i)], ElementsAre("https://www.shop.example/a/"));
  EXPECT_EQ(world.view(connection).pages.waiting, 0);
  EXPECT_EQ(world.view(connection).pages.submitted, 5);
}

TEST(SearchEngines, SubmitNothingAgainAfterANewDeployment) {
  World world;
  const auto connection = world.deploy();
  world.life.turn();
  world.life.happen(connection.id, model::Disconnected{});
  world.life.clock.advance(1h);
  world.life.happen(connection.id, model::Reconnected{});
  world.life.happen(connection.id, model::StepMarked{1});
  world.life.happen(connection.id, model::CertificateIssued{});
  world.life.happen(connection.id, model::StepMarked{2});
  world.life.turn();
  EXPECT_THAT(world.submissions(), SizeIs(1));
  EXPECT_THAT(world.eye.looks, SizeIs(2));
}

TEST(SearchEngines, GoBatchByBatch) {
  World world;
  std::vector<std::string> paths;
  for (int i = 0; i < 12'000; ++i) paths.push_back(format("/qa/{:05d}/", i));
  world.upload({.replaced = {{model::PageKind::kQa, std::move(paths)}}, .removed = {}, .added = {}, .hashes = {}});
  world.deploy();
  world.life.turn();
  const auto all = world.submissions();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0], SizeIs(10'000));
  EXPECT_THAT(all[1], SizeIs(2'005));
}

TEST(SearchEngines, SendABatchAgainWhoseOutcomeWasLost) {
  World world;
  world.answer(cloud::testing::kIndexNowPath, {0, ""});
  const auto connection = world.deploy();
  world.life.turn();
  EXPECT_EQ(world.step(connection, SearchStep::kIndexNow).state, StepState::kWaiting);
  world.server.answer(SearchServer::take);
  world.life.walk_to(world.life.clock.now() + 2min);
  const auto all = world.submissions();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0], all[1]);
  world.life.walk_to(world.life.clock.now() + 24h);
  EXPECT_THAT(world.submissions(), SizeIs(2));
}

TEST(SearchEngines, LookAtTheKeyFileAgainWhenItWasDenied) {
  World world;
  world.answer(cloud::testing::kIndexNowPath, {403, ""});
  const auto connection = world.deploy();
  world.life.turn();
  EXPECT_EQ(world.step(connection, SearchStep::kKeyFile).state, StepState::kWaiting);
  world.server.answer(SearchServer::take);
  world.life.walk_to(world.life.clock.now() + 2min);
  EXPECT_THAT(world.eye.looks, SizeIs(2));
  EXPECT_EQ(world.step(connection, SearchStep::kIndexNow).state, StepState::kDone);
}

TEST(SearchEngines, DoNotRepeatWhatIsABugOfOurs) {
  World world;
  world.answer(cloud::testing::kIndexNowPath, {400, ""});
  const auto connection = world.deploy();
  world.life.walk_to(world.life.clock.now() + 24h);
  EXPECT_THAT(world.submissions(), SizeIs(1));
  EXPECT_EQ(world.step(connection, SearchStep::kIndexNow).state, StepState::kFailed);
  EXPECT_THAT(world.life.job(connection.id, JobKind::kSearchSubmission).outcome, HasSubstr("400"));
}

TEST(SearchEngines, GatherAnewAfterARefusal) {
  World world;
  world.answer(cloud::testing::kIndexNowPath, {422, ""});
  const auto connection = world.deploy();
  world.life.turn();
  EXPECT_EQ(world.view(connection).pages.waiting, 5);
  world.server.answer(SearchServer::take);
  world.upload({.replaced = {{model::PageKind::kCore, {"/"}}}, .removed = {}, .added = {}, .hashes = {}});
  world.life.walk_to(world.life.clock.now() + 1min);
  ASSERT_THAT(world.submissions(), SizeIs(2));
  EXPECT_THAT(world.submissions()[1], ElementsAre("https://www.shop.example/"));
}

TEST(SearchEngines, BackOffAsLongAsTheyAreTold) {
  World world;
  world.answer(cloud::testing::kIndexNowPath, {429, "", "Retry-After: 7200\r\n"});
  world.deploy();
  world.life.walk_to(world.life.clock.now() + 110min);
  EXPECT_THAT(world.submissions(), SizeIs(1));
  world.life.walk_to(world.life.clock.now() + 20min);
  EXPECT_THAT(world.submissions(), SizeIs(2));
}

TEST(SearchEngines, AreLeftAloneWhateverIsUploadedMeanwhile) {
  World world;
  world.answer(cloud::testing::kIndexNowPath, {429, "", "Retry-After: 7200\r\n"});
  const auto connection = world.deploy();
  world.life.turn();
  for (int i = 0; i < 10; ++i) {
    world.upload(
        {.replaced = {}, .removed = {}, .added = {{model::PageKind::kQa, {format("/qa/{}/", i)}}}, .hashes = {}});
    world.life.walk_to(world.life.clock.now() + 10min);
  }
  EXPECT_THAT(world.submissions(), SizeIs(1));
  EXPECT_THAT(world.step(connection, SearchStep::kIndexNow).detail, HasSubstr("429"));
  world.server.answer(SearchServer::take);
  world.life.walk_to(world.life.clock.now() + 21min);
  const auto all = world.submissions();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0], all[1]) << "what was refused goes first";
  EXPECT_THAT(all[2], SizeIs(10)) << "then all that was uploaded, together";
  EXPECT_THAT(world.eye.looks, SizeIs(2)) << "nor was the host asked for its key file with every upload";
}

TEST(SearchEngines, EndWithADisconnection) {
  World world;
  world.eye.sight = {FileSight::What::kOther, "404"};
  const auto connection = world.deploy();
  world.life.turn();
  world.life.happen(connection.id, model::Disconnected{});
  world.eye.sight = {FileSight::What::kThere, ""};
  world.life.walk_to(world.life.clock.now() + 24h);
  EXPECT_THAT(world.submissions(), IsEmpty());
  EXPECT_THAT(world.eye.looks, SizeIs(1));
}

TEST(SearchEngines, KeepToTheDirectoryOfTheKeyFile) {
  World world(World::Google::kNotConfigured, "/ai/key.txt");
  world.upload({.replaced = {{model::PageKind::kQa, {"/ai/a/", "/b/"}}}, .removed = {}, .added = {}, .hashes = {}});
  world.deploy();
  world.life.turn();
  EXPECT_THAT(world.submissions(), ElementsAre(ElementsAre("https://www.shop.example/ai/a/")));
}

TEST(SearchEngines, VerifyThenSubmitTheSitemap) {
  World world;
  const auto created = world.life.create();
  EXPECT_EQ(world.start_google().token, cloud::testing::kVerificationToken);
  EXPECT_EQ(world.view(created).search.google, model::GoogleStatus::kPending);
  world.life.happen(created.id, model::StepMarked{1});
  world.life.happen(created.id, model::CertificateIssued{});
  const auto connection = world.life.happen(created.id, model::StepMarked{2});
  world.life.turn();
  EXPECT_EQ(world.view(connection).search.google, model::GoogleStatus::kVerified);
  const auto sites = world.server.calls_of(cloud::testing::kSitesPath);
  ASSERT_THAT(sites, SizeIs(2));
  EXPECT_THAT(sites[1].target, HasSubstr("https%3A%2F%2Fwww.shop.example%2Fsitemap.xml"));
  EXPECT_THAT(world.submissions(), SizeIs(1));
  EXPECT_THAT(world.life.job(connection.id, JobKind::kSearchSubmission).outcome,
              HasSubstr("Google has verified shop.example"));
}

TEST(SearchEngines, SubmitUrlsThoughGoogleNeverVerifies) {
  World world;
  const auto connection = world.deploy();
  world.life.turn();
  world.answer(cloud::testing::kVerifyPath, {400, R"({"error":{"message":"not found"}})"});
  EXPECT_EQ(world.start_google().status, model::GoogleStatus::kPending);
  world.upload({.replaced = {{model::PageKind::kQa, {"/a/"}}}, .removed = {}, .added = {}, .hashes = {}});
  world.life.walk_to(world.life.clock.now() + 100s);
  EXPECT_THAT(world.submissions(), SizeIs(1)) << "Google is asked first";
  world.life.walk_to(world.life.clock.now() + 100s);
  EXPECT_THAT(world.server.calls_of(cloud::testing::kVerifyPath), SizeIs(12));
  EXPECT_THAT(world.submissions(), SizeIs(2));
  EXPECT_THAT(world.server.calls_of(cloud::testing::kSitesPath), IsEmpty());
  EXPECT_EQ(world.view(connection).search.google, model::GoogleStatus::kPending);
}

TEST(SearchEngines, SubmitUrlsThoughGooglesQuotaIsUsedUp) {
  World world;
  world.answer(cloud::testing::kVerifyPath, {429, "{}", "Retry-After: 3600\r\n"});
  const auto created = world.life.create();
  world.start_google();
  world.life.happen(created.id, model::StepMarked{1});
  world.life.happen(created.id, model::CertificateIssued{});
  const auto connection = world.life.happen(created.id, model::StepMarked{2});
  world.life.walk_to(world.life.clock.now() + 3min);
  EXPECT_THAT(world.server.calls_of(cloud::testing::kVerifyPath), SizeIs(1));
  EXPECT_THAT(world.submissions(), SizeIs(1));
  world.upload({.replaced = {{model::PageKind::kQa, {"/a/"}}}, .removed = {}, .added = {}, .hashes = {}});
  world.life.walk_to(world.life.clock.now() + 1min);
  EXPECT_THAT(world.submissions(), SizeIs(2));
  world.server.answer(SearchServer::take);
  world.life.walk_to(world.life.clock.now() + 1h);
  EXPECT_EQ(world.step(connection, SearchStep::kSitemap).state, StepState::kDone);
}

TEST(SearchEngines, CompleteAVerificationByHand) {
  World world;
  const auto connection = world.deploy();
  world.life.turn();
  EXPECT_THAT(world.complete_google().trouble, HasSubstr("start-google-verification"));
  world.answer(cloud::testing::kVerifyPath, {400, "{}"});
  world.start_google();
  const auto unseen = world.complete_google();
  EXPECT_THAT(unseen.trouble, HasSubstr("TXT record"));
  EXPECT_EQ(unseen.status, model::GoogleStatus::kPending);
  world.server.answer(SearchServer::take);
  EXPECT_EQ(world.complete_google().status, model::GoogleStatus::kVerified);
  world.life.walk_to(world.life.clock.now() + 1min);
  EXPECT_EQ(world.step(connection, SearchStep::kSitemap).state, StepState::kDone);
}

TEST(SearchEngines, SayThatGoogleIsNotConfigured) {
  World world(World::Google::kNotConfigured);
  const auto connection = world.deploy();
  EXPECT_THAT(world.start_google().trouble, HasSubstr("search.google_credentials_file"));
  EXPECT_THAT(world.complete_google().trouble, HasSubstr("search.google_credentials_file"));
  world.life.turn();
  EXPECT_EQ(world.step(connection, SearchStep::kGoogleVerification).state, StepState::kSkipped);
  EXPECT_THAT(world.life.job(connection.id, JobKind::kSearchSubmission).outcome,
              HasSubstr("search.google_credentials_file"));
}

TEST(SearchEngines, ResubmitTheSitemapOfAVerifiedDomainAlone) {
  World world;
  world.deploy();
  world.life.turn();
  EXPECT_THAT(world.resubmit_sitemap().trouble, HasSubstr("not verified"));
  world.start_google();
  world.complete_google();
  EXPECT_EQ(world.resubmit_sitemap().trouble, "");
  EXPECT_THAT(world.server.calls_of(cloud::testing::kSitesPath), SizeIs(2));
}

TEST(SearchEngines, SubmitWhatIsReportedOnTheConnectedHost) {
  World world;
  world.upload({.replaced = {{model::PageKind::kCore, {"/"}}}, .removed = {}, .added = {}, .hashes = {}});
  world.deploy();
  const auto answer =
      must(world.submit("https://shop.example",
                        {"https://shop.example/", "https://www.shop.example/b?c", "https://acme.searchcompany.dev/b"}));
  EXPECT_EQ(answer.trouble, "");
  EXPECT_EQ(answer.submitted, 2U);
  EXPECT_EQ(answer.accepted, 2U);
  EXPECT_EQ(answer.rejected, 1U);
  EXPECT_EQ(answer.http_status, 200);
  EXPECT_THAT(world.submissions(),
              ElementsAre(ElementsAre("https://www.shop.example/", "https://www.shop.example/b?c")));
  world.life.turn();
  EXPECT_THAT(world.submissions(), SizeIs(1)) << "the job has nothing left to tell";
}

TEST(SearchEngines, SubmitNoReportForAHostThatIsNotConnected) {
  World world;
  world.life.create();
  const auto early = world.submit("https://www.shop.example", {"https://www.shop.example/"});
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().kind, Kind::kNotFound);
  const auto nonsense = world.submit("https://www.shop.example", {"https://www.shop.example/", "ftp://x"});
  ASSERT_FALSE(nonsense.has_value());
  EXPECT_EQ(nonsense.error().member, "urls[1]");
  EXPECT_THAT(world.submissions(), IsEmpty());
}

TEST(SearchEngines, SayWhyAReportWasNotTaken) {
  World world;
  world.deploy();
  world.answer(cloud::testing::kIndexNowPath, {429, ""});
  const auto answer = must(world.submit("https://www.shop.example", {"https://www.shop.example/"}));
  EXPECT_THAT(answer.trouble, HasSubstr("429"));
  EXPECT_EQ(answer.submitted, 1U);
  EXPECT_EQ(answer.accepted, 0U);
  EXPECT_EQ(answer.rejected, 1U);
}

}  // namespace
}  // namespace signpost::services
