// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a URL that a customer names, as ports, and as a mail server: what is accepted is canonical, reads back
// as itself, and no spelling hides an address from the policy.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "net/mail.h"
#include "net/target_policy.h"

namespace {

void expect(bool is_so) {
  if (!is_so) std::abort();
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = Url::parse(text)) {
    const auto canonical = url->text();
    const auto again = Url::parse(canonical);
    expect(again && again->text() == canonical && again->port == url->port && again->host == url->host);
    expect(is_visible(canonical) && !url->authority().contains('@') && !canonical.contains('#'));
    // What the system would take for an address is one for us too, so that the policy has judged it.
    boost::system::error_code error;
    boost::asio::ip::make_address(url->host, error);
    expect(error.failed() == !url->literal.has_value());
    const TargetPolicy policy;
    if (policy.check(*url)) {
      expect(url->port == 80 || url->port == 443);
      expect(!url->literal || AddressPolicy({}).judge(*url->literal).allowed);
    }
  } else {
    expect(!url.error().message.empty());
  }
  if (const auto range = PortRange::parse(text)) {
    expect(range->first >= 1 && range->first <= range->last && *PortRange::parse(range->text()) == *range);
  }
  if (const auto server = MailServer::parse(text)) {
    expect(is_visible(server->url) && MailServer::parse(server->url)->url == server->url);
  }
  return 0;
}
