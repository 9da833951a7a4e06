// SPDX-License-Identifier: Apache-2.0
#include "base/id.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/id_time.h"

namespace signpost {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford: no i, l, o, u
constexpr std::size_t kLength = 13;                                       // 13 × 5 bits hold 63
constexpr std::int64_t kEpochMs = 1'704'067'200'000;                      // 2024-01-01

constexpr std::array<signed char, 256> reverse_digits() {
  std::array<signed char, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    table[static_cast<unsigned char>(kDigits[i])] = static_cast<signed char>(i);
  return table;
}
constexpr auto kValues = reverse_digits();

}  // namespace

std::string encode_id(std::int64_t value) {
  std::string digits(kLength, '0');
  auto rest = static_cast<std::uint64_t>(value);
  for (std::size_t i = kLength; i-- > 0; rest >>= 5) digits[i] = kDigits[rest & 31];
  return digits;
}

Result<std::int64_t> decode_id(std::string_view digits) {
  if (digits.size() != kLength) return fail(Kind::kUnprocessable, "an id has 13 characters after its prefix");
  std::uint64_t value = 0;
  for (const char digit : digits) {
    const int worth = kValues[static_cast<unsigned char>(digit)];
    if (worth < 0) return fail(Kind::kUnprocessable, "an id has only digits and lower-case letters without i, l, o, u");
    if (value >> 58 != 0) return fail(Kind::kUnprocessable, "an id is at most 63 bits");
    value = value << 5 | static_cast<std::uint64_t>(worth);
  }
  return static_cast<std::int64_t>(value);
}

std::int64_t first_id_at(Time time) {
  constexpr auto kLast = std::numeric_limits<std::int64_t>::max() >> 22;
  return std::clamp<std::int64_t>(to_ms(time) - kEpochMs, 0, kLast) << 22;
}

void IdMaker::start_after(std::int64_t id) {
  const std::int64_t end_of_its_time = (id >> 22) << 14 | 0x3FFF;
  std::int64_t last = last_.load(std::memory_order_relaxed);
  while (last < end_of_its_time && !last_.compare_exchange_weak(last, end_of_its_time, std::memory_order_relaxed)) {
  }
}

std::int64_t IdMaker::next() {
  const std::int64_t now = (to_ms(clock_.now()) - kEpochMs) << 14;
  std::int64_t last = last_.load(std::memory_order_relaxed);
  std::int64_t next = 0;
  do {
    next = now > last ? now : last + 1;
  } while (!last_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return (next >> 14) << 22 | static_cast<std::int64_t>(node_) << 14 | (next & 0x3FFF);
}

}  // namespace signpost
