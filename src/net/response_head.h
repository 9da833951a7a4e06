// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a response, composed by hand into one buffer so that it leaves in one write.
// Functions and one value of a loop. What a handler wrote can neither end a line nor contradict the framing.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/http_message.h"

namespace signpost::net {

enum class BodyWritten { kYes, kNo };  // no: the answer to HEAD has only the body's length
enum class ConnectionField { kNone, kClose, kKeepAlive };

/// Appends head and body. Content-Length, Connection, Date and Transfer-Encoding of the response itself are left out,
/// fields with control characters too (a bug, logged).
void append_response(std::string& out, const Response& response, BodyWritten body, ConnectionField connection,
                     std::string_view date);

/// Whether the handler wants the connection closed ("Connection: close").
bool asks_to_close(const Response& response);

/// "Wed, 25 Nov 2026 09:52:39 GMT" (RFC 9110 5.6.7).
std::string to_http_date(Time time);

/// The current Date field's value, written once a second.
class DateLine {
 public:
  std::string_view now();

 private:
  std::chrono::sys_seconds second_{};
  std::string text_;
};

}  // namespace signpost::net
