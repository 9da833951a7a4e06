// SPDX-License-Identifier: Apache-2.0
#include "crypto/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"
#include "crypto/jwks.h"
#include "crypto/testing/token_signer.h"

namespace signpost::crypto {
namespace {

using namespace std::literals;
using ::testing::ElementsAre;
using testing::TokenSigner;

// RFC 7515 A.2 and A.3
constexpr auto kRfcPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"sv;
constexpr auto kRfcRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKB"
    "YNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6Bf"
    "I7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"sv;
constexpr auto kRfcRsaKeys =
    R"({"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]})"sv;
constexpr auto kRfcEcSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"sv;
constexpr auto kRfcEcKeys =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})"sv;

const TokenSigner& signer(Algorithm algorithm) {
  static const TokenSigner rsa(Algorithm::kRs256, "r1");
  static const TokenSigner ec(Algorithm::kEs256, "e1");
  return algorithm == Algorithm::kRs256 ? rsa : ec;
}
const KeySet& keys() {
  static const auto set =
      KeySet::parse(format(R"({{"keys":[{},{}]}})", signer(Algorithm::kRs256).jwk(), signer(Algorithm::kEs256).jwk()));
  return *set;
}
/// "" if the token holds, else why not.
std::string verdict(std::string_view compact, const KeySet& set = keys()) {
  const auto token = UnverifiedToken::parse(compact);
  if (!token) {
    EXPECT_EQ(token.error().kind, Kind::kUnauthenticated);
    return token.error().message;
  }
  const auto* key = set.find(token->claims().key_id, token->claims().algorithm);
  if (key == nullptr) return "no key";
  const auto verified = token->verify(*key);
  if (!verified) EXPECT_EQ(verified.error().kind, Kind::kUnauthenticated);
  return verified ? "" : verified.error().message;
}
std::string token_of(std::string_view header, std::string_view claims, std::string_view signature = "sig") {
  return format("{}.{}.{}", to_base64url(header), to_base64url(claims), to_base64url(signature));
}
std::string why_not(std::string_view header, std::string_view claims) { return verdict(token_of(header, claims)); }
std::string why_not(std::string_view claims) { return why_not(R"({"alg":"RS256","kid":"r1"})", claims); }
TokenClaims claims_of(std::string_view claims) {
  const auto token = UnverifiedToken::parse(token_of(R"({"alg":"RS256","kid":"r1"})", claims));
  EXPECT_TRUE(token) << (token ? "" : token.error().message);
  return token ? token->claims() : TokenClaims{};
}
#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(Jwt, HasTheVectorOfRfc7515A2) {
  const auto set = KeySet::parse(kRfcRsaKeys);
  ASSERT_TRUE(set);
  const auto token = format("eyJhbGciOiJSUzI1NiJ9.{}.{}", kRfcPayload, kRfcRsaSignature);
  EXPECT_EQ(verdict(token, *set), "");
  EXPECT_EQ(UnverifiedToken::parse(token)->claims().issuer, "joe");
  EXPECT_EQ(UnverifiedToken::parse(token)->claims().expires_at, 1'300'819'380);
}

TEST(Jwt, HasTheVectorOfRfc7515A3) {
  const auto set = KeySet::parse(kRfcEcKeys);
  ASSERT_TRUE(set);
  EXPECT_EQ(verdict(format("eyJhbGciOiJFUzI1NiJ9.{}.{}", kRfcPayload, kRfcEcSignature), *set), "");
}

TEST(Jwt, HoldsWhenItsOwnKeySignedIt) {
  for (const auto algorithm : {Algorithm::kRs256, Algorithm::kEs256}) {
    EXPECT_EQ(verdict(signer(algorithm).sign(R"({"sub":"user_1"})")), "") << name_of(algorithm);
  }
}

TEST(Jwt, FailsWhenAnyCharacterWasChanged) {
  for (const auto algorithm : {Algorithm::kRs256, Algorithm::kEs256}) {
    const auto token = signer(algorithm).sign(R"({"sub":"user_1"})");
    for (std::size_t at = 0; at < token.size(); ++at) {
      auto changed = token;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      EXPECT_NE(verdict(changed), "") << at;
    }
  }
}

