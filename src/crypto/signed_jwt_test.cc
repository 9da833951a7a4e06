// SPDX-License-Identifier: Apache-2.0
#include "crypto/signed_jwt.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include "crypto/jwt.h"
#include "crypto/openssl_handle.h"
#include "crypto/private_key_state.h"
#include "crypto/public_key.h"

namespace signpost::crypto {
namespace {

std::string number_of(const PrivateKey& key, const char* name) {
  BIGNUM* found = nullptr;
  require(EVP_PKEY_get_bn_param(key.state().key.get(), name, &found), "a number of the key");
  const Number number(found);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), octets(bytes));
  return bytes;
}

TEST(SignedJwt, IsVerifiedByThePublicKey) {
  const auto key = PrivateKey::generate(KeyType::kRsa2048);
  const auto token = sign_rs256(R"({"iss":"robot@project.example","exp":1780000000})", "key-1", key);
  ASSERT_TRUE(token.has_value()) << token.error().message;
  const auto read = UnverifiedToken::parse(*token);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->claims().issuer, "robot@project.example");
  EXPECT_EQ(read->claims().key_id, "key-1");
  const auto own =
      PublicKey::rsa("key-1", number_of(key, OSSL_PKEY_PARAM_RSA_N), number_of(key, OSSL_PKEY_PARAM_RSA_E));
  EXPECT_TRUE(read->verify(own.value()).has_value());
  const auto other = PrivateKey::generate(KeyType::kRsa2048);
  const auto foreign =
      PublicKey::rsa("key-1", number_of(other, OSSL_PKEY_PARAM_RSA_N), number_of(other, OSSL_PKEY_PARAM_RSA_E));
  EXPECT_FALSE(read->verify(foreign.value()).has_value());
}

TEST(SignedJwt, NeedsAnRsaKey) {
  const auto token = sign_rs256("{}", "", PrivateKey::generate(KeyType::kEcdsaP256));
  ASSERT_FALSE(token.has_value());
  EXPECT_EQ(token.error().kind, Kind::kUnprocessable);
}

TEST(SignedJwt, RefusesKeyIdsThatWouldBreakTheHeader) {
  const auto key = PrivateKey::generate(KeyType::kRsa2048);
  EXPECT_TRUE(sign_rs256("{}", std::string(kKeyIdBytesMax, 'k'), key).has_value());
  EXPECT_FALSE(sign_rs256("{}", std::string(kKeyIdBytesMax + 1, 'k'), key).has_value());
  EXPECT_FALSE(sign_rs256("{}", R"(a","alg":"none)", key).has_value());
}

}  // namespace
}  // namespace signpost::crypto
