// SPDX-License-Identifier: Apache-2.0
#include "cloud/cloudfront_types.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::cloud {
namespace {

NewDistribution good() {
  return {.caller_reference = "con_1",
          .comment = "signpost",
          .customer = {"origin.shop.example", DistributionOrigin::AsksFor::kViewerHost},
          .pages = {"my-company.pages.example"},
          .pages_paths = {"/ai/*", "/llms.txt"},
          .tags = {}};
}

TEST(DistributionId, HoldsCapitalLettersAndDigitsOnly) {
  EXPECT_EQ(DistributionId::parse("E1A2B3").value().text(), "E1A2B3");
  for (const std::string text : {"", "e1", "E1/config", "E1?x", "E1 "})
    EXPECT_FALSE(DistributionId::parse(text)) << text;
  EXPECT_FALSE(DistributionId::parse(std::string(DistributionId::bytes_max + 1, 'E')));
}

TEST(NewDistribution, IsCheckedBeforeItIsSent) {
  EXPECT_TRUE(check(good()));
  auto wrong = good();
  wrong.caller_reference.clear();
  EXPECT_FALSE(check(wrong));
  wrong = good();
  wrong.comment.assign(129, 'a');
  EXPECT_FALSE(check(wrong));
  wrong = good();
  wrong.tags.assign(51, {"a", "b"});
  EXPECT_FALSE(check(wrong));
}

TEST(NewDistribution, TakesPathsAsCloudFrontWritesThemUpToItsQuota) {
  for (const auto* path : {"ai/*", "", "/a b", "/<a>", "/a&b", "/ä"}) {
    auto wrong = good();
    wrong.pages_paths = {path};
    EXPECT_FALSE(check(wrong)) << path;
  }
  auto many = good();
  many.pages_paths.clear();
  while (many.pages_paths.size() < NewDistribution::kPathsMax)
    many.pages_paths.push_back(format("/{}/*", many.pages_paths.size()));
  EXPECT_TRUE(check(many));
  many.pages_paths.push_back("/one-more");
  EXPECT_FALSE(check(many));
  auto twice = good();
  twice.pages_paths = {"/a", "/a"};
  EXPECT_FALSE(check(twice));
}

}  // namespace
}  // namespace signpost::cloud
