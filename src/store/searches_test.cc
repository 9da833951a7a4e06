// SPDX-License-Identifier: Apache-2.0
#include "store/searches.h"

#include <gmock/gmock.h>

#include "store/connections.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

constexpr ApplicationId kApplication{1};
constexpr ConnectionId kConnection{100};

class Searches : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) -> Result<void> {
      TRY_VOID(insert_tenant(tx, 1));
      return connections::insert(tx, connection(kConnection.value(), kApplication));
    });
  }
  static model::Search search() {
    model::Search search{.connection = kConnection};
    search.google_token = "google-site-verification=abc";
    search.google = model::GoogleStatus::kPending;
    search.deployed_at = kNow;
    search.round = 3;
    search.at(model::SearchStep::kKeyFile) = {.state = model::StepState::kWaiting,
                                              .tries = 4,
                                              .not_before = kNow + Milliseconds(10'000),
                                              .detail = "the key file answers with 404",
                                              .updated_at = kNow};
    search.at(model::SearchStep::kSitemap) = {.state = model::StepState::kFailed, .detail = "no"};
    return search;
  }
  std::optional<model::Search> find() {
    return must([](Tx& tx) { return searches::find(tx, kApplication, kConnection); });
  }
};

TEST_P(Searches, AreReadAsTheyWereWrittenStepByStep) {
  EXPECT_FALSE(find());
  EXPECT_TRUE(must([](Tx& tx) { return searches::insert(tx, search()); }));
  const auto read = find();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->google_token, search().google_token);
  EXPECT_EQ(read->google, model::GoogleStatus::kPending);
  EXPECT_EQ(read->deployed_at, kNow);
  EXPECT_EQ(read->round, 3);
  EXPECT_EQ(read->version, 1);
  EXPECT_EQ(read->steps, search().steps);
}

TEST_P(Searches, AreInsertedOnce) {
  EXPECT_TRUE(must([](Tx& tx) { return searches::insert(tx, search()); }));
  EXPECT_FALSE(must([](Tx& tx) { return searches::insert(tx, search()); }));
}

TEST_P(Searches, AreChangedOnlyByWhoHasReadTheLastVersion) {
  must([](Tx& tx) { return searches::insert(tx, search()); });
  auto changed = search();
  changed.google = model::GoogleStatus::kVerified;
  changed.at(model::SearchStep::kKeyFile).state = model::StepState::kDone;
  EXPECT_TRUE(must([&](Tx& tx) { return searches::update(tx, changed, 1); }));
  EXPECT_FALSE(must([&](Tx& tx) { return searches::update(tx, search(), 1); }));
  EXPECT_EQ(find()->version, 2);
  EXPECT_EQ(find()->steps, changed.steps);
}

TEST_P(Searches, GoWithTheirConnection) {
  must([](Tx& tx) { return searches::insert(tx, search()); });
  EXPECT_TRUE(must([](Tx& tx) { return connections::remove(tx, kApplication, kConnection, kNow); }));
  EXPECT_FALSE(find());
}

ON_BOTH_DATABASES(Searches);

}  // namespace
}  // namespace signpost::store