TEST(Jwt, FailsForTheKeyOfAnother) {
  const TokenSigner thief(Algorithm::kEs256, "e1");
  EXPECT_SAYS(verdict(thief.sign("{}")), "signature");
}

TEST(Jwt, FailsWhenPartsOfTwoTokensAreMixed) {
  const auto one = signer(Algorithm::kRs256).sign(R"({"sub":"user_1"})");
  const auto two = signer(Algorithm::kRs256).sign(R"({"sub":"user_2"})");
  EXPECT_SAYS(verdict(one.substr(0, one.rfind('.')) + two.substr(two.rfind('.'))), "signature");
}

TEST(Jwt, NeverLetsTheTokenChooseTheAlgorithm) {
  const auto& rsa = signer(Algorithm::kRs256);
  const auto unsigned_part = to_base64url(R"({"alg":"HS256","kid":"r1"})") + "." + to_base64url("{}");
  EXPECT_SAYS(verdict(sign_hs256("{}", rsa.pem())), "algorithm");
  EXPECT_SAYS(verdict(sign_hs256("{}", rsa.jwk())), "algorithm");
  for (const auto* alg : {"none", "None", "HS256", "RS512", "PS256", "ES384", "EdDSA", "rs256", ""}) {
    EXPECT_SAYS(why_not(format(R"({{"alg":"{}"}})", alg), "{}"), "algorithm");
  }
  EXPECT_SAYS(verdict(to_base64url(R"({"alg":"none"})") + "." + to_base64url("{}") + "."), "algorithm");
  EXPECT_SAYS(why_not("{}", "{}"), "algorithm");
  EXPECT_SAYS(why_not(R"({"alg":7})", "{}"), "\"alg\"");
  EXPECT_FALSE(UnverifiedToken::parse(unsigned_part + ".AAAA"));
}

TEST(Jwt, IsNotVerifiedByAKeyOfTheOtherAlgorithm) {
  const auto token = UnverifiedToken::parse(signer(Algorithm::kRs256).sign("{}"));
  const auto result = token->verify(*keys().find("e1", Algorithm::kEs256));
  ASSERT_FALSE(result);
  EXPECT_SAYS(result.error().message, "algorithm");
  EXPECT_EQ(verdict(signer(Algorithm::kRs256).sign(R"({"alg":"ES256","kid":"r1"})", "{}")), "no key");
}

TEST(Jwt, FailsWithASignatureOfAnotherLength) {
  for (const auto algorithm : {Algorithm::kRs256, Algorithm::kEs256}) {
    const auto token = signer(algorithm).sign("{}");
    const auto dot = token.rfind('.');
    const auto raw = *from_base64url(std::string_view(token).substr(dot + 1));
    for (const auto& other : {std::string(), raw.substr(1), raw.substr(0, raw.size() - 1), raw + '\0', '\0' + raw,
                              raw + raw, std::string(raw.size(), '\0'), std::string(raw.size(), '\xff')}) {
      EXPECT_SAYS(verdict(token.substr(0, dot + 1) + to_base64url(other)), "signature");
    }
  }
}

TEST(Jwt, IsThreePartsOfStrictBase64Url) {
  const auto token = signer(Algorithm::kEs256).sign("{}");
  for (const auto& text : {std::string(), "a"s, "a.b"s, ".."s, "..."s, token + ".", "." + token, token + ".AAAA",
                           token + "=", token + "==", " " + token, token + "\n", "Bearer " + token}) {
    EXPECT_NE(verdict(text), "") << text;
  }
  // The last digit of 64 octets carries 4 bits that must be zero: 15 other digits would decode to the same signature.
  auto second_spelling = token;
  second_spelling.back() = second_spelling.back() == 'A' ? 'B' : static_cast<char>(second_spelling.back() + 1);
  EXPECT_SAYS(verdict(second_spelling), "base64url");
}

