// SPDX-License-Identifier: Apache-2.0
#include "acme/link.h"

#include <gtest/gtest.h>

namespace signpost::acme {
namespace {

using Links = std::vector<std::string>;

TEST(Link, IsFoundByItsRelation) {
  const std::vector<net::Header> headers{
      {"Link", R"(<https://ca.example/dir>;rel="index")"},
      {"link", R"(</cert/1/1>; title="a, <b>; rel=x" ;rel="alternate next", </cert/1/2>;REL=alternate)"},
      {"Location", "</cert/1/3>;rel=alternate"}};
  EXPECT_EQ(links_of(headers, "alternate"), (Links{"/cert/1/1", "/cert/1/2"}));
  EXPECT_EQ(links_of(headers, "index"), Links{"https://ca.example/dir"});
  EXPECT_EQ(links_of(headers, "up"), Links{});
}

TEST(Link, ThatCannotBeReadIsSkipped) {
  for (const auto* value :
       {"", "<", "<a", "a>;rel=up", ";rel=up", "<a>", "<a>;", "<a>;rel", "<a>;rel=\"up", "<a>;rel=\"\\", ",,,"}) {
    EXPECT_EQ(links_of({{"Link", value}}, "up"), Links{}) << value;
  }
  EXPECT_EQ(links_of({{"Link", ",, <a>;;rel=up;,"}}, "up"), Links{"a"});
}

TEST(Link, ReadsSoManyAndNoMore) {
  std::string all;
  for (std::size_t i = 0; i <= kLinksMax; ++i) all += "<a>;rel=up,";
  EXPECT_EQ(links_of({{"Link", all}}, "up").size(), kLinksMax);
}

}  // namespace
}  // namespace signpost::acme
