// SPDX-License-Identifier: Apache-2.0
#include "store/pages.h"

#include <gmock/gmock.h>

#include "store/applications.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ApplicationId kApplication{1};

class Pages : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    must([](Tx& tx) { return insert_tenant(tx, 1); });
  }
  static model::Page page(std::int64_t id, std::string path) {
    return {model::PageId(id), model::PageKind::kQa, std::move(path), "hash", kNow};
  }
  void add(const model::Page& page, std::string_view organization = "acme") {
    must([&](Tx& tx) { return pages::insert(tx, kApplication, organization, page); });
  }
  std::vector<model::Page> all(std::string_view organization = "acme") {
    return must([&](Tx& tx) { return pages::list_all(tx, kApplication, organization); });
  }
};

TEST_P(Pages, AreReadAsTheyWereWritten) {
  auto written = page(7, "/what-is-acme/?a=%C3%A9");
  written.kind = model::PageKind::kBoosted;
  add(written);
  ASSERT_THAT(all(), SizeIs(1));
  const auto read = all().front();
  EXPECT_EQ(read.id, written.id);
  EXPECT_EQ(read.kind, written.kind);
  EXPECT_EQ(read.path, written.path);
  EXPECT_EQ(read.hash, written.hash);
  EXPECT_EQ(read.updated_at, written.updated_at);
}

TEST_P(Pages, StandOnceInAnOrganizationsSet) {
  add(page(1, "/a"));
  const auto again = write([&](Tx& tx) { return pages::insert(tx, kApplication, "acme", page(2, "/a")); });
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().kind, Kind::kConflict);
  add(page(3, "/a"), "beta");
  EXPECT_THAT(all("beta"), SizeIs(1));
}

TEST_P(Pages, AreListedNewestFirst) {
  for (int i = 1; i <= 3; ++i) add(page(i, "/" + std::to_string(i)));
  const auto first = must([](Tx& tx) { return pages::list(tx, kApplication, "acme", {.after = {}, .limit = 2}); });
  ASSERT_THAT(first.items, SizeIs(2));
  EXPECT_TRUE(first.has_more);
  EXPECT_EQ(first.items.front().path, "/3");
  const auto second =
      must([&](Tx& tx) { return pages::list(tx, kApplication, "acme", {.after = first.items.back().id, .limit = 2}); });
  ASSERT_THAT(second.items, SizeIs(1));
  EXPECT_EQ(second.items.front().path, "/1");
}

TEST_P(Pages, GoWithTheirApplication) {
  add(page(1, "/a"));
  EXPECT_EQ(must([](Tx& tx) { return pages::count(tx, kApplication, "acme", model::PageKind::kQa); }), 1);
  must([](Tx& tx) { return applications::remove(tx, kApplication); });
  EXPECT_THAT(all(), IsEmpty());
}

ON_BOTH_DATABASES(Pages);

}  // namespace
}  // namespace signpost::store
