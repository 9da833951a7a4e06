// SPDX-License-Identifier: Apache-2.0
#include "net/http_message.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "base/text.h"

namespace signpost::net {
namespace {

const Header* find(const std::vector<Header>& headers, std::string_view name) {
  const auto found = std::ranges::find_if(headers, [&](const Header& h) { return equals_ignoring_case(h.name, name); });
  return found == headers.end() ? nullptr : &*found;
}

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string json_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted += '"';
}

}  // namespace

std::string_view header_of(const std::vector<Header>& headers, std::string_view name) {
  const auto* header = find(headers, name);
  return header == nullptr ? std::string_view{} : std::string_view(header->value);
}

bool has_header(const std::vector<Header>& headers, std::string_view name) { return find(headers, name) != nullptr; }

void Response::set(std::string_view name, std::string_view value) {
  if (const auto* found = find(headers, name); found != nullptr) {
    headers[static_cast<std::size_t>(found - headers.data())].value = value;
    return;
  }
  headers.push_back(Header{std::string(name), std::string(value)});
}

Result<TargetParts> split_target(std::string_view method, std::string_view target) {
  if (target == "*" && method == "OPTIONS") return TargetParts{"*", ""};
  if (!target.starts_with('/')) return fail(Kind::kInvalid, "the request target must be a path that begins with \"/\"");
  for (std::size_t i = 0; i < target.size(); ++i) {
    const auto byte = static_cast<unsigned char>(target[i]);
    if (byte <= 0x20 || byte > 0x7e)
      return fail(Kind::kInvalid, "the request target holds a byte that must be percent-encoded");
    if (byte == '#') return fail(Kind::kInvalid, "the request target holds a fragment, which is never sent");
    if (byte == '%' && (i + 2 >= target.size() || !is_hex_digit(target[i + 1]) || !is_hex_digit(target[i + 2]))) {
      return fail(Kind::kInvalid, "the request target holds a '%' without two hexadecimal digits");
    }
  }
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return TargetParts{std::string(target), ""};
  return TargetParts{std::string(target.substr(0, mark)), std::string(target.substr(mark + 1))};
}

std::string_view reason_of(int status) {
  switch (status) {  // where RFC 9110 has renamed what Beast knows
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
    default:
      break;
  }
  if (status < 100 || status > 999) return "Status";
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) return "Status";
  const auto reason = boost::beast::http::obsolete_reason(known);
  return {reason.data(), reason.size()};
}

Response problem_response(int status, std::string_view detail) {
  Response response;
  response.status = status;
  response.headers.push_back(Header{"Content-Type", "application/problem+json"});
  response.body = format(R"({{"type":"about:blank","title":{},"status":{},"detail":{}}})",
                         json_quoted(reason_of(status)), status, json_quoted(detail));
  return response;
}

}  // namespace signpost::net
