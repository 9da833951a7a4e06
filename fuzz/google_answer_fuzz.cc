// SPDX-License-Identifier: Apache-2.0
//
// What Google answers, and the credential that an operator names: what is taken is bounded and printable.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cloud/google_credential.h"
#include "cloud/google_json.h"

namespace {

using namespace signpost;

void expect(bool holds) {
  if (!holds) std::abort();
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool has_no_control(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t kTokenBytesMax = 255;
  if (const auto token = cloud::parse_verification_token(text, kTokenBytesMax)) {
    expect(!token->empty() && token->size() <= kTokenBytesMax && is_visible(*token));
  }
  if (const auto answer = cloud::parse_token_answer(text)) {
    expect(is_visible(answer->access_token.expose()) && answer->lifetime.count() > 0);
  }
  const auto error = cloud::parse_google_error(text);
  expect(has_no_control(error.message) && has_no_control(error.reason));
  if (const auto credential = cloud::GoogleCredential::parse(crypto::Secret(std::string(text)))) {
    expect(is_visible(credential->name()) && is_visible(credential->token_url()));
  }
  return 0;
}
