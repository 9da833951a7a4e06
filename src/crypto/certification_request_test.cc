// SPDX-License-Identifier: Apache-2.0
#include "crypto/certification_request.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/testing/test_issuer.h"

namespace signpost::crypto {
namespace {

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

TEST(CertificationRequest, NamesWhatItIsFor) {
  const std::vector names{name("shop.example"), name("*.shop.example"), name("xn--mnchen-3ya.example")};
  for (const auto type : {KeyType::kEcdsaP256, KeyType::kRsa2048}) {
    const auto request = make_certification_request(PrivateKey::generate(type), names);
    ASSERT_TRUE(request.has_value()) << request.error().message;
    const auto facts = testing::read_request(*request);
    ASSERT_TRUE(facts.has_value()) << facts.error().message;
    EXPECT_EQ(facts->names, names);
  }
}

TEST(CertificationRequest, RefusesNamesThatNoCertificateMayHave) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  for (const auto* text : {".", "_acme-challenge.shop.example"}) {
    const auto request = make_certification_request(key, {name(text)});
    ASSERT_FALSE(request.has_value()) << text;
    EXPECT_EQ(request.error().kind, Kind::kUnprocessable);
  }
  EXPECT_FALSE(make_certification_request(key, {}).has_value());
}

TEST(CertificationRequest, TakesAHundredNamesAndNoMore) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  std::vector<DnsName> names;
  for (std::size_t i = 0; i < kRequestNamesMax; ++i) names.push_back(name(format("shop{}.example", i)));
  EXPECT_TRUE(make_certification_request(key, names).has_value());
  names.push_back(name("one-more.example"));
  EXPECT_FALSE(make_certification_request(key, names).has_value());
}

}  // namespace
}  // namespace signpost::crypto
