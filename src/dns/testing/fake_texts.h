// SPDX-License-Identifier: Apache-2.0
//
// The texts of a zone as a test wants them. Owned by the test; changed before the server is asked; any thread after.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dns/zone_texts.h"

namespace signpost::dns::testing {

class FakeTexts final : public ZoneTexts {
 public:
  std::vector<std::string> texts_of(std::string_view label) const override {
    const auto found = labels.find(label);
    return found == labels.end() ? std::vector<std::string>() : found->second;
  }
  std::uint32_t serial() const override { return 7; }

  std::map<std::string, std::vector<std::string>, std::less<>> labels;
};

/// acme.saas.example at ns1.acme.saas.example (192.0.2.53, 2001:db8::53) and ns.other.example.
inline Zone small_zone() {
  const auto name = [](const char* text) { return DnsName::parse(text).value(); };
  return {name("acme.saas.example"),
          {{name("ns1.acme.saas.example"),
            {boost::asio::ip::make_address("192.0.2.53"), boost::asio::ip::make_address("2001:db8::53")}},
           {name("ns.other.example"), {}}}};
}

}  // namespace signpost::dns::testing
