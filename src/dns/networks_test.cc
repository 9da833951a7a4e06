// SPDX-License-Identifier: Apache-2.0
#include "dns/networks.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

TEST(Proxies, AreKnownByTheirAddresses) {
  EXPECT_EQ(proxy_of("104.16.0.1"), "Cloudflare");
  EXPECT_EQ(proxy_of("104.31.255.255"), "Cloudflare");
  EXPECT_EQ(proxy_of("2606:4700::6810:1"), "Cloudflare");
  EXPECT_EQ(proxy_of("151.101.1.57"), "Fastly");
  EXPECT_EQ(proxy_of("2a02:fe87::1"), "Sucuri") << "the last address of a /29 but for its host bits";
}

TEST(Proxies, AreNotTheirNeighbours) {
  for (const auto* address : {"104.15.255.255", "104.32.0.0", "2606:4701::1", "192.0.2.1", "2a02:fe88::1", "", "text"}) {
    EXPECT_FALSE(proxy_of(address)) << address;
  }
}

TEST(ParkingServers, AreKnownByTheDomainTheyLieIn) {
  const auto is_parking = [](std::string_view name) { return is_parking_server(DnsName::parse(name).value()); };
  EXPECT_TRUE(is_parking("ns1.pendingrenewaldeletion.com"));
  EXPECT_TRUE(is_parking("ns2.sedoparking.com"));
  EXPECT_FALSE(is_parking("ns1.notsedoparking.com"));
  EXPECT_FALSE(is_parking("ns1.dns.example"));
}

}  // namespace
}  // namespace signpost::dns
