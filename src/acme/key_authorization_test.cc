// SPDX-License-Identifier: Apache-2.0
#include "acme/key_authorization.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/digest.h"

namespace signpost::acme {
namespace {

TEST(KeyAuthorization, IsTheTokenAndTheThumbprint) {
  const auto key = crypto::AccountKey::generate();
  EXPECT_EQ(key_authorization(key, "token"), "token." + key.thumbprint());
}

TEST(KeyAuthorization, IsItsDigestInDns) {
  const auto key = crypto::AccountKey::generate();
  const auto value = dns01_value(key, "token");
  EXPECT_EQ(value.size(), 43U);
  EXPECT_EQ(value, to_base64url(crypto::sha256("token." + key.thumbprint())));
}

TEST(KeyAuthorization, StandsBesideTheNameAndForAWildcardBesideItsBase) {
  EXPECT_EQ(dns01_name(DnsName::parse("www.shop.example").value())->text(), "_acme-challenge.www.shop.example");
  EXPECT_EQ(dns01_name(DnsName::parse("*.shop.example").value())->text(), "_acme-challenge.shop.example");
  // 63 + 1 + 63 + 1 + 63 + 1 + 55 = 247 octets: no room for "_acme-challenge.".
  const std::string label(63, 'a');
  EXPECT_FALSE(dns01_name(DnsName::parse(label + "." + label + "." + label + "." + std::string(55, 'a')).value()));
}

}  // namespace
}  // namespace signpost::acme
