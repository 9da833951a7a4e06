// SPDX-License-Identifier: Apache-2.0
//
// HTTP messages as handlers see them. Values; any thread.
// A Request that reaches a handler has a method that is a token, a target without control characters and a complete
// body.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"

namespace signpost::net {

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

/// The first value of that name in any case; empty if absent.
std::string_view header_of(const std::vector<Header>& headers, std::string_view name);
bool has_header(const std::vector<Header>& headers, std::string_view name);

struct Request {
  std::string method;  // as sent: "GET"; methods are case-sensitive (RFC 9110 9.1)
  std::string target;  // as sent: "/a%20b?x=1"
  std::string path;    // the target up to '?', still percent-encoded: "/a%20b"
  std::string query;   // what follows the '?': "x=1"
  std::vector<Header> headers;
  std::string body;
  IpAddress peer;

  std::string_view header(std::string_view name) const { return header_of(headers, name); }
  bool has_header(std::string_view name) const { return net::has_header(headers, name); }
};

struct Response {
  int status = 200;
  std::vector<Header>
      headers;  // without Content-Length, Date, Connection and Transfer-Encoding: the server writes those
  std::string body;

  /// Replaces the value of that name (in any case), or adds it.
  void set(std::string_view name, std::string_view value);
  std::string_view header(std::string_view name) const { return header_of(headers, name); }
};

struct TargetParts {
  std::string path;
  std::string query;
};
/// Splits a request target (RFC 9112 3.2). kInvalid unless it is origin-form ("/…"), or "*" with OPTIONS; also for
/// control characters, blanks, bytes over 126, '#' and a '%' without two hex digits.
Result<TargetParts> split_target(std::string_view method, std::string_view target);

/// "Not Found" for 404; "Status" for a number without a name (RFC 9110 15).
std::string_view reason_of(int status);

/// An application/problem+json response (RFC 9457) with type about:blank; `detail` may be any UTF-8 text.
Response problem_response(int status, std::string_view detail);

}  // namespace signpost::net
