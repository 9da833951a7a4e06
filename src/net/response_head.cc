// SPDX-License-Identifier: Apache-2.0
#include "net/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace signpost::net {
namespace {

constexpr std::array<std::string_view, 4> kOurs{"Content-Length", "Transfer-Encoding", "Connection", "Date"};

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

void append_field(std::string& out, const Header& header) {
  if (header.name.empty() || !is_clean(header.name) || !is_clean(header.value)) {
    log::error("a response header with control characters was left out", {{"name", printable(header.name)}});
    return;
  }
  if (std::ranges::any_of(kOurs, [&](std::string_view ours) { return equals_ignoring_case(ours, header.name); }))
    return;
  out.append(header.name).append(": ").append(header.value).append("\r\n");
}

}  // namespace

bool asks_to_close(const Response& response) { return equals_ignoring_case(response.header("Connection"), "close"); }

void append_response(std::string& out, const Response& response, BodyWritten body, ConnectionField connection,
                     std::string_view date) {
  const int status = response.status >= 200 && response.status <= 599 ? response.status : 500;
  const bool has_no_body = status == 204 || status == 304;
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason_of(status)).append("\r\nDate: ").append(date).append("\r\n");
  if (!has_no_body) {
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  if (connection == ConnectionField::kClose) out.append("Connection: close\r\n");
  if (connection == ConnectionField::kKeepAlive) out.append("Connection: keep-alive\r\n");
  for (const auto& header : response.headers) append_field(out, header);
  out.append("\r\n");
  if (body == BodyWritten::kYes && !has_no_body) out.append(response.body);
}

std::string to_http_date(Time time) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string_view DateLine::now() {
  const auto time = SystemClock{}.now();
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != second_ || text_.empty()) {
    second_ = second;
    text_ = to_http_date(time);
  }
  return text_;
}

}  // namespace signpost::net
