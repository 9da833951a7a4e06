// SPDX-License-Identifier: Apache-2.0
//
// Any octets as Retry-After, at any time (the first eight): what is understood lies within a day and delays, never
// hurries, the next attempt; a date that we write ourselves is read back to the second.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/time.h"
#include "model/delivery.h"
#include "net/response_head.h"

namespace {

using namespace signpost;
using std::chrono::seconds;

constexpr std::int64_t k8000YearsMs = 8'000LL * 365 * 86'400 * 1'000;  // an HTTP date has four digits for the year

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void delays(seconds pause, Time now) {
  expect(pause >= seconds(0) && pause <= model::kRetryAfterMax);
  using model::RetrySchedule;
  for (int i = 0; i < 20; ++i) {
    const auto schedule = i < 10 ? RetrySchedule::kContract : RetrySchedule::kExtended;
    const int attempt = 1 + i % 10;
    for (const double jitter : {-1.0, 0.0, 1.0}) {
      const auto without = model::next_attempt(schedule, attempt, now, jitter, std::nullopt);
      const auto with = model::next_attempt(schedule, attempt, now, jitter, pause);
      expect(without.has_value() == with.has_value());
      if (with) expect(*with == std::max(*without, now + pause));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t number = 0;
  if (size < sizeof number) return 0;
  std::memcpy(&number, data, sizeof number);
  const std::string_view text(reinterpret_cast<const char*>(data) + sizeof number, size - sizeof number);
  const Time now = from_ms(static_cast<std::int64_t>(number % k8000YearsMs));
  if (const auto pause = model::parse_retry_after(text, now)) {
    delays(*pause, now);
    expect(text.find('\0') == std::string_view::npos);
    // Later, a number says the same and a date says less.
    const auto later = model::parse_retry_after(text, now + seconds(1));
    if (later) expect(*later == *pause || *later == *pause - seconds(1));
    if (!later) expect(*pause <= seconds(1));
  }
  const auto wanted = seconds(1 + number % 86'400);
  const auto whole = std::chrono::floor<seconds>(now);
  expect(model::parse_retry_after(net::to_http_date(whole + wanted), whole) == wanted);
  return 0;
}
