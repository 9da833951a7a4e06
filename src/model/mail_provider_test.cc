// SPDX-License-Identifier: Apache-2.0
#include "model/mail_provider.h"

#include <gtest/gtest.h>

#include <utility>

namespace signpost::model {
namespace {

std::optional<MailProvider> provider(std::string_view exchange) {
  return provider_of(DnsName::parse(exchange).value());
}

TEST(MailProvider, IsToldByTheExchange) {
  for (const auto& [exchange, expected] : {std::pair{"aspmx.l.google.com", MailProvider::kGoogle},
                                           {"ALT1.ASPMX.L.GOOGLE.COM.", MailProvider::kGoogle},
                                           {"aspmx2.googlemail.com", MailProvider::kGoogle},
                                           {"smtp.google.com", MailProvider::kGoogle},
                                           {"shop-example.mail.protection.outlook.com", MailProvider::kMicrosoft},
                                           {"shop-example.o-v1.mx.microsoft", MailProvider::kMicrosoft},
                                           {"mx2.zoho.eu", MailProvider::kZoho}}) {
    EXPECT_EQ(provider(exchange), expected) << exchange;
  }
}

TEST(MailProvider, IsNotToldByANameThatOnlyLooksLikeOne) {
  for (const auto* exchange : {"mail.shop.example", "notgooglemail.com", "aspmx.l.google.com.evil.example",
                               "outlook.com.shop.example", "google.com"}) {
    EXPECT_FALSE(provider(exchange)) << exchange;
  }
}

TEST(MailProvider, NamesCanBeReadBack) {
  for (const auto one : kMailProviders) EXPECT_EQ(parse_mail_provider(name_of(one)), one);
  EXPECT_FALSE(parse_mail_provider("Google"));
}

}  // namespace
}  // namespace signpost::model
