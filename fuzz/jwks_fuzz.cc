// SPDX-License-Identifier: Apache-2.0
//
// Any octets as the key set of an identity provider, whole and as one key among good ones: a set that is taken has
// usable keys within the limits, finds each of them, and verifies no stranger's token.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "crypto/jwks.h"
#include "crypto/jwt.h"

namespace {

using namespace signpost::crypto;

// The public key of RFC 7515 A.3, whose owner signs nothing here.
constexpr std::string_view kGood =
    R"({"kty":"EC","crv":"P-256","kid":"good","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void read_set(std::string_view text) {
  const auto keys = KeySet::parse(text);
  if (!keys) return expect(!keys.error().message.empty() && keys.error().message.find('\0') == std::string::npos);
  expect(keys->size() > 0 && keys->size() <= kJwksKeysMax && text.size() <= kJwksBytesMax);
  for (const auto algorithm : {Algorithm::kEs256, Algorithm::kRs256}) {
    for (const auto* kid : {"", "good", "1"}) {
      const auto* key = keys->find(kid, algorithm);
      if (key == nullptr) continue;
      expect(key->algorithm() == algorithm && (*kid == '\0' || key->id() == kid));
      const auto header =
          signpost::to_base64url(algorithm == Algorithm::kEs256 ? R"({"alg":"ES256"})" : R"({"alg":"RS256"})");
      const auto token = UnverifiedToken::parse(
          signpost::format("{}.{}.{}", header, signpost::to_base64url("{}"), std::string(86, 'A')));
      if (token) expect(!token->verify(*key));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_set(text);
  read_set(signpost::format(R"({{"keys":[{},{}]}})", kGood, text));
  read_set(
      signpost::format(R"({{"keys":[{{"kty":"RSA","kid":"1","n":"{}","e":"AQAB"}}]}})", signpost::to_base64url(text)));
  read_set(signpost::format(R"({{"keys":[{{"kty":"EC","crv":"P-256","kid":"1","x":"{}","y":"AQAB"}}]}})",
                            signpost::to_base64url(text)));
  return 0;
}
