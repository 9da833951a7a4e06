// SPDX-License-Identifier: Apache-2.0
#include "app/acme_zone.h"

#include <gtest/gtest.h>

#include <fstream>

#include "app/testing/test_console.h"

namespace signpost::app {
namespace {

constexpr const char* kSecret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0";

class AcmeZoneTest : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text, std::filesystem::perms permissions) {
    const auto path = directory.path() / name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, permissions);
    return path.string();
  }
  Result<dns::ZoneWriter::Settings> writer(const std::string& text, std::filesystem::perms permissions) {
    Settings::Dns dns;
    dns.acme_zone = DnsName::parse("acme.saas.example").value();
    dns.acme_zone_server = net::UdpEndpoint(boost::asio::ip::address_v4::loopback(), 53);
    dns.acme_zone_key_name = DnsName::parse("signpost").value();
    dns.acme_zone_key_file = file("key", text, permissions);
    return writer_settings(dns);
  }
  int run(std::vector<std::string> words, const std::string& toml) {
    words.push_back("--config");
    words.push_back(file("signpost.toml", toml, std::filesystem::perms::owner_all));
    return console.run(words);
  }

  testing::TemporaryDirectory directory;
  testing::TestConsole console;
};

constexpr auto kOwnerOnly = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

TEST_F(AcmeZoneTest, ReadsTheKeyThatUpdatesAreSignedWith) {
  const auto settings = writer(std::string(kSecret) + "\n", kOwnerOnly);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->key->secret, kSecret);
  EXPECT_EQ(settings->key->name.text(), "signpost");
}

TEST_F(AcmeZoneTest, RefusesAKeyThatOthersMayReadOrThatIsNone) {
  const auto open = writer(kSecret, kOwnerOnly | std::filesystem::perms::others_read);
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().message.find("chmod 600"), std::string::npos);
  for (const auto& text : {std::string("no base64"), std::string(), std::string(2000, 'a')}) {
    const auto bad = writer(text, kOwnerOnly);
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find("dns.acme_zone_key_file"), std::string::npos) << bad.error().message;
    EXPECT_EQ(bad.error().message.find("no base64"), std::string::npos);
  }
}

TEST_F(AcmeZoneTest, CommandsSayThatNoZoneIsSet) {
  for (const auto* command : {"records", "check"}) {
    EXPECT_EQ(run({"acme-zone", command}, ""), 1);
    EXPECT_NE(console.err().find("dns.acme_zone"), std::string::npos) << console.err();
  }
}

TEST_F(AcmeZoneTest, RecordsAreALineEachAsZoneFilesHaveThem) {
  EXPECT_EQ(run({"acme-zone", "records"},
                "[dns]\nacme_zone = \"acme.saas.example\"\n"
                "acme_zone_name_servers = [\"ns1.acme.saas.example 192.0.2.53 2001:db8::53\", \"ns.x.example\"]\n"),
            0);
  EXPECT_EQ(console.out(),
            "; Into the zone above acme.saas.example (saas.example), once:\n"
            "acme.saas.example.     3600 IN NS   ns1.acme.saas.example.\n"
            "acme.saas.example.     3600 IN NS   ns.x.example.\n"
            "ns1.acme.saas.example. 3600 IN A    192.0.2.53\n"
            "ns1.acme.saas.example. 3600 IN AAAA 2001:db8::53\n");
}

TEST_F(AcmeZoneTest, RecordsOfAnotherServerAreItsOwn) {
  EXPECT_EQ(
      run({"acme-zone", "records"}, "[dns]\nacme_zone = \"acme.saas.example\"\nacme_zone_server = \"192.0.2.1\"\n"), 0);
  EXPECT_NE(console.out().find("192.0.2.1:53 has the zone acme.saas.example"), std::string::npos) << console.out();
}

}  // namespace
}  // namespace signpost::app
