// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a URL: what is accepted has one form that reads back as itself, and no name that a C library would take
// for an address.
#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/url.h"

namespace {

using namespace signpost::net;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

/// What the resolver's own parsers say, which know every old spelling: "127.1", "0x7f.1", "2130706433".
bool is_address_for_libc(const std::string& host) {
  in_addr v4{};
  if (inet_aton(host.c_str(), &v4) != 0) return true;
  addrinfo wanted{};
  wanted.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return false;
  freeaddrinfo(found);
  return true;
}

bool is_of_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto url = Url::parse(bytes);
  if (!url) {
    expect(!url.error().message.empty() && url.error().kind == signpost::Kind::kUnprocessable);
    return 0;
  }
  expect(bytes.size() <= Url::bytes_max && url->port != 0 && url->target.starts_with('/'));
  const auto text = url->text();
  const auto again = Url::parse(text);
  if (text.size() <= Url::bytes_max) {
    expect(again && again->text() == text && again->host == url->host && again->literal == url->literal &&
           again->port == url->port && again->target == url->target && again->scheme == url->scheme);
  }
  expect(!url->host.empty() && url->host.size() <= 253);
  if (url->literal) {
    expect(url->literal->to_string() == url->host);
  } else {
    expect(std::ranges::all_of(url->host, is_of_a_name) && !url->host.ends_with('.'));
    expect(!is_address_for_libc(url->host));
  }
  // A request is a line: nothing in it may end the line or begin another word.
  const auto is_unfit = [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '\\' || c == '#'; };
  expect(std::ranges::none_of(url->target, is_unfit) && std::ranges::none_of(url->authority(), is_unfit));
  expect(url->authority().find('@') == std::string::npos);
  return 0;
}
