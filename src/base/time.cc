// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <array>
#include <optional>

#include "base/text.h"

namespace signpost {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{{{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number that `length` digits at `at` make, and nothing else.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t length) {
  int value = 0;
  for (const char c : text.substr(at, length)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// ".123" as milliseconds; finer digits are cut off.
std::optional<int> milliseconds(std::string_view fraction) {
  if (fraction.empty()) return 0;
  if (fraction.size() < 2 || fraction.size() > 10 || fraction[0] != '.') return std::nullopt;
  std::string three(fraction.substr(1));
  if (!digits(three, 0, three.size())) return std::nullopt;
  three.resize(3, '0');
  return digits(three, 0, 3);
}

std::optional<Time> read_rfc3339(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size() || text.back() != 'Z') return std::nullopt;
  for (const std::size_t at : {4U, 7U, 10U, 13U, 16U}) {
    if (text[at] != kShape[at]) return std::nullopt;
  }
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const auto ms = milliseconds(text.substr(kShape.size(), text.size() - kShape.size() - 1));
  if (!year || !month || !day || !hour || !minute || !second || !ms) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + Milliseconds(*ms);
}

std::optional<Milliseconds> read_duration(std::string_view text) {
  const auto end = text.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  const auto count = parse_integer(text.substr(0, end));
  if (!count) return std::nullopt;
  for (const auto& unit : kUnits) {
    std::int64_t ms = 0;
    if (text.substr(end) == unit.name && !__builtin_mul_overflow(*count, unit.ms, &ms)) return Milliseconds(ms);
  }
  return std::nullopt;
}

}  // namespace

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  // By hand: every answer and every event has several, and a general formatter costs more than the rest of them.
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t last, auto number) {
    for (auto rest = static_cast<std::int64_t>(number); rest > 0; rest /= 10) {
      text[last--] = static_cast<char>('0' + rest % 10);
    }
  };
  put(3, static_cast<int>(date.year()));
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, clock.hours().count());
  put(15, clock.minutes().count());
  put(18, clock.seconds().count());
  put(22, clock.subseconds().count());
  return text;
}

Result<Time> parse_rfc3339(std::string_view text) {
  if (const auto time = read_rfc3339(text)) return *time;
  return fail(Kind::kUnprocessable,
              format("\"{}\" is not a time in UTC such as 2026-11-25T09:52:39.123Z", printable(text, 40)));
}

Result<Milliseconds> parse_duration(std::string_view text) {
  if (const auto length = read_duration(text)) return *length;
  return fail(Kind::kUnprocessable,
              format("\"{}\" is not a duration: write a whole number and one of ms, s, m, h, d, such as 90s or 24h",
                     printable(text, 40)));
}

std::string to_text(Milliseconds length) {
  const auto ms = length.count();
  if (ms == 0) return "0s";
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
    const bool is_one_day = unit->name == "d" && (ms / unit->ms == 1 || ms / unit->ms == -1);  // "24h" says more
    if (ms % unit->ms == 0 && !is_one_day) return format("{}{}", ms / unit->ms, unit->name);
  }
  return format("{}ms", ms);
}

}  // namespace signpost
