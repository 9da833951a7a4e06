// SPDX-License-Identifier: Apache-2.0
#include "services/pages.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "services/testing/life.h"

namespace signpost::services {
namespace {

using model::PageKind;
using ::testing::HasSubstr;
using testing::must;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

struct World {
  Result<PageChange> upload(PageUpload what, std::string organization = "acme") {
    return life.run(pages.upload(life.world.application.id, std::move(organization), std::move(what)));
  }
  static PageUpload replacing(PageKind kind, std::vector<std::string> paths) {
    return {.replaced = {{kind, std::move(paths)}}, .removed = {}, .added = {}, .hashes = {}};
  }
  static PageUpload adding(PageKind kind, std::vector<std::string> paths) {
    return {.replaced = {}, .removed = {}, .added = {{kind, std::move(paths)}}, .hashes = {}};
  }
  std::vector<std::string> paths(std::optional<PageKind> kind = std::nullopt) {
    std::vector<std::string> found;
    const auto page = must(life.run(pages.list(life.world.application.id, "acme", {.after = {}, .limit = 100})));
    for (const auto& item : page.items) {
      if (!kind || item.kind == *kind) found.push_back(item.path);
    }
    return found;
  }
  testing::Life life;
  Pages pages{life.world.storage, life.bell, life.clock, life.world.ids};
};

TEST(PagePath, IsThatOfAPathOrAUrl) {
  EXPECT_EQ(must(parse_page_path("/what-is-acme/?a=b")), "/what-is-acme/?a=b");
  EXPECT_EQ(must(parse_page_path("https://acme.searchcompany.dev/what/")), "/what/");
  EXPECT_EQ(must(parse_page_path("http://shop.example")), "/");
}

TEST(PagePath, IsNothingElse) {
  for (const auto* text : {"", "what/", "//shop.example/", "/with blank", "/a#b", "/\xC3\xA9", "ftp://shop.example/",
                           "javascript:alert(1)", "/a\nb", "/%zz"}) {
    EXPECT_FALSE(parse_page_path(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_page_path("/" + std::string(model::kPagePathBytesMax - 1, 'a')).has_value());
  EXPECT_FALSE(parse_page_path("/" + std::string(model::kPagePathBytesMax, 'a')).has_value());
}

TEST(Pages, AreTheCorePagesAtFirst) {
  World world;
  EXPECT_THAT(world.paths(), UnorderedElementsAre("/", "/llms.txt", "/sitemap.xml", "/robots.txt", "/data.json"));
  const auto change = must(world.upload(World::adding(PageKind::kQa, {"/a/"})));
  EXPECT_EQ(change.of_kind[static_cast<std::size_t>(PageKind::kCore)], 5U);
  EXPECT_EQ(change.of_kind[static_cast<std::size_t>(PageKind::kQa)], 1U);
  EXPECT_THAT(world.paths(), SizeIs(6));
}

TEST(Pages, OfAKindAreReplacedWhole) {
  World world;
  must(world.upload(World::replacing(PageKind::kQa, {"/a/", "/b/"})));
  const auto change = must(world.upload(World::replacing(PageKind::kQa, {"/b/", "/c/", "/c/"})));
  EXPECT_EQ(change.added, 1U);
  EXPECT_EQ(change.removed, 1U);
  EXPECT_EQ(change.changed, 0U);
  EXPECT_THAT(world.paths(PageKind::kQa), UnorderedElementsAre("/b/", "/c/"));
  EXPECT_THAT(world.paths(PageKind::kCore), SizeIs(5));
  must(world.upload(World::replacing(PageKind::kCore, {"/"})));
  EXPECT_THAT(world.paths(PageKind::kCore), UnorderedElementsAre("/"));
  must(world.upload(World::replacing(PageKind::kCore, {})));
  EXPECT_THAT(world.paths(PageKind::kCore), SizeIs(5));
}

TEST(Pages, AreAddedAndRemovedOneByOne) {
  World world;
  must(world.upload(World::adding(PageKind::kBoosted, {"/a/", "/b/"})));
  const auto change = must(world.upload({.replaced = {}, .removed = {"/a/", "/unknown/"}, .added = {}, .hashes = {}}));
  EXPECT_EQ(change.removed, 1U);
  EXPECT_THAT(world.paths(PageKind::kBoosted), UnorderedElementsAre("/b/"));
}

TEST(Pages, HaveHashesOfTheirContent) {
  World world;
  auto upload = World::adding(PageKind::kQa, {"/a/"});
  upload.hashes = {{"/a/", "h1"}};
  EXPECT_EQ(must(world.upload(upload)).added, 6U) << "and the core pages";
  EXPECT_EQ(must(world.upload(upload)).changed, 0U);
  upload.hashes = {{"/a/", "h2"}};
  EXPECT_EQ(must(world.upload(upload)).changed, 1U);
  upload.hashes = {{"/b/", "h2"}};
  const auto unknown = world.upload(upload);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().member, "page_hashes");
  EXPECT_THAT(unknown.error().message, HasSubstr("/b/"));
}

TEST(Pages, AreNoMoreThanTheirMost) {
  World world;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < model::kPagesMax - 1; ++i) paths.push_back(format("/{}", i));
  auto upload = World::replacing(PageKind::kQa, std::move(paths));
  upload.replaced.push_back({PageKind::kCore, {"/"}});
  EXPECT_EQ(must(world.upload(std::move(upload))).added, model::kPagesMax);
  const auto more = world.upload(World::adding(PageKind::kQa, {"/one-more"}));
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().kind, Kind::kTooLarge);
}

TEST(Pages, HaveNoMoreBytesThanTheirMost) {
  World world;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i * 1000 <= model::kPagesBytesMax; ++i) paths.push_back(format("/{:0999}", i));
  const auto refused = world.upload(World::replacing(PageKind::kQa, std::move(paths)));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Kind::kTooLarge);
}

TEST(Pages, BelongToAnOrganizationThatCanBe) {
  World world;
  const auto refused = world.upload(World::adding(PageKind::kQa, {"/a/"}), "no slug");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().member, "organization");
}

}  // namespace
}  // namespace signpost::services
