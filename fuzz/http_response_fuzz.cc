// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a receiver's answer, in one piece, by nines and byte by byte: they are read the same way, what is kept
// stays within its limits, and a connection is reused only if nothing followed the answer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>

#include "net/response_reader.h"

namespace {

using namespace signpost::net;
using Step = ResponseReader::Step;

constexpr ResponseLimits kLimits{.head_bytes_max = 512, .headers_max = 8, .body_bytes_max = 256, .kept_bytes_max = 64};
constexpr std::size_t kBufferBytesMax = 4096 + 512;  // of the reader: its first buffer, and a head

void expect(bool is_so) {
  if (!is_so) std::abort();
}

struct Answer {
  Step step;
  int status;
  std::string head, body, retry_after, location;
  bool is_cut;
  bool is_over;  // a chunk's header or the trailer is too long
};

/// Where a chunk's header or a trailer is over its limit, one piece may still hold all of it.
bool operator==(const Answer& a, const Answer& b) {
  if (std::tie(a.status, a.head, a.retry_after, a.location) != std::tie(b.status, b.head, b.retry_after, b.location)) {
    return false;
  }
  return a.is_over || b.is_over || std::tie(a.step, a.body, a.is_cut) == std::tie(b.step, b.body, b.is_cut);
}

Answer read_answer(std::string_view bytes, std::size_t piece) {
  ResponseReader reader(kLimits);
  auto step = reader.advance();
  std::size_t fed = 0;
  while (step == Step::kNeedMore && fed < bytes.size()) {
    const auto room = reader.room();
    expect(!room.empty() && room.size() <= kBufferBytesMax);
    const auto count = std::min({room.size(), piece, bytes.size() - fed});
    std::memcpy(room.data(), bytes.data() + fed, count);
    reader.received(count);
    fed += count;
    step = reader.advance();
  }
  if (step == Step::kNeedMore) step = reader.at_end();
  const auto& seen = reader.seen();
  expect(seen.body.size() <= kLimits.kept_bytes_max && seen.body.size() <= seen.body_bytes);
  expect(seen.head.size() <= kLimits.kept_bytes_max);
  expect(seen.retry_after.size() <= bytes.size() && seen.location.size() <= bytes.size());
  if (step == Step::kBroken) expect(!reader.why().empty());
  if (step == Step::kEnough) expect(seen.body_bytes > kLimits.body_bytes_max);
  if (!reader.has_head()) {
    expect(step == Step::kBroken);
    return {step, 0, {}, {}, {}, {}, false, false};
  }
  expect(seen.status >= 200 && seen.status <= 999 && seen.head.starts_with("HTTP/1."));
  // Two answers in one piece are what a smuggler sends: the second must not wait for the next request.
  if (step == Step::kComplete && !reader.has_ended() && reader.is_reusable() && piece > bytes.size()) {
    expect(read_answer(bytes.substr(0, bytes.size() - 1), piece).step == Step::kBroken);
  }
  // Where a body breaks off, how far it was read is the cut's business.
  if (step == Step::kBroken) {
    return {
        step, seen.status, seen.head, {}, seen.retry_after, seen.location, true, reader.why().ends_with("too long")};
  }
  return {step, seen.status, seen.head, seen.body, seen.retry_after, seen.location, seen.body_bytes > seen.body.size(),
          false};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read_answer(bytes, size + 1);
  expect(read_answer(bytes, 9) == whole);
  expect(read_answer(bytes, 1) == whole);
  return 0;
}
