// SPDX-License-Identifier: Apache-2.0
#include "crypto/private_key.h"

#include <gtest/gtest.h>

#include "crypto/openssl_handle.h"

namespace signpost::crypto {
namespace {

TEST(PrivateKey, OutlivesItsPem) {
  for (const auto type : {KeyType::kEcdsaP256, KeyType::kRsa2048}) {
    const auto key = PrivateKey::generate(type);
    const auto pem = key.to_pem();
    EXPECT_TRUE(pem.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = PrivateKey::from_pem(pem);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->type(), type);
    EXPECT_EQ(again->to_pem().expose(), pem.expose());
  }
}

TEST(PrivateKey, IsNewEachTime) {
  EXPECT_NE(PrivateKey::generate(KeyType::kEcdsaP256).to_pem().expose(),
            PrivateKey::generate(KeyType::kEcdsaP256).to_pem().expose());
}

TEST(PrivateKey, TypesHaveNames) {
  for (const auto type : {KeyType::kEcdsaP256, KeyType::kRsa2048}) EXPECT_EQ(parse_key_type(name_of(type)), type);
  EXPECT_FALSE(parse_key_type("rsa-1024"));
}

TEST(PrivateKey, ReadsTheOlderForms) {
  // openssl ecparam -name prime256v1 -genkey -noout; guards nothing.
  const auto key = PrivateKey::from_pem(Secret(R"(-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGLpejsFdV0tYFLNA3K91MktzTpNWYVMI9BkX2xTY/vioAoGCCqGSM49
AwEHoUQDQgAEff4NdQTbyomUCPK2wjX0lEo/JpDe+tDgkCSud+Upc3we0sfpBuJS
7kOBSE32HNQbYZ1iq2qizbqwp5IAHHJ5NA==
-----END EC PRIVATE KEY-----
)"));
  ASSERT_TRUE(key.has_value()) << key.error().message;
  EXPECT_EQ(key->type(), KeyType::kEcdsaP256);
}

TEST(PrivateKey, RefusesWhatItCannotUseAndRepeatsNoneOfIt) {
  for (const std::string text : {"", "hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"}) {
    const auto key = PrivateKey::from_pem(Secret(text));
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().kind, Kind::kUnprocessable);
    EXPECT_EQ(key.error().message.find("hunter2"), std::string::npos);
  }
  EXPECT_FALSE(PrivateKey::from_pem(Secret(std::string(17 * 1024, 'a'))).has_value());
}

TEST(PrivateKey, RefusesOtherCurvesAndPassphrases) {
  const auto larger = PrivateKey::from_pem(Secret(R"(-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDDY7Mfu8BdGOshBrwB0rVk0028/gqu8JapvouhU/w8+rGezYStUAHNM
eZqCb7hltv+gBwYFK4EEACKhZANiAASVlpA+c4Ut4VIjgDIghNN2HscJs+KZX4eq
QHk+h1w9sSGyWJFF22fjRYrgvHVB3lbdzfyu6RH1VKQp/KuCIk1CExDnHuQDl26A
cbtj44htIEbiNZzs/dJkyh3rtfO3XRo=
-----END EC PRIVATE KEY-----
)"));
  ASSERT_FALSE(larger.has_value());
  EXPECT_NE(larger.error().message.find("P-256"), std::string::npos);
  const auto encrypted = PrivateKey::from_pem(Secret(R"(-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,C405E1FE34A3B20F32A484CAE93FCF9E

aVFs4KZKQoiIpjZHy/d8R72+5vcmq99Rvxp5ZvoTY6+D9Zd5SSfv8rbX56MECOZ3
A2sedONcN1NNY2PcIVV6x1+NC4/Fd6g/FsFQDszejXi3ua7JVVDeQdLtykBmyrcQ
sZgXm4P28RtJI5b3itQp5aYREYNR46ojGHOXYItzTeE=
-----END EC PRIVATE KEY-----
)"));
  ASSERT_FALSE(encrypted.has_value());
  EXPECT_NE(encrypted.error().message.find("passphrase"), std::string::npos);
}

TEST(PrivateKey, LeavesNoErrorBehindForTls) {
  ERR_clear_error();
  EXPECT_FALSE(PrivateKey::from_pem(Secret("nonsense")).has_value());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace signpost::crypto
