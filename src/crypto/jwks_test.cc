// SPDX-License-Identifier: Apache-2.0
#include "crypto/jwks.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/testing/token_signer.h"

namespace signpost::crypto {
namespace {

using testing::TokenSigner;

const TokenSigner& rsa() {
  static const TokenSigner signer(Algorithm::kRs256, "r1");
  return signer;
}
const TokenSigner& ec() {
  static const TokenSigner signer(Algorithm::kEs256, "e1");
  return signer;
}
std::string set_of(std::initializer_list<std::string> keys) {
  std::string joined;
  for (const auto& key : keys) joined += (joined.empty() ? "" : ",") + key;
  return format(R"({{"keys":[{}]}})", joined);
}
std::string with(std::string jwk, std::string_view from, std::string_view to) {
  const auto at = jwk.find(from);
  EXPECT_NE(at, jwk.npos) << from;
  return jwk.replace(at, from.size(), to);
}
std::string refusal(std::string_view text, Kind kind = Kind::kProtocol) {
  const auto keys = KeySet::parse(text);
  if (!keys) EXPECT_EQ(keys.error().kind, kind);
  return keys ? "accepted" : keys.error().message;
}
std::string rsa_key(const std::string& modulus, const std::string& exponent) {
  return format(R"({{"kty":"RSA","n":"{}","e":"{}"}})", to_base64url(modulus), to_base64url(exponent));
}

TEST(KeySet, FindsKeysByIdAndAlgorithm) {
  const auto keys = KeySet::parse(set_of({rsa().jwk(), ec().jwk()}));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->size(), 2U);
  ASSERT_NE(keys->find("r1", Algorithm::kRs256), nullptr);
  EXPECT_EQ(keys->find("r1", Algorithm::kRs256)->id(), "r1");
  EXPECT_EQ(keys->find("r1", Algorithm::kEs256), nullptr);
  EXPECT_EQ(keys->find("r1", Algorithm::kHs256), nullptr);
  EXPECT_EQ(keys->find("r2", Algorithm::kRs256), nullptr);
}

TEST(KeySet, TakesATokenWithoutKeyIdOnlyIfOneKeyCanBeMeant) {
  const auto one = KeySet::parse(set_of({rsa().jwk(), ec().jwk()}));
  EXPECT_EQ(one->find("", Algorithm::kRs256), one->find("r1", Algorithm::kRs256));
  const auto two = KeySet::parse(set_of({rsa().jwk(), with(rsa().jwk(), "r1", "r2")}));
  EXPECT_EQ(two->find("", Algorithm::kRs256), nullptr);
  EXPECT_NE(two->find("r2", Algorithm::kRs256), nullptr);
}

TEST(KeySet, PassesOverKeysThatAreNotMeantForUs) {
  const auto good = ec().jwk();
  for (const auto& other :
       {with(rsa().jwk(), R"("use":"sig")", R"("use":"enc")"), with(rsa().jwk(), "RS256", "PS256"),
        with(rsa().jwk(), "RS256", "HS256"), with(rsa().jwk(), R"("use":"sig")", R"("key_ops":["sign"])"),
        with(ec().jwk(), "P-256", "P-384"), with(ec().jwk(), "ES256", "ES384"),
        std::string(R"({"kty":"oct","k":"c2VjcmV0","alg":"HS256"})"),
        std::string(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"), std::string("{}"), std::string(R"({"kty":7})")}) {
    const auto keys = KeySet::parse(set_of({other, good}));
    ASSERT_TRUE(keys) << other << ": " << keys.error().message;
    EXPECT_EQ(keys->size(), 1U) << other;
  }
}

TEST(KeySet, TakesKeysThatDoNotSayWhatTheyAreFor) {
  EXPECT_EQ(refusal(set_of({with(with(rsa().jwk(), R"("use":"sig",)", ""), R"("alg":"RS256",)", "")})), "accepted");
  EXPECT_EQ(refusal(set_of({with(ec().jwk(), R"("use":"sig")", R"("key_ops":["sign","verify"])")})), "accepted");
}

TEST(KeySet, RefusesWeakAndMonstrousRsaKeys) {
  const std::string f4("\x01\x00\x01", 3);
  const auto odd = [](std::size_t bytes) { return std::string(bytes - 1, '\xff') + '\x01'; };
  EXPECT_NE(refusal(set_of({rsa_key(odd(128), f4)})).find("1024 bits"), std::string::npos);
  EXPECT_NE(refusal(set_of({rsa_key(odd(1025), f4)})).find("8200 bits"), std::string::npos);
  EXPECT_NE(refusal(set_of({rsa_key(odd(9'000), f4)})).find("at most 8192"), std::string::npos);
  EXPECT_NE(refusal(set_of({rsa_key(std::string(256, '\xfe'), f4)})), "accepted");
  EXPECT_NE(refusal(set_of({rsa_key(odd(256), "\x01")})), "accepted");
  EXPECT_NE(refusal(set_of({rsa_key(odd(256), "\x04")})), "accepted");
  EXPECT_NE(refusal(set_of({rsa_key(odd(256), odd(5))})), "accepted");
  EXPECT_EQ(refusal(set_of({rsa_key(odd(256), f4)})), "accepted");
  EXPECT_EQ(refusal(set_of({rsa_key(odd(1024), f4)})), "accepted");
}

TEST(KeySet, RefusesPointsThatAreNotOnTheCurve) {
  const auto point = [](const std::string& x, const std::string& y) {
    return set_of({format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}})", to_base64url(x), to_base64url(y))});
  };
  const std::string ones(32, '\x01');
  EXPECT_NE(refusal(point(ones, ones)).find("not a point"), std::string::npos);
  EXPECT_NE(refusal(point(std::string(32, '\0'), std::string(32, '\0'))), "accepted");
  EXPECT_NE(refusal(point(ones.substr(1), ones)).find("32 octets"), std::string::npos);
}

TEST(KeySet, NamesThePlaceOfABrokenKey) {
  EXPECT_NE(refusal(set_of({ec().jwk(), R"({"kty":"RSA","n":"AQ==","e":"AQAB"})"})).find("keys[1]"), std::string::npos);
  EXPECT_NE(refusal(set_of({ec().jwk(), R"({"kty":"RSA","e":"AQAB"})"})).find("\"n\""), std::string::npos);
  EXPECT_NE(refusal(set_of({ec().jwk(), ec().jwk()})).find("keys[1]"), std::string::npos);
  EXPECT_NE(refusal(set_of({"7"})).find("keys[0]"), std::string::npos);
}

TEST(KeySet, RefusesWhatIsNoKeySet) {
  const auto good = set_of({ec().jwk()});
  for (const auto& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"),
        std::string(R"({"keys":[]})"), good + "x", with(good, "}", ""),
        with(good, R"({"keys")", R"({"keys":[],"k\u0065ys")"), with(good, R"("kty":"EC")", R"("kty":"EC","kty":"EC")"),
        R"({"keys":)" + std::string(100, '[')}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
}

TEST(KeySet, IsBounded) {
  EXPECT_NE(refusal(std::string(kJwksBytesMax + 1, ' '), Kind::kTooLarge).find("256 KiB"), std::string::npos);
  std::string many = R"({"keys":[{})";
  for (std::size_t i = 0; i < kJwksKeysMax; ++i) many += ",{}";
  EXPECT_NE(refusal(many + "]}", Kind::kTooLarge).find("64 keys"), std::string::npos);
}

}  // namespace
}  // namespace signpost::crypto
