// SPDX-License-Identifier: Apache-2.0
#include "net/address_policy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace signpost::net {
namespace {

AddressPolicy::Verdict judge(const std::string& address) {
  return AddressPolicy({}).judge(boost::asio::ip::make_address(address));
}

struct Row {
  const char* address;
  const char* reason_part;
};

// First and last address of each block, and those that attackers are known to try.
constexpr Row kRefused[] = {
    {"0.0.0.0", "this network"},
    {"0.255.255.255", "this network"},
    {"10.0.0.0", "private"},
    {"10.255.255.255", "private"},
    {"100.64.0.0", "carriers"},
    {"100.127.255.255", "carriers"},
    {"127.0.0.1", "loopback"},
    {"127.255.255.254", "loopback"},
    {"169.254.0.1", "link-local"},
    {"169.254.169.254", "metadata"},
    {"169.254.170.2", "metadata"},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"192.0.0.0", "protocol assignments"},
    {"192.0.0.255", "protocol assignments"},
    {"192.0.2.1", "documentation"},
    {"192.88.99.1", "6to4"},
    {"192.168.0.1", "private"},
    {"192.168.255.255", "private"},
    {"198.18.0.0", "benchmarking"},
    {"198.19.255.255", "benchmarking"},
    {"198.51.100.7", "documentation"},
    {"203.0.113.7", "documentation"},
    {"224.0.0.1", "multicast"},
    {"239.255.255.255", "multicast"},
    {"240.0.0.1", "reserved"},
    {"255.255.255.254", "reserved"},
    {"255.255.255.255", "broadcast"},
    {"::", "unspecified"},
    {"::1", "loopback"},
    {"1::", "reserved"},
    {"ff::1", "reserved"},
    {"64:ff9c::1", "reserved"},
    {"fe80::1", "link-local"},
    {"febf::1", "link-local"},
    {"fec0::1", "site-local"},
    {"feff::1", "site-local"},
    {"fc00::1", "unique local"},
    {"fdff::1", "unique local"},
    {"fd00:ec2::254", "metadata"},
    {"ff00::1", "multicast"},
    {"ff02::1", "multicast"},
    {"ffff::1", "multicast"},
    {"100::", "discard"},
    {"100::ffff:ffff:ffff:ffff", "discard"},
    {"2001::1", "Teredo"},
    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"},
    {"2001:10::1", "protocol assignments"},
    {"2001:1ff::1", "protocol assignments"},
    {"2001:db8::1", "documentation"},
    {"2001:db8:ffff::1", "documentation"},
    {"3fff::1", "documentation"},
    {"3fff:fff::1", "documentation"},
    {"5f00::1", "segment routing"},
    {"2002::1", "6to4"},
    {"2002:808:808::1", "6to4"},
    {"2002:7f00:1::1", "6to4"},
    {"4000::1", "not global unicast"},
    {"e000::1", "not global unicast"},
    {"::ffff:127.0.0.1", "IPv4-mapped form of 127.0.0.1, loopback"},
    {"::ffff:7f00:1", "loopback"},
    {"::ffff:10.1.2.3", "private"},
    {"::ffff:169.254.169.254", "metadata"},
    {"::127.0.0.1", "IPv4-compatible form of 127.0.0.1, loopback"},
    {"::10.0.0.1", "private"},
    {"::2", "this network"},
    {"::ffff:0:7f00:1", "SIIT"},
    {"::ffff:0:a00:1", "private"},
    {"2600::5efe:127.0.0.1", "ISATAP form of 127.0.0.1, loopback"},
    {"2600::200:5efe:10.0.0.1", "ISATAP"},
    {"fe80::5efe:8.8.8.8", "link-local"},
    {"64:ff9b::127.0.0.1", "NAT64 form of 127.0.0.1, loopback"},
    {"64:ff9b::a00:1", "private"},
    {"64:ff9b:1::1", "local-use NAT64"},
    {"64:ff9b:1:ffff::808:808", "local-use NAT64"},
    {"64:ff9b:2::808:808", "NAT64"},
    {"64:ff9b:0:0:1::808:808", "NAT64"},
};

TEST(AddressPolicy, RefusesWhatIsNotPublicAndSaysWhy) {
  for (const auto& row : kRefused) {
    const auto verdict = judge(row.address);
    EXPECT_FALSE(verdict.allowed) << row.address;
    EXPECT_NE(verdict.reason.find(row.reason_part), std::string::npos) << row.address << ": " << verdict.reason;
  }
}

