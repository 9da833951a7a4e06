// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a token, as the parts of one, and as a key set. Whatever parses is verified with a real key, and must
// fail.
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "crypto/jwks.h"
#include "crypto/jwt.h"

namespace {

using namespace signpost::crypto;

// The public key of RFC 7515 A.3, whose owner signs nothing here.
constexpr std::string_view kSet =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void read_token(std::string_view compact) {
  static const auto keys = KeySet::parse(kSet);
  expect(!verify_hs256(compact, "a key of no input"));
  const auto token = UnverifiedToken::parse(compact);
  if (!token) return expect(token.error().kind == signpost::Kind::kUnauthenticated && !token.error().message.empty());
  for (const auto& [path, text] : token->claims().texts) expect(text.find('\0') == std::string::npos);
  (void)check_times(token->claims(), signpost::from_ms(1'800'000'000'000), std::chrono::seconds(30));
  expect(!token->verify(*keys->find("", Algorithm::kEs256)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_token(text);
  const auto encoded = signpost::to_base64url(text);
  const auto header = signpost::to_base64url(R"({"alg":"ES256"})");
  read_token(signpost::format("{}.{}.AAAA", header, encoded));
  read_token(signpost::format("{}.{}.AAAA", encoded, signpost::to_base64url("{}")));
  if (const auto keys = KeySet::parse(text)) expect(keys->size() > 0 && keys->size() <= kJwksKeysMax);
  return 0;
}