TEST(Jwt, IsBounded) {
  EXPECT_SAYS(verdict(std::string(kTokenBytesMax + 1, 'a')), "16 KiB");
  EXPECT_SAYS(verdict(std::string(50'000'000, '.')), "16 KiB");
  EXPECT_EQ(verdict(signer(Algorithm::kEs256).sign(format(R"({{"x":"{}"}})", std::string(11'000, 'x')))), "");
  EXPECT_SAYS(why_not(R"({"a":)" + std::string(2'000, '[') + std::string(2'000, ']') + "}"), "payload");
  EXPECT_SAYS(why_not(R"({"a":[[[[[[[[1]]]]]]]]})"), "payload");
}

TEST(Jwt, NamesThePartThatIsNoJsonObject) {
  EXPECT_SAYS(why_not("[]", "{}"), "header");
  EXPECT_SAYS(why_not("{\"alg\":\"RS256\"", "{}"), "header");
  for (const auto* claims : {"", "7", "[]", "{}{}", "{'a':1}", "{\"a\":1,}", "{\"a\":\"\xff\"}"})
    EXPECT_SAYS(why_not(claims), "payload");
}

TEST(Jwt, RefusesMembersNamedTwice) {
  EXPECT_SAYS(why_not(R"({"alg":"RS256","alg":"none"})", "{}"), "header names a member twice");
  EXPECT_SAYS(why_not(R"({"sub":"a","sub":"b"})"), "payload names a member twice");
  EXPECT_SAYS(why_not(R"({"sub":"a","su\u0062":"b"})"), "payload names a member twice");
  EXPECT_SAYS(why_not(R"({"o":{"slg":"a","slg":"b"}})"), "payload names a member twice");
}

TEST(Jwt, RefusesCriticalExtensions) {
  EXPECT_SAYS(why_not(R"({"alg":"RS256","crit":["b64"],"b64":false})", "{}"), "crit");
}

TEST(Jwt, NeverRepeatsTheTokenInAnError) {
  EXPECT_EQ(why_not(R"({"alg":"hunter2"})", "{}").find("hunter2"), std::string::npos);
  EXPECT_EQ(why_not(R"({"sub":["hunter2"]})").find("hunter2"), std::string::npos);
}

TEST(Claims, AreRead) {
  const auto claims = claims_of(
      R"({"iss":"https://idp.example","aud":["a","b"],"azp":"app","sub":"user_1","exp":200,"nbf":100.9,"iat":-5})");
  EXPECT_EQ(claims.key_id, "r1");
  EXPECT_EQ(claims.algorithm, Algorithm::kRs256);
  EXPECT_EQ(claims.issuer, "https://idp.example");
  EXPECT_THAT(claims.audience, ElementsAre("a", "b"));
  EXPECT_EQ(claims.authorized_party, "app");
  EXPECT_EQ(claims.subject, "user_1");
  EXPECT_EQ(claims.expires_at, 200);
  EXPECT_EQ(claims.not_before, 100);
  EXPECT_EQ(claims.issued_at, -5);
  EXPECT_THAT(claims_of(R"({"aud":"a"})").audience, ElementsAre("a"));
  EXPECT_FALSE(claims_of("{}").expires_at);
}

TEST(Claims, OfTheWrongTypeAreNamed) {
  EXPECT_SAYS(why_not(R"({"iss":7})"), "\"iss\"");
  EXPECT_SAYS(why_not(R"({"sub":null})"), "\"sub\"");
  EXPECT_SAYS(why_not(R"({"sub":"a\u0000b"})"), "U+0000");
  EXPECT_SAYS(why_not(R"({"aud":{}})"), "\"aud\"");
  EXPECT_SAYS(why_not(R"({"aud":["a",7]})"), "\"aud\"");
  EXPECT_SAYS(why_not(R"({"azp":true})"), "\"azp\"");
  for (const auto* exp :
       {"\"200\"", "null", "1e300", "-1e300", "9007199254740992", "18446744073709551615", "true", "[1]"}) {
    EXPECT_SAYS(why_not(format(R"({{"exp":{}}})", exp)), "\"exp\"");
  }
}

TEST(Claims, AreFoundByPath) {
  const auto claims = claims_of(
      R"({"org_slug":"acme","o":{"slg":"acme2","n":7},"https://x.example/org.id":"u","list":["a"],"nul":"a\u0000"})");
  EXPECT_EQ(claims.text_claim("org_slug"), "acme");
  EXPECT_EQ(claims.text_claim("o.slg"), "acme2");
  EXPECT_EQ(claims.text_claim("https://x.example/org.id"), "u");
  for (const auto* path : {"", "o", "o.n", "o.none", "slg", "list", "list.0", "org_slug.x", "nul"}) {
    EXPECT_FALSE(claims.text_claim(path)) << path;
  }
}

TEST(Claims, WithTheSamePathAreNotGuessedAt) {
  EXPECT_FALSE(claims_of(R"({"o":{"slg":"a"},"o.slg":"b"})").text_claim("o.slg"));
}

TEST(Times, AreCheckedWithLeeway) {
  TokenClaims claims;
  claims.expires_at = 1'000;
  claims.not_before = 500;
  const auto at = [&](std::int64_t seconds) { return check_times(claims, from_ms(seconds * 1000 + 999), 30s); };
  EXPECT_TRUE(at(470));
  EXPECT_TRUE(at(1'029));
  ASSERT_FALSE(at(469));
  EXPECT_SAYS(at(469).error().message, "nbf");
  ASSERT_FALSE(at(1'030));
  EXPECT_SAYS(at(1'030).error().message, "expired");
  EXPECT_EQ(at(1'030).error().kind, Kind::kUnauthenticated);
}

TEST(Times, NeedAnEnd) {
  const auto result = check_times(TokenClaims{}, from_ms(0), 30s);
  ASSERT_FALSE(result);
  EXPECT_SAYS(result.error().message, "never expires");
}

TEST(HmacToken, IsReadBackWithItsOwnKeyOnly) {
  const auto key = std::string(32, 'k');
  const auto token = sign_hs256(R"({"iss":"signpost","sub":"app_1","purpose":"session","exp":2000})", key);
  const auto claims = verify_hs256(token, key);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->algorithm, Algorithm::kHs256);
  EXPECT_EQ(claims->subject, "app_1");
  EXPECT_EQ(claims->text_claim("purpose"), "session");
  EXPECT_EQ(claims->expires_at, 2'000);
  const auto other = verify_hs256(token, std::string(32, 'j'));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, Kind::kUnauthenticated);
}

TEST(HmacToken, FailsWhenAnyCharacterWasChanged) {
  const auto key = std::string(32, 'k');
  const auto token = sign_hs256(R"({"sub":"app_1"})", key);
  for (std::size_t at = 0; at < token.size(); ++at) {
    auto changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify_hs256(changed, key)) << at;
  }
  EXPECT_FALSE(verify_hs256(token.substr(0, token.rfind('.') + 1), key));
  EXPECT_FALSE(verify_hs256(signer(Algorithm::kRs256).sign("{}"), key));
}

TEST(HmacToken, HasTheHeaderThatJoseExpects) {
  // Checked against RFC 7515 A.1, whose header differs only in its white space.
  EXPECT_TRUE(sign_hs256("{}", "k").starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30."));
  const auto rfc_key =
      *from_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  const auto claims = verify_hs256(
      format("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", kRfcPayload),
      rfc_key);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->issuer, "joe");
}

TEST(PublicKey, ServesManyThreadsAtOnce) {
  const auto rsa = signer(Algorithm::kRs256).sign("{}");
  const auto ec = signer(Algorithm::kEs256).sign("{}");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) {
        EXPECT_EQ(verdict(rsa), "");
        EXPECT_EQ(verdict(ec), "");
      }
    });
  }
}

}  // namespace
}  // namespace signpost::crypto
