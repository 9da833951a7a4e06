// SPDX-License-Identifier: Apache-2.0
#include "base/mail_address.h"

#include <gtest/gtest.h>

namespace signpost {
namespace {

TEST(MailAddress, HasOneCanonicalForm) {
  EXPECT_EQ(MailAddress::parse("Ops.Team+dns@SaaS.Example.")->text(), "Ops.Team+dns@saas.example");
  EXPECT_EQ(MailAddress::parse("ops@münchen.example")->text(), "ops@xn--mnchen-3ya.example");
  EXPECT_EQ(MailAddress::parse("root@localhost")->host(), "localhost");
}

TEST(MailAddress, RefusesWhatCouldBreakAHeaderOrACommand) {
  for (const auto& text : {std::string(),
                           std::string("ops"),
                           std::string("@saas.example"),
                           std::string("ops@"),
                           std::string("ops@saas.example\r\nBcc: all@saas.example"),
                           std::string("ops\r\n@saas.example"),
                           std::string("ops@saas.example\n"),
                           std::string("ops @saas.example"),
                           std::string("<ops@saas.example>"),
                           std::string("Ops <ops@saas.example>"),
                           std::string("a@saas.example,b@saas.example"),
                           std::string("a@saas.example b@saas.example"),
                           std::string("a@b@saas.example"),
                           std::string("\"a b\"@saas.example"),
                           std::string("a..b@saas.example"),
                           std::string(".a@saas.example"),
                           std::string("a.@saas.example"),
                           std::string("ops@[192.0.2.1]"),
                           std::string("ops@saas_example.example"),
                           std::string("ops@*.example"),
                           std::string("ops@."),
                           std::string("o\0ps@saas.example", 17),
                           std::string("öps@saas.example")}) {
    const auto parsed = MailAddress::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, Kind::kUnprocessable);
  }
}

TEST(MailAddress, IsBounded) {
  EXPECT_TRUE(MailAddress::parse(std::string(64, 'a') + "@saas.example"));
  EXPECT_FALSE(MailAddress::parse(std::string(65, 'a') + "@saas.example"));
  std::string host;
  for (int i = 0; i < 3; ++i) host += std::string(60, 'a') + ".";
  EXPECT_TRUE(MailAddress::parse(std::string(64, 'a') + "@" + host + "a"));
  EXPECT_FALSE(MailAddress::parse(std::string(64, 'a') + "@" + host + std::string(10, 'a')));
}

}  // namespace
}  // namespace signpost
