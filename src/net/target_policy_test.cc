// SPDX-License-Identifier: Apache-2.0
#include "net/target_policy.h"

#include <gtest/gtest.h>

namespace signpost::net {
namespace {

Result<void> check(const TargetPolicy& policy, std::string_view text) {
  const auto url = Url::parse(text);
  if (!url) return std::unexpected(url.error());
  return policy.check(*url);
}

TEST(PortRange, IsOnePortOrTwoInOrder) {
  EXPECT_EQ(PortRange::parse("8443")->text(), "8443");
  EXPECT_EQ(PortRange::parse("8000-8999")->text(), "8000-8999");
  EXPECT_TRUE(PortRange::parse("8000-8999")->contains(8000) && PortRange::parse("8000-8999")->contains(8999));
  EXPECT_FALSE(PortRange::parse("8000-8999")->contains(9000));
  for (const auto* wrong : {"", "0", "65536", "http", "-1", "80-", "-80", "90-80", "80-90-100", " 80", "+80"})
    EXPECT_FALSE(PortRange::parse(wrong)) << wrong;
}

TEST(TargetPolicy, AllowsTheWebsPortsAndThoseTheOperatorAdds) {
  const TargetPolicy plain;
  EXPECT_TRUE(check(plain, "https://hooks.shop.example/"));
  EXPECT_TRUE(check(plain, "http://hooks.shop.example/"));
  EXPECT_TRUE(check(plain, "http://hooks.shop.example:443/"));
  for (const auto* port : {"1", "22", "25", "5432", "6379", "8080", "65535"}) {
    const auto refused = check(plain, std::string("http://hooks.shop.example:") + port + "/");
    ASSERT_FALSE(refused) << port;
    EXPECT_EQ(refused.error().kind, Kind::kUnprocessable);
    EXPECT_TRUE(refused.error().message.contains("80, 443")) << refused.error().message;
  }
  const TargetPolicy more({}, {{8000, 8999}});
  EXPECT_TRUE(check(more, "http://hooks.shop.example:8080/"));
  EXPECT_TRUE(check(more, "https://hooks.shop.example/"));
  EXPECT_FALSE(check(more, "http://hooks.shop.example:9000/"));
}

// Reference 6d.4, row by row: whoever writes an address so means to be taken for something else, or has made a mistake.
TEST(TargetPolicy, RefusesEverySpellingOfAnAddressThatIsNotPublic) {
  const TargetPolicy plain;
  for (const auto& text : {
           std::string("https://127.1/"),
           std::string("https://2130706433/"),
           std::string("https://0x7f000001/"),
           std::string("https://0177.0.0.1/"),
           std::string("https://127.0.0.1./"),
           std::string("https://127.0.0.1/"),
           std::string("https://[::ffff:7f00:1]/"),
           std::string("https://[::FFFF:7F00:1]/"),
           std::string("https://[::ffff:127.0.0.1]/"),
           std::string("https://[::127.0.0.1]/"),
           std::string("https://[::]/"),
           std::string("https://[0:0:0:0:0:0:0:1]/"),
           std::string("https://%31%32%37.0.0.1/"),
           std::string("https://127%2e0%2e0%2e1/"),
           std::string("https://１２７.０.０.１/"),
           std::string("https://127。0。0。1/"),
           std::string("HTTPS://LOCALHOST/"),
           std::string("https://localhost./"),
           std::string("https://api.LocalHost/"),
           std::string("https://[fe80::1%25lo]/"),
           std::string("https://[fe80::1]/"),
           std::string("https://good@127.0.0.1/"),
           std::string("https://good:word@shop.example/"),
           std::string("https://[::1]:9876"),
           std::string("https://[::1]/"),
           std::string("https://shop.example\\@127.0.0.1/"),
           std::string("https:\\\\127.0.0.1/"),
           std::string("https://shop.example/\thook"),
           std::string("https://shop.example/\nhook"),
           std::string("https://sh\top.example/"),
           std::string("https:///hook"),
           std::string("https://"),
           std::string("https://:443/"),
           std::string("https://shop.example:0/"),
           std::string("https://shop.example:99999/"),
           std::string("https://shop.example/#fragment"),
           std::string("ftp://shop.example/"),
           std::string("file:///etc/passwd"),
           std::string("gopher://shop.example/"),
           std::string("https://169.254.169.254/"),
           std::string("https://10.0.0.1/"),
           std::string("https://[64:ff9b::7f00:1]/"),
           std::string("https://[fd00:ec2::254]/"),
       }) {
    const auto refused = check(plain, text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().kind, Kind::kUnprocessable) << text;
    EXPECT_GE(refused.error().message.size(), 15u) << text;
  }
  EXPECT_TRUE(check(plain, "https://93.184.216.34/"));
  EXPECT_TRUE(check(plain, "https://[64:ff9b::5db8:d822]/"));
  EXPECT_TRUE(check(plain, "https://localhost.example/"));
}

TEST(TargetPolicy, OpensWhatTheOperatorOpens) {
  const TargetPolicy demo({Network::parse("127.0.0.0/8").value()}, {{1024, 65535}});
  EXPECT_TRUE(check(demo, "http://127.0.0.1:4000/"));
  EXPECT_TRUE(check(demo, "http://localhost:4000/"));
  EXPECT_FALSE(check(demo, "http://127.0.0.1:25/"));
  EXPECT_FALSE(check(demo, "http://10.0.0.1:4000/"));
}

}  // namespace
}  // namespace signpost::net
