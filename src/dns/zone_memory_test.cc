// SPDX-License-Identifier: Apache-2.0
#include "dns/zone_memory.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::dns {
namespace {

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

/// About 250 octets, as long as names get.
DnsName long_name(std::size_t number) {
  const std::string label(60, 'x');
  return name(format("n{}.{}.{}.{}.example", number, label, label, label));
}

Cut cut_with(const DnsName& zone, std::size_t servers) {
  Cut cut{zone, {}, {}};
  for (std::size_t i = 0; i < servers; ++i) cut.servers.push_back(long_name(i));
  return cut;
}

ZoneView view_of(const DnsName& zone) { return {{zone, {}}, {}, {}}; }

TEST(ZoneMemory, KnowsTheZonesOwnNameToo) {
  ZoneMemory memory;
  const auto shop = cut_with(name("shop.example"), 1);
  memory.remember(name("www.shop.example"), shop, view_of(shop.zone));
  EXPECT_EQ(memory.cut_of(name("shop.example"))->zone, shop.zone);
}

TEST(ZoneMemory, ForgetsEveryNameOfAZone) {
  ZoneMemory memory;
  const auto shop = cut_with(name("shop.example"), 1);
  memory.remember(name("www.shop.example"), shop, view_of(shop.zone));
  memory.remember(name("shop.example"), shop, view_of(shop.zone));
  const auto other = cut_with(name("other.example"), 1);
  memory.remember(name("www.other.example"), other, view_of(other.zone));
  memory.forget(shop.zone);
  EXPECT_FALSE(memory.cut_of(name("www.shop.example")));
  EXPECT_FALSE(memory.cut_of(name("shop.example")));
  EXPECT_FALSE(memory.view_of(shop.zone));
  EXPECT_TRUE(memory.cut_of(name("www.other.example")));
  memory.forget(other.zone);
  EXPECT_EQ(memory.bytes(), 0U);
}

TEST(ZoneMemory, DoesNotKeepAZoneWithMoreNamesThanAnyoneNeeds) {
  ZoneMemory memory;
  const auto zone = name("shop.example");
  auto view = view_of(zone);
  for (std::size_t i = 0; i < 512; ++i) view.own.push_back(long_name(i));
  memory.remember(zone, cut_with(zone, 512), view);
  EXPECT_FALSE(memory.cut_of(zone));
  EXPECT_FALSE(memory.view_of(zone));
  EXPECT_EQ(memory.bytes(), 0U);
}

TEST(ZoneMemory, StaysWithinItsBytesAndItsEntries) {
  ZoneMemory memory;
  for (std::size_t i = 0; i < ZoneMemory::kEntriesMax + 10; ++i) {
    const auto zone = name(format("zone{}.example", i));
    memory.remember(zone, cut_with(zone, 60), view_of(zone));
    ASSERT_LE(memory.bytes(), ZoneMemory::kBytesMax);
    ASSERT_TRUE(memory.cut_of(zone)) << "the newest is there";
  }
  for (std::size_t i = 0; i < ZoneMemory::kEntriesMax + 10; ++i) {
    const auto zone = name(format("small{}.example", i));
    memory.remember(zone, cut_with(zone, 1), view_of(zone));
    ASSERT_TRUE(memory.view_of(zone));
  }
}

}  // namespace
}  // namespace signpost::dns
