// SPDX-License-Identifier: Apache-2.0
#include "base/record_value.h"

#include <gmock/gmock.h>

#include <array>

namespace signpost {
namespace {

using ::testing::HasSubstr;

struct Accepted {
  RecordType type;
  const char* typed;
  const char* canonical;
};
constexpr std::array kAccepted{
    Accepted{RecordType::kA, "203.0.113.7", "203.0.113.7"},
    Accepted{RecordType::kAaaa, "2001:DB8:0:0::7", "2001:db8::7"},
    Accepted{RecordType::kCname, "App.SaaS.example.", "app.saas.example"},
    Accepted{RecordType::kCname, "_x1.token.saas.example", "_x1.token.saas.example"},
    Accepted{RecordType::kCname, "bücher.example", "xn--bcher-kva.example"},
    Accepted{RecordType::kNs, "NS1.saas.example", "ns1.saas.example"},
    Accepted{RecordType::kMx, "mail.saas.example", "mail.saas.example"},
    Accepted{RecordType::kMx, ".", "."},  // RFC 7505 3: no mail here
    Accepted{RecordType::kSrv, " 10  5 443 App.saas.example. ", "10 5 443 app.saas.example"},
    Accepted{RecordType::kSrv, "0 0 0 .", "0 0 0 ."},  // RFC 2782: decidedly not offered
    Accepted{RecordType::kCaa, "0 issue letsencrypt.org", R"(0 issue "letsencrypt.org")"},
    Accepted{RecordType::kCaa, R"(0 issue "letsencrypt.org")", R"(0 issue "letsencrypt.org")"},
    Accepted{RecordType::kTxt, "v=abc DEF", "v=abc DEF"},
    Accepted{RecordType::kTxt, "say \"hello\" there", "say \"hello\" there"},
};

TEST(RecordValue, HasOneCanonicalForm) {
  for (const auto& [type, typed, canonical] : kAccepted) {
    const auto value = canonical_record_value(type, typed);
    ASSERT_TRUE(value) << typed << ": " << value.error().message;
    EXPECT_EQ(*value, canonical);
    EXPECT_EQ(canonical_record_value(type, *value), *value) << typed;
  }
}

struct Refused {
  RecordType type;
  const char* typed;
  const char* says;
};
constexpr std::array kRefused{
    Refused{RecordType::kA, "2001:db8::7", "belongs into an AAAA record"},
    Refused{RecordType::kA, "192.0.2", "such as 203.0.113.7"},
    Refused{RecordType::kA, "192.0.2.1/32", "such as 203.0.113.7"},
    Refused{RecordType::kA, "app.saas.example", "such as 203.0.113.7"},
    Refused{RecordType::kAaaa, "192.0.2.1", "belongs into an A record"},
    Refused{RecordType::kAaaa, "fe80::1%eth0", "such as 2001:db8::7"},
    Refused{RecordType::kCname, "https://app.saas.example/", "host name alone"},
    Refused{RecordType::kCname, "app.saas.example/path", "host name alone"},
    Refused{RecordType::kCname, "app.saas.example:443", "has a port"},
    Refused{RecordType::kCname, "192.0.2.1", "A or AAAA"},
    Refused{RecordType::kCname, "192.0.2.1.", "A or AAAA"},
    Refused{RecordType::kCname, "2001:db8::1", "A or AAAA"},
    Refused{RecordType::kCname, "[2001:db8::1]", "A or AAAA"},
    Refused{RecordType::kCname, "192.0.2", "A or AAAA"},
    Refused{RecordType::kCname, ".", "root of the DNS"},
    Refused{RecordType::kCname, "app", "such as app.saas.example"},
    Refused{RecordType::kCname, "app saas.example", "one host name alone"},
    Refused{RecordType::kMx, "10 mail.saas.example", "the record's priority"},
    Refused{RecordType::kMx, "192.0.2.1", "A or AAAA"},
    Refused{RecordType::kNs, "https://ns1.saas.example", "host name alone"},
    Refused{RecordType::kNs, "192.0.2.53", "A or AAAA"},
    Refused{RecordType::kSrv, "10 5 443", "priority, weight, port and host"},
    Refused{RecordType::kSrv, "10 5 443 app.saas.example x", "priority, weight, port and host"},
    Refused{RecordType::kSrv, "10 5 65536 app.saas.example", "\"65536\" is not a number"},
    Refused{RecordType::kSrv, "10 -5 443 app.saas.example", "\"-5\" is not a number"},
    Refused{RecordType::kSrv, "10 5 443 192.0.2.1", "A or AAAA"},
    Refused{RecordType::kSrv, "10 5 443 https://app.saas.example", "host name alone"},
    Refused{RecordType::kCaa, "letsencrypt.org", "begins with the flags"},
    Refused{RecordType::kCaa, "0 isue \"letsencrypt.org\"", "not a tag"},
    Refused{RecordType::kTxt, "\"v=abc\"", "without them"},
    Refused{RecordType::kTxt, "\"one\" \"two\"", "without them"},
    Refused{RecordType::kTxt, "a\tb", "control characters"},
    Refused{RecordType::kTxt, "abc ", "blank"},
    Refused{RecordType::kTxt, "", "empty"},
};

TEST(RecordValue, ThatItsTypeCannotHaveIsRefusedWithWhatToWrite) {
  for (const auto& [type, typed, says] : kRefused) {
    const auto value = canonical_record_value(type, typed);
    ASSERT_FALSE(value) << typed;
    EXPECT_EQ(value.error().kind, Kind::kUnprocessable);
    EXPECT_EQ(value.error().member, "value") << typed;
    EXPECT_THAT(value.error().message, HasSubstr(says)) << typed;
  }
}

TEST(RecordValue, WithAZeroOctetIsNoAddress) {
  EXPECT_FALSE(canonical_record_value(RecordType::kA, std::string_view("192.0.2.1\0x", 11)));
}

}  // namespace
}  // namespace signpost
