// SPDX-License-Identifier: Apache-2.0
#include "services/endpoint_headers.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signpost::services {
namespace {

// Framing, hop by hop (RFC 9110 7.6.1), and what the courier says of itself.
constexpr std::array<std::string_view, 17> kOurs{"host",
                                                 "connection",
                                                 "keep-alive",
                                                 "proxy-connection",
                                                 "proxy-authorization",
                                                 "proxy-authenticate",
                                                 "te",
                                                 "trailer",
                                                 "upgrade",
                                                 "http2-settings",
                                                 "transfer-encoding",
                                                 "expect",
                                                 "accept-encoding",
                                                 "user-agent",
                                                 "date",
                                                 "via",
                                                 "cdn-loop"};
constexpr std::array<std::string_view, 4> kOurPrefixes{"content-", "entri-", "webhook-", "signpost-"};

/// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

bool is_ours(std::string_view name) {
  const auto lower = to_lower(name);
  return std::ranges::find(kOurs, lower) != kOurs.end() ||
         std::ranges::any_of(kOurPrefixes, [&](std::string_view prefix) { return lower.starts_with(prefix); });
}

bool is_visible(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7F; }) && trim(value) == value;
}

std::unexpected<Error> refuse(std::string_view name, std::string_view why) {
  const auto member = "headers." + printable(name, kHeaderNameBytesMax);
  return fail(Kind::kUnprocessable, member + " " + std::string(why), member);
}

Result<void> check(const net::Header& header) {
  if (!is_token(header.name) || header.name.size() > kHeaderNameBytesMax) {
    return refuse(header.name, format("is no header name of 1 to {} letters, digits and hyphens", kHeaderNameBytesMax));
  }
  if (is_ours(header.name)) return refuse(header.name, "is written by Signpost or by HTTP itself; choose another name");
  if (header.value.empty() || header.value.size() > kHeaderValueBytesMax || !is_visible(header.value)) {
    return refuse(header.name, format("must have a value of 1 to {} visible ASCII characters, blanks only inside",
                                      kHeaderValueBytesMax));
  }
  return {};
}

/// A value copied into another endpoint, or under another name, does not open there.
std::string place_of(EndpointId endpoint, std::string_view name) {
  return endpoint.text() + " header " + to_lower(name);
}

}  // namespace

Result<std::vector<model::EndpointHeader>> sealed_headers(const std::vector<net::Header>& headers, EndpointId endpoint,
                                                          const crypto::MasterKey& master_key) {
  if (headers.size() > model::kEndpointHeadersMax) {
    return fail(Kind::kUnprocessable, format("headers may have at most {} members", model::kEndpointHeadersMax),
                "headers");
  }
  std::vector<model::EndpointHeader> sealed;
  for (const auto& header : headers) {
    TRY_VOID(check(header));
    const auto is_same = [&](const model::EndpointHeader& other) {
      return equals_ignoring_case(other.name, header.name);
    };
    if (std::ranges::any_of(sealed, is_same)) return refuse(header.name, "is there twice");
    sealed.push_back({header.name, to_base64(master_key.seal(header.value, place_of(endpoint, header.name)))});
  }
  return sealed;
}

Result<std::vector<net::Header>> opened_headers(const model::Endpoint& endpoint, const crypto::MasterKey& master_key) {
  std::vector<net::Header> opened;
  opened.reserve(endpoint.headers.size());
  for (const auto& header : endpoint.headers) {
    const auto bytes = from_base64(header.sealed);
    const auto value = bytes ? master_key.unseal(*bytes, place_of(endpoint.id, header.name))
                             : Result<crypto::Secret>(fail(Kind::kUnprocessable, "not base64"));
    if (!value) {
      return fail(Kind::kUnprocessable, "the endpoint's header " + printable(header.name, kHeaderNameBytesMax) +
                                            " does not open; was the master key changed?");
    }
    opened.push_back({header.name, value->expose()});
  }
  return opened;
}

}  // namespace signpost::services
