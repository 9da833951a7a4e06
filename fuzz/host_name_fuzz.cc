// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a host name and as a DNS name: what is accepted is canonical, reads back as itself and fits the wire.
#include <cstdint>
#include <cstdlib>

#include "base/host_name.h"

namespace {

void expect(bool is_so) {
  if (!is_so) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using signpost::DnsName;
  using signpost::HostName;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto host = HostName::parse(text)) {
    const auto again = HostName::parse(host->text());
    expect(again && *again == *host);
    expect(host->text().size() <= 253 && host->domain().find('.') != std::string_view::npos);
    expect(host->subdomain().empty() == host->is_apex());
    expect(!host->unicode().empty());
    expect(DnsName(*host).is_within(*DnsName::parse(host->domain())));
  } else {
    expect(!host.error().message.empty());
  }
  if (const auto name = DnsName::parse(text)) {
    const auto again = DnsName::parse(name->text());
    expect(again && *again == *name && name->text().size() <= 253);
    expect(name->is_within(name->parent()));
  }
  return 0;
}
