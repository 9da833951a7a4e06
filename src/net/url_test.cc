// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::net {
namespace {

TEST(Url, HasOneCanonicalForm) {
  struct Row {
    const char* text;
    const char* canonical;
  };
  for (const auto& [text, canonical] : {
           Row{"https://hooks.shop.example/hook?x=1", "https://hooks.shop.example/hook?x=1"},
           Row{"HTTPS://Hooks.SHOP.Example", "https://hooks.shop.example/"},
           Row{"https://hooks.shop.example./a", "https://hooks.shop.example/a"},
           Row{"https://hooks.shop.example:443/", "https://hooks.shop.example/"},
           Row{"http://hooks.shop.example:80/", "http://hooks.shop.example/"},
           Row{"http://hooks.shop.example:8080?q", "http://hooks.shop.example:8080/?q"},
           Row{"https://münchen.example/", "https://xn--mnchen-3ya.example/"},
           Row{"http://localhost:4000/hook", "http://localhost:4000/hook"},
           Row{"http://my_service.internal/", "http://my_service.internal/"},
           Row{"http://192.0.2.1/", "http://192.0.2.1/"},
           Row{"https://[::1]:9876", "https://[::1]:9876/"},
           Row{"https://[2001:DB8:0:0::1]/", "https://[2001:db8::1]/"},
           Row{"https://[::ffff:7f00:1]/", "https://[::ffff:127.0.0.1]/"},
           Row{"https://a.example/%7Euser/?a=%20b&c=d/e?f", "https://a.example/%7Euser/?a=%20b&c=d/e?f"},
       }) {
    const auto url = Url::parse(text);
    ASSERT_TRUE(url.has_value()) << text << ": " << url.error().message;
    EXPECT_EQ(url->text(), canonical);
    EXPECT_EQ(Url::parse(url->text())->text(), canonical);
  }
}

TEST(Url, KnowsAnAddressFromAName) {
  EXPECT_EQ(Url::parse("http://127.0.0.1/")->literal->to_string(), "127.0.0.1");
  EXPECT_TRUE(Url::parse("http://[::ffff:7f00:1]/")->literal->is_v6());
  EXPECT_FALSE(Url::parse("http://shop.example/")->literal.has_value());
  EXPECT_EQ(Url::parse("http://[::1]:81/")->host, "::1");
  EXPECT_EQ(Url::parse("http://[::1]:81/")->authority(), "[::1]:81");
}

TEST(Url, RefusesDisguisesAndSaysWhy) {
  struct Row {
    std::string text;
    const char* reason_part;
  };
  for (const auto& [text, reason_part] : {
           Row{"", "http"},
           Row{"shop.example/hook", "http"},
           Row{"ftp://shop.example/", "http"},
           Row{"file:///etc/passwd", "http"},
           Row{"gopher://shop.example/", "http"},
           Row{"//shop.example/", "http"},
           Row{"http:/shop.example/", "http"},
           Row{"http://", "no host"},
           Row{"http:///hook", "no host"},
           Row{"http://:80/", "no host"},
           Row{"http://?x", "no host"},
           Row{"http://127.1/", "IPv4"},
           Row{"http://2130706433/", "IPv4"},
           Row{"http://0x7f000001/", "IPv4"},
           Row{"http://0X7F000001/", "IPv4"},
           Row{"http://0x7f.0.0.1/", "IPv4"},
           Row{"http://0177.0.0.1/", "IPv4"},
           Row{"http://127.0.0.01/", "IPv4"},
           Row{"http://127.0.0.1./", "IPv4"},
           Row{"http://127.0.0.256/", "IPv4"},
           Row{"http://1.2.3.4.5/", "IPv4"},
           Row{"http://shop.0x1/", "IPv4"},
           Row{"http://１２７.0.0.1/", "IPv4"},
           Row{"http://127。0。0。１/", "IPv4"},
           Row{"http://127%2e0%2e0%2e1/", "percent-encoded"},
           Row{"http://%6cocalhost/", "percent-encoded"},
           Row{"https://good@127.0.0.1/", "user information"},
           Row{"https://a:b@shop.example/", "user information"},
           Row{"https://shop.example:80@127.0.0.1/", "user information"},
           Row{"http://[fe80::1%25lo]/", "zone id"},
           Row{"http://[fe80::1%lo]/", "zone id"},
           Row{"http://[::1/", "bracket"},
           Row{"http://[::1]x/", "between"},
           Row{"http://[shop.example]/", "IPv6"},
           Row{"http://[]/", "IPv6"},
           Row{"http://::1/", "no host"},
           Row{"http://[127.0.0.1]/", "IPv6"},
           Row{"http://shop.example\\@127.0.0.1/", "backslash"},
           Row{"http:\\\\shop.example/", "backslash"},
           Row{"http://shop.example/a\tb", "control"},
           Row{"http://shop\n.example/", "control"},
           Row{" http://shop.example/", "blank"},
           Row{"http://shop.example/a b", "blank"},
           Row{std::string("http://shop.example/\0", 21), "control"},
           Row{"http://shop.example:0/", "port"},
           Row{"http://shop.example:99999/", "port"},
           Row{"http://shop.example:/", "port"},
           Row{"http://shop.example:65536/", "port"},
           Row{"http://shop.example:-1/", "port"},
           Row{"http://shop.example:+80/", "port"},
           Row{"http://shop.example:80a/", "port"},
           Row{"http://shop.example:80:80/", "port"},
           Row{"http://shop.example/#top", "fragment"},
           Row{"http://shop.example#top", "fragment"},
           Row{"http://*.example/", "host name"},
           Row{"http://./", ""},
           Row{"http://a..example/", ""},
           Row{"http://shop.example/<script>", "percent-encoded"},
           Row{"http://shop.example/ä", "percent-encoded"},
           Row{"http://shop.example/%zz", "percent-encoded"},
           Row{"http://shop.example/" + std::string(2048, 'a'), "bytes"},
           Row{"http://" + std::string(64, 'a') + ".example/", ""},
       }) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url.has_value()) << text << " became " << url->text();
    EXPECT_EQ(url.error().kind, Kind::kUnprocessable) << text;
    EXPECT_NE(url.error().message.find(reason_part), std::string::npos) << text << ": " << url.error().message;
  }
}

}  // namespace
}  // namespace signpost::net
