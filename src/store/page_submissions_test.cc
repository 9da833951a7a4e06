// SPDX-License-Identifier: Apache-2.0
#include "store/page_submissions.h"

#include <gmock/gmock.h>

#include "store/connections.h"
#include "store/pages.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ApplicationId kApplication{1};
constexpr ConnectionId kConnection{100};

class PageSubmissions : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      TRY_VOID(connections::insert(tx, connection(kConnection.value(), kApplication)));
      return connections::insert(tx, connection(101, kApplication, "beta", "www.beta.example"));
    });
  }
  void add(std::int64_t id, std::string path, std::string hash = "", std::string_view organization = "acme") {
    const model::Page page{model::PageId(id), model::PageKind::kQa, std::move(path), std::move(hash), kNow};
    must([&](Tx& tx) { return pages::insert(tx, kApplication, organization, page); });
  }
  void change(std::int64_t id, std::string hash) {
    const model::Page page{model::PageId(id), model::PageKind::kQa, "", std::move(hash), kNow};
    must([&](Tx& tx) { return pages::update(tx, kApplication, "acme", page); });
  }
  void remove(std::int64_t id) {
    must([&](Tx& tx) { return pages::remove(tx, kApplication, "acme", model::PageId(id)); });
  }
  std::int64_t open(std::int32_t limit = 100, std::string_view below = "/") {
    return must([&](Tx& tx) { return page_submissions::open_batch(tx, kConnection, below, limit); });
  }
  std::vector<std::string> batch() {
    return must([&](Tx& tx) { return page_submissions::list_batch(tx, kConnection, 100); });
  }
  void close() {
    must([&](Tx& tx) { return page_submissions::close_batch(tx, kConnection, kNow); });
  }
  bool has_changes() {
    return must([&](Tx& tx) { return page_submissions::has_changes(tx, kConnection, "/"); });
  }
  page_submissions::Counts counts() {
    return must([&](Tx& tx) { return page_submissions::count(tx, kConnection, "/"); });
  }
};

TEST_P(PageSubmissions, TakeWhatWasNotSubmittedYetAndOnlyOnce) {
  add(1, "/b", "h1");
  add(2, "/a", "h1");
  EXPECT_TRUE(has_changes());
  EXPECT_EQ(open(), 2);
  EXPECT_THAT(batch(), ElementsAre("/a", "/b"));
  EXPECT_EQ(open(), 0) << "what is on its way is not marked again";
  EXPECT_TRUE(has_changes());
  close();
  EXPECT_FALSE(has_changes());
  EXPECT_EQ(open(), 0);
  EXPECT_THAT(batch(), IsEmpty());
  EXPECT_EQ(counts().submitted, 2);
  EXPECT_EQ(counts().waiting, 0);
}

TEST_P(PageSubmissions, StayOnTheirWayUntilTheOutcomeIsSaved) {
  add(1, "/a");
  open();
  EXPECT_THAT(batch(), ElementsAre("/a"));
  EXPECT_THAT(batch(), ElementsAre("/a"));
}

TEST_P(PageSubmissions, TakeAPageAgainWhenItsContentIsAnother) {
  add(1, "/a", "h1");
  open();
  close();
  change(1, "h1");
  EXPECT_FALSE(has_changes());
  change(1, "h2");
  EXPECT_EQ(counts().waiting, 1);
  EXPECT_EQ(open(), 1);
  close();
  EXPECT_FALSE(has_changes());
}

TEST_P(PageSubmissions, TakeWhatChangedWhileItWasOnItsWayOnceMore) {
  add(1, "/a", "h1");
  open();
  change(1, "h2");
  close();
  EXPECT_TRUE(has_changes());
}

TEST_P(PageSubmissions, TellThatAPageIsGoneOnce) {
  add(1, "/a", "h1");
  open();
  close();
  remove(1);
  EXPECT_TRUE(has_changes());
  EXPECT_EQ(open(), 1);
  EXPECT_THAT(batch(), ElementsAre("/a"));
  close();
  EXPECT_FALSE(has_changes());
  add(2, "/a", "h1");
  EXPECT_TRUE(has_changes()) << "it has come back";
}

TEST_P(PageSubmissions, SayNothingOfAPageThatWasGoneBeforeAnybodyKnewIt) {
  add(1, "/a", "h1");
  remove(1);
  EXPECT_FALSE(has_changes());
}

TEST_P(PageSubmissions, WaitAgainWhenTheyAreCancelled) {
  add(1, "/a", "h1");
  add(2, "/b", "h1");
  open();
  close();
  change(1, "h2");
  remove(2);
  add(3, "/c", "h1");
  EXPECT_EQ(open(), 3);
  must([&](Tx& tx) { return page_submissions::cancel_batch(tx, kConnection); });
  EXPECT_THAT(batch(), IsEmpty());
  EXPECT_EQ(counts().submitted, 2);
  EXPECT_EQ(counts().waiting, 3);
  EXPECT_EQ(open(), 3);
}

TEST_P(PageSubmissions, OfPagesThatWereReportedOtherwiseAreOver) {
  add(1, "/a", "h1");
  add(2, "/b", "h1");
  must([&](Tx& tx) { return page_submissions::mark_submitted(tx, kConnection, {"/a", "/elsewhere"}, kNow); });
  EXPECT_EQ(open(), 1);
  EXPECT_THAT(batch(), ElementsAre("/b"));
}

TEST_P(PageSubmissions, GoBatchByBatch) {
  for (int i = 1; i <= 5; ++i) add(i, "/" + std::to_string(i), "h");
  EXPECT_EQ(open(2), 2);
  EXPECT_THAT(batch(), ElementsAre("/1", "/2"));
  close();
  EXPECT_EQ(open(2), 2);
  EXPECT_THAT(batch(), ElementsAre("/3", "/4"));
  close();
  EXPECT_EQ(open(2), 1);
}

TEST_P(PageSubmissions, AreOfTheConnectionsOrganizationAlone) {
  add(1, "/theirs", "h", "beta");
  EXPECT_FALSE(has_changes());
  EXPECT_EQ(open(), 0);
}

TEST_P(PageSubmissions, KeepToTheDirectoryOfTheKeyFile) {
  add(1, "/ai/a", "h");
  add(2, "/b", "h");
  EXPECT_EQ(open(100, "/ai/"), 1);
  EXPECT_THAT(batch(), ElementsAre("/ai/a"));
}

ON_BOTH_DATABASES(PageSubmissions);

}  // namespace
}  // namespace signpost::store
