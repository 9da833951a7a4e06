// SPDX-License-Identifier: Apache-2.0
#include "crypto/account_key.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/public_key.h"

namespace signpost::crypto {
namespace {

namespace json = boost::json;

std::string member(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

json::object parsed(std::string_view text) { return json::parse({text.data(), text.size()}).as_object(); }

json::object protected_of(const json::object& jws) {
  return parsed(from_base64url(member(jws, "protected")).value_or(""));
}

/// By OpenSSL and not by José, so that one mistake cannot excuse itself.
bool is_signed_by(const json::object& jws, const AccountKey& key) {
  const auto jwk = parsed(key.public_jwk());
  const auto verifier =
      PublicKey::p256("", from_base64url(member(jwk, "x")).value_or(""), from_base64url(member(jwk, "y")).value_or(""));
  return verifier && verifier->verifies(member(jws, "protected") + "." + member(jws, "payload"),
                                        from_base64url(member(jws, "signature")).value_or(""));
}

TEST(AccountKey, SignsForItsAccount) {
  const auto key = AccountKey::generate();
  const auto jws =
      parsed(key.sign({.url = "https://ca.example/order", .nonce = "bm9uY2U", .account_url = "https://ca.example/a/1"},
                      R"({"identifiers":[]})"));
  EXPECT_EQ(jws.size(), 3U);
  EXPECT_TRUE(is_signed_by(jws, key));
  EXPECT_EQ(from_base64url(member(jws, "payload")), R"({"identifiers":[]})");
  const auto header = protected_of(jws);
  EXPECT_EQ(header.size(), 4U);
  EXPECT_EQ(member(header, "alg"), "ES256");
  EXPECT_EQ(member(header, "kid"), "https://ca.example/a/1");
  EXPECT_EQ(member(header, "nonce"), "bm9uY2U");
  EXPECT_EQ(member(header, "url"), "https://ca.example/order");
}

TEST(AccountKey, MayBeThatOfACertificate) {
  const auto elliptic = AccountKey::of_certificate(PrivateKey::generate(KeyType::kEcdsaP256));
  EXPECT_TRUE(is_signed_by(parsed(elliptic.sign({.url = "https://ca.example/revoke"}, "{}")), elliptic));

  const auto rsa = AccountKey::of_certificate(PrivateKey::generate(KeyType::kRsa2048));
  const auto jws = parsed(rsa.sign({.url = "https://ca.example/revoke", .nonce = "bm9uY2U"}, "{}"));
  const auto header = protected_of(jws);
  EXPECT_EQ(member(header, "alg"), "RS256");
  EXPECT_EQ(json::serialize(header.at("jwk")), rsa.public_jwk());
  EXPECT_EQ(rsa.public_jwk().find("\"d\""), std::string::npos) << "the private part stays here";
  const auto jwk = parsed(rsa.public_jwk());
  const auto verifier =
      PublicKey::rsa("", from_base64url(member(jwk, "n")).value_or(""), from_base64url(member(jwk, "e")).value_or(""));
  ASSERT_TRUE(verifier);
  EXPECT_TRUE(verifier->verifies(member(jws, "protected") + "." + member(jws, "payload"),
                                 from_base64url(member(jws, "signature")).value_or("")));
}

TEST(AccountKey, ShowsItselfBeforeItHasAnAccount) {
  const auto key = AccountKey::generate();
  const auto jws = parsed(key.sign({.url = "https://ca.example/new", .nonce = "bm9uY2U"}, "{}"));
  EXPECT_TRUE(is_signed_by(jws, key));
  const auto header = protected_of(jws);
  EXPECT_FALSE(header.contains("kid"));
  EXPECT_EQ(json::serialize(header.at("jwk")), key.public_jwk());
}

TEST(AccountKey, SignsNothingForPostAsGet) {
  const auto key = AccountKey::generate();
  const auto jws =
      parsed(key.sign({.url = "https://ca.example/o/1", .nonce = "YQ", .account_url = "https://ca.example/a/1"}, ""));
  EXPECT_EQ(member(jws, "payload"), "");
  EXPECT_TRUE(is_signed_by(jws, key));
}

TEST(AccountKey, LeavesTheNonceOutOfAnInnerSignature) {
  const auto jws = parsed(AccountKey::generate().sign({.url = "https://ca.example/key-change"}, "{}"));
  EXPECT_FALSE(protected_of(jws).contains("nonce"));
}

TEST(AccountKey, HasTheThumbprintOfRfc7638) {
  const auto key = AccountKey::generate();
  const auto jwk = parsed(key.public_jwk());
  const auto canonical =
      format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", member(jwk, "x"), member(jwk, "y"));
  EXPECT_EQ(key.public_jwk(), canonical);
  EXPECT_EQ(key.thumbprint(), to_base64url(sha256(canonical)));
}

TEST(AccountKey, IsReadBackFromItsJwk) {
  const auto key = AccountKey::generate();
  const auto again = AccountKey::from_jwk(key.to_jwk());
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->thumbprint(), key.thumbprint());
  EXPECT_TRUE(is_signed_by(parsed(again->sign({.url = "https://ca.example/"}, "{}")), key));
}

TEST(AccountKey, RefusesWhatIsNoPrivateKeyOnP256) {
  const auto jwk = AccountKey::generate().to_jwk().expose();
  auto of_another = parsed(jwk);
  of_another["d"] = parsed(AccountKey::generate().to_jwk().expose()).at("d");
  auto short_one = parsed(jwk);
  short_one["d"] = "AAAA";
  auto without = parsed(jwk);
  without.erase("d");
  for (const auto& text : {std::string(), std::string("{}"), std::string("hunter2"), json::serialize(of_another),
                           json::serialize(short_one), json::serialize(without), std::string(5000, ' ') + jwk}) {
    const auto key = AccountKey::from_jwk(Secret(text));
    ASSERT_FALSE(key.has_value()) << text.substr(0, 100);
    EXPECT_EQ(key.error().kind, Kind::kUnprocessable);
    EXPECT_EQ(key.error().message.find("hunter2"), std::string::npos);
  }
}

TEST(AccountKey, IsBoundToAnExternalAccount) {
  const auto key = AccountKey::generate();
  const std::string mac_key(32, 'k');
  for (const auto& printed : {to_base64url(mac_key), to_base64url(mac_key) + "="}) {
    const auto bound = bind_external_account({"kid-1", Secret(printed)}, "https://ca.example/new-account", key);
    ASSERT_TRUE(bound.has_value()) << bound.error().message;
    const auto jws = parsed(*bound);
    const auto header = protected_of(jws);
    EXPECT_EQ(header.size(), 3U);
    EXPECT_EQ(member(header, "alg"), "HS256");
    EXPECT_EQ(member(header, "kid"), "kid-1");
    EXPECT_EQ(member(header, "url"), "https://ca.example/new-account");
    EXPECT_EQ(from_base64url(member(jws, "payload")), key.public_jwk());
    EXPECT_EQ(from_base64url(member(jws, "signature")),
              hmac_sha256(mac_key, member(jws, "protected") + "." + member(jws, "payload")));
  }
}

TEST(AccountKey, RefusesAnExternalAccountThatWasMistyped) {
  const auto key = AccountKey::generate();
  const auto good = to_base64url(std::string(32, 'k'));
  for (const auto& [key_id, mac_key] :
       std::vector<std::pair<std::string, std::string>>{{"", good},
                                                        {"kid\xff", good},
                                                        {"kid", ""},
                                                        {"kid", "not base64!"},
                                                        {"kid", to_base64url("short")},
                                                        {"kid", to_base64url(std::string(1025, 'k'))}}) {
    const auto bound = bind_external_account({key_id, Secret(mac_key)}, "https://ca.example/new-account", key);
    ASSERT_FALSE(bound.has_value()) << key_id << " " << mac_key;
    EXPECT_EQ(bound.error().kind, Kind::kUnprocessable);
  }
}

}  // namespace
}  // namespace signpost::crypto
