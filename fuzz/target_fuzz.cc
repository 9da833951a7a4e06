// SPDX-License-Identifier: Apache-2.0
//
// Any octets as the URL of a receiver, as ports, and as a mail server: what passes at the door is one of the web's
// ports and no address that the policy refuses; what is accepted reads back as itself.
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
  const TargetPolicy policy;
  if (const auto url = Url::parse(text); url && policy.check(*url)) {
    expect(url->port == 80 || url->port == 443);
    expect(!url->literal || AddressPolicy({}).judge(*url->literal).allowed);
    expect(url->host != "localhost" && !url->host.ends_with(".localhost"));
  }
  if (const auto range = PortRange::parse(text)) {
    expect(range->first >= 1 && range->first <= range->last && *PortRange::parse(range->text()) == *range);
  }
  if (const auto server = MailServer::parse(text)) {
    expect(is_visible(server->url) && MailServer::parse(server->url)->url == server->url);
  }
  return 0;
}
