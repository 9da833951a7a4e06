// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "crypto/openssl_handle.h"

namespace signpost::crypto {

std::string Random::bytes(std::size_t count) {
  std::string text(count, '\0');
  fill(std::as_writable_bytes(std::span(text)));
  return text;
}

std::uint32_t Random::below(std::uint32_t limit) {
  if (limit == 0) return 0;
  // 2^32 is seldom a multiple of the limit: what lies above the last whole multiple is drawn again.
  const std::uint32_t unfair = (0U - limit) % limit;
  std::array<std::uint32_t, 1> drawn{};
  do {
    fill(std::as_writable_bytes(std::span(drawn)));
  } while (drawn[0] > std::numeric_limits<std::uint32_t>::max() - unfair);
  return drawn[0] % limit;
}

std::string Random::uuid() {
  auto raw = bytes(16);
  raw[6] = static_cast<char>((static_cast<unsigned char>(raw[6]) & 0x0F) | 0x40);  // version 4
  raw[8] = static_cast<char>((static_cast<unsigned char>(raw[8]) & 0x3F) | 0x80);  // the RFC's variant
  auto text = to_hex(raw);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

void SystemRandom::fill(std::span<std::byte> bytes) {
  constexpr std::size_t kPieceMax = 1 << 20;  // RAND_bytes counts in int
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPieceMax));
    require(RAND_bytes(reinterpret_cast<unsigned char*>(piece.data()), static_cast<int>(piece.size())), "RAND_bytes");
    bytes = bytes.subspan(piece.size());
  }
}

}  // namespace signpost::crypto
