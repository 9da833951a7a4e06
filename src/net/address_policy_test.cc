// SPDX-License-Identifier: Apache-2.0
#include "net/address_policy.h"

#include <gtest/gtest.h>

#include <string>

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