TEST(AddressPolicy, AllowsPublicAddressesUpToTheEdgesOfTheBlocks) {
  for (const auto* address :
       {"1.0.0.0",        "9.255.255.255",        "11.0.0.0",   "8.8.8.8",         "100.63.255.255",
        "100.128.0.0",    "126.255.255.255",      "128.0.0.0",  "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0",           "192.0.1.0",  "192.0.3.0",       "192.167.255.255",
        "192.169.0.0",    "198.17.255.255",       "198.20.0.0", "223.255.255.255", "2000::1",
        "2001:200::1",    "2001:4860:4860::8888", "2003::1",    "2600::1",         "3ffe::1",
        "2606:4700::1111"}) {
    EXPECT_TRUE(judge(address).allowed) << address << ": " << judge(address).reason;
  }
}

TEST(AddressPolicy, JudgesACarrierByThePublicAddressInside) {
  for (const auto* address :
       {"::ffff:8.8.8.8", "::8.8.8.8", "::ffff:0:808:808", "64:ff9b::8.8.8.8", "2600::5efe:8.8.8.8"}) {
    EXPECT_TRUE(judge(address).allowed) << address << ": " << judge(address).reason;
  }
}

// ── any address, against the registries ─────────────────────────────────────────────────────────────────────────

using Bytes = std::array<unsigned char, 16>;

struct Block {
  Bytes base{};
  unsigned bits = 0;
};

// As IANA prints them (iana-ipv4-special-registry, ipv4-address-space). What it calls globally reachable inside
// 192.0.0.0/24 (PCP and TURN anycast) is nobody's webhook.
constexpr const char* kSpecialV4[] = {"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
                                      "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
                                      "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                                      "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4"};
// iana-ipv6-special-registry inside 2000::/3, which is all of global unicast; 64:ff9b::/96 carries IPv4.
constexpr const char* kSpecialV6[] = {"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"};

template <std::size_t count>
std::vector<Block> blocks_of(const char* const (&texts)[count], int family) {
  std::vector<Block> blocks;
  for (const std::string text : texts) {
    Block block;
    const auto slash = text.find('/');
    if (inet_pton(family, text.substr(0, slash).c_str(), block.base.data()) != 1) std::abort();
    block.bits = static_cast<unsigned>(std::stoul(text.substr(slash + 1)));
    blocks.push_back(block);
  }
  return blocks;
}

bool bit(const Bytes& bytes, unsigned at) { return (bytes[at / 8] >> (7 - at % 8) & 1) != 0; }

bool lies_in(const Bytes& address, const Block& block) {
  for (unsigned at = 0; at < block.bits; ++at) {
    if (bit(address, at) != bit(block.base, at)) return false;
  }
  return true;
}

bool lies_in_any(const Bytes& address, const std::vector<Block>& blocks) {
  return std::ranges::any_of(blocks, [&](const Block& block) { return lies_in(address, block); });
}

/// Half of them inside a block or one bit beside it, where mistakes are.
Bytes some_address(std::mt19937_64& random, const std::vector<Block>& blocks, unsigned bytes) {
  Bytes address{};
  for (unsigned i = 0; i < bytes; ++i) address[i] = static_cast<unsigned char>(random());
  const auto& block = blocks[random() % blocks.size()];
  const auto how = random() % 4;
  if (how < 2) {
    for (unsigned at = 0; at < block.bits; ++at) {
      const auto mask = static_cast<unsigned char>(0x80U >> at % 8);
      const bool is_set = bit(block.base, at) != (how == 1 && at + 1 == block.bits);
      address[at / 8] = static_cast<unsigned char>(is_set ? address[at / 8] | mask : address[at / 8] & ~mask);
    }
  }
  return address;
}

IpAddress v4_of(const Bytes& bytes) { return boost::asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}); }

