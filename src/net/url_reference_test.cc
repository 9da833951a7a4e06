// SPDX-License-Identifier: Apache-2.0
#include "net/url_reference.h"

#include <gtest/gtest.h>

namespace signpost::net {
namespace {

std::string resolved(std::string_view reference) {
  const auto base = Url::parse("https://ca.example:8443/acme/v2/order?x=1").value();
  const auto url = resolve(base, reference);
  return url ? url->text() : "refused";
}

TEST(UrlReference, IsRelativeToWhatWasAsked) {
  EXPECT_EQ(resolved("https://other.example/a?b=c"), "https://other.example/a?b=c");
  EXPECT_EQ(resolved("//other.example/a"), "https://other.example/a");
  EXPECT_EQ(resolved("/order/1"), "https://ca.example:8443/order/1");
  EXPECT_EQ(resolved("1?full"), "https://ca.example:8443/acme/v2/1?full");
  EXPECT_EQ(resolved("../v3/./1"), "https://ca.example:8443/acme/v3/1");
  EXPECT_EQ(resolved("?y=2"), "https://ca.example:8443/acme/v2/order?y=2");
  EXPECT_EQ(resolved("/a#part"), "https://ca.example:8443/a");
  EXPECT_EQ(resolved(""), "https://ca.example:8443/acme/v2/order?x=1");
}

TEST(UrlReference, IsHeldToTheRulesOfUrls) {
  for (const auto* reference : {"ftp://other.example/", "https://user@other.example/", "https://127.1/", "a b", "/%zz",
                                "https://", "mailto:a@b.example", "../../../1", "../../.."}) {
    EXPECT_EQ(resolved(reference), "refused") << reference;
  }
  EXPECT_EQ(resolved("/" + std::string(Url::bytes_max, 'a')), "refused");
}

}  // namespace
}  // namespace signpost::net