/// The IPv4 address at `at` inside the IPv6 address that `outer` begins.
IpAddress carrier(const char* outer, const Bytes& inner, std::size_t at) {
  Bytes bytes{};
  if (inet_pton(AF_INET6, outer, bytes.data()) != 1) std::abort();
  std::copy_n(inner.begin(), 4, bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return boost::asio::ip::address_v6(bytes);
}

TEST(AddressPolicy, AgreesWithTheRegistriesOnAnyAddress) {
  std::mt19937_64 random(20261130);
  const auto special_v4 = blocks_of(kSpecialV4, AF_INET);
  const auto special_v6 = blocks_of(kSpecialV6, AF_INET6);
  const Block unicast = blocks_of({"2000::/3"}, AF_INET6).front();
  const AddressPolicy policy({});
  for (int i = 0; i < 50'000; ++i) {
    const auto v4 = some_address(random, special_v4, 4);
    ASSERT_EQ(policy.judge(v4_of(v4)).allowed, !lies_in_any(v4, special_v4)) << v4_of(v4);
    const auto v6 = some_address(random, special_v6, 16);
    // What carries IPv4 by the form of its last 64 bits alone (ISATAP) is the next test's.
    if ((v6[8] & 0xfc) == 0 && v6[9] == 0 && v6[10] == 0x5e && v6[11] == 0xfe) continue;
    ASSERT_EQ(policy.judge(boost::asio::ip::address_v6(v6)).allowed,
              lies_in(v6, unicast) && !lies_in_any(v6, special_v6))
        << boost::asio::ip::address_v6(v6);
  }
}

TEST(AddressPolicy, GivesEveryCarrierTheVerdictOfWhatItCarries) {
  std::mt19937_64 random(20261130);
  const auto special_v4 = blocks_of(kSpecialV4, AF_INET);
  const AddressPolicy policy({});
  for (int i = 0; i < 20'000; ++i) {
    const auto inner = some_address(random, special_v4, 4);
    const bool is_public = !lies_in_any(inner, special_v4);
    struct Carrier {
      const char* outer;
      std::size_t at;
      bool expected;
    };
    for (const auto& [outer, at, expected] : {
             Carrier{"::ffff:0:0", 12, is_public},      // mapped (RFC 4291 2.5.5.2)
             Carrier{"::", 12, is_public},              // compatible (RFC 4291 2.5.5.1)
             Carrier{"::ffff:0:0:0", 12, is_public},    // SIIT (RFC 2765)
             Carrier{"64:ff9b::", 12, is_public},       // NAT64 (RFC 6052)
             Carrier{"2600::5efe:0:0", 12, is_public},  // ISATAP (RFC 5214), local and universal
             Carrier{"2600::200:5efe:0:0", 12, is_public}, Carrier{"fe80::5efe:0:0", 12, false},  // and on the link
             Carrier{"64:ff9b:1::", 12, false},       // local-use NAT64 (RFC 8215)
             Carrier{"2002::1", 2, false},            // 6to4 (RFC 3056)
             Carrier{"2001::ffff", 4, false},         // Teredo's server (RFC 4380)
             Carrier{"2001:0:808:808::", 12, false},  // Teredo's client, obfuscated
         }) {
      const auto address = carrier(outer, inner, at);
      ASSERT_EQ(policy.judge(address).allowed, expected) << address << " carries " << v4_of(inner);
    }
  }
}

TEST(AddressPolicy, OpensOnlyWhatTheOperatorLists) {
  const AddressPolicy policy({Network::parse("127.0.0.0/8").value(), Network::parse("fd00:1::/32").value()});
  const auto allows = [&](const char* address) { return policy.judge(boost::asio::ip::make_address(address)).allowed; };
  EXPECT_TRUE(allows("127.0.0.1"));
  EXPECT_TRUE(allows("127.9.9.9"));
  EXPECT_TRUE(allows("::ffff:127.0.0.1"));
  EXPECT_TRUE(allows("fd00:1::7"));
  EXPECT_FALSE(allows("fd00:2::7"));
  EXPECT_FALSE(allows("10.0.0.1"));
  EXPECT_FALSE(allows("::1"));
}

TEST(Network, ReadsBlocksAndSingleAddresses) {
  EXPECT_EQ(Network::parse("10.0.0.0/8")->text(), "10.0.0.0/8");
  EXPECT_EQ(Network::parse("192.0.2.1")->text(), "192.0.2.1/32");
  EXPECT_EQ(Network::parse("::1")->text(), "::1/128");
  EXPECT_TRUE(Network::parse("0.0.0.0/0")->contains(boost::asio::ip::make_address("8.8.8.8")));
  EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(boost::asio::ip::make_address("::1")));
  EXPECT_TRUE(Network::parse("fe80::/10")->contains(boost::asio::ip::make_address("febf::1")));
  EXPECT_FALSE(Network::parse("fe80::/10")->contains(boost::asio::ip::make_address("fec0::1")));
}

TEST(Network, RefusesWhatIsNotABlock) {
  for (const auto* text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8", "10.0.0/8", "::/129",
                           "fe80::1%1/128", "localhost", "10.0.0.0/8/8", "2001:db8::1/32"}) {
    EXPECT_FALSE(Network::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace signpost::net
