// SPDX-License-Identifier: Apache-2.0
#include "dns/spf.h"

#include <gmock/gmock.h>

#include <array>

#include "base/text.h"

namespace signpost::dns {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
SpfAt at(std::string_view host, std::string_view text) { return {name(host), SpfRecord::parse(text).value()}; }
std::string missing(std::string_view wanted, std::string_view seen) {
  return shown(missing_parts(at("shop.example", wanted), at("shop.example", seen)));
}

struct Valid {
  const char* text;
  const char* canonical;
};
constexpr std::array kValid{
    Valid{"v=spf1", "v=spf1"},
    Valid{"V=SPF1 -ALL", "v=spf1 -all"},  // RFC 7208 4.6.1: case does not matter
    Valid{"v=spf1  +mx   -all ", "v=spf1 mx -all"},
    Valid{"v=spf1 a mx ptr ~all", "v=spf1 a mx ptr ~all"},
    Valid{"v=spf1 a:Mail.Shop.example./24//64", "v=spf1 a:mail.shop.example/24//64"},
    Valid{"v=spf1 mx/32//128 a//64", "v=spf1 mx a//64"},
    Valid{"v=spf1 ip4:192.0.2.77/24 ip4:192.0.2.1/32", "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.1"},
    Valid{"v=spf1 ip4:192.0.2.1/0", "v=spf1 ip4:0.0.0.0/0"},
    Valid{"v=spf1 ip6:2001:DB8::1/32 ?ip6:::1", "v=spf1 ip6:2001:db8::/32 ?ip6:::1"},
    Valid{"v=spf1 include:_spf.saas.example", "v=spf1 include:_spf.saas.example"},
    // RFC 7208 7.4, 5.7: macros are kept as text.
    Valid{"v=spf1 exists:%{ir}.%{v}._spf.%{d2}", "v=spf1 exists:%{ir}.%{v}._spf.%{d2}"},
    Valid{"v=spf1 exists:%{L1r-}.lp._spf.%{d} -all", "v=spf1 exists:%{L1r-}.lp._spf.%{d} -all"},
    Valid{"v=spf1 a:%{d1/}.shop.example/24", "v=spf1 a:%{d1/}.shop.example/24"},
    Valid{"v=spf1 redirect=_spf.shop.example", "v=spf1 redirect=_spf.shop.example"},
    Valid{"v=spf1 mx exp=Why.%{d} -all", "v=spf1 mx exp=Why.%{d} -all"},
    Valid{"v=spf1 moo.cow-far_out=man:dog/cat -all", "v=spf1 moo.cow-far_out=man:dog/cat -all"},  // RFC 7208 6
    Valid{"v=spf1 x=", "v=spf1 x="},
};

TEST(Spf, IsReadIntoItsCanonicalForm) {
  for (const auto& [text, canonical] : kValid) {
    const auto record = SpfRecord::parse(text);
    ASSERT_TRUE(record) << text << ": " << record.error().message;
    EXPECT_EQ(record->text(), canonical);
    EXPECT_EQ(SpfRecord::parse(record->text()).value(), *record) << text;
  }
}

struct Invalid {
  const char* text;
  const char* says;
};
constexpr std::array kInvalid{
    Invalid{"", "begins with \"v=spf1 \""},
    Invalid{"v=spf10 -all", "begins with \"v=spf1 \""},  // RFC 7208 4.5
    Invalid{"v=spf2 -all", "begins with \"v=spf1 \""},
    Invalid{"spf1 -all", "begins with \"v=spf1 \""},
    Invalid{"v=spf1 include", "a domain is missing"},
    Invalid{"v=spf1 include:", "a domain is missing"},
    Invalid{"v=spf1 include=spf.saas.example", "a colon stands behind"},
    Invalid{"v=spf1 redirect:spf.saas.example", "an equals sign stands behind"},
    Invalid{"v=spf1 include:192.0.2.1", "no domain"},
    Invalid{"v=spf1 include:saas", "no domain"},
    Invalid{"v=spf1 include:https://saas.example", "no domain"},
    Invalid{"v=spf1 a/33", "from 0 to 32"},
    Invalid{"v=spf1 a/024", "from 0 to 32"},
    Invalid{"v=spf1 a//129", "from 0 to 128"},
    Invalid{"v=spf1 ptr/saas.example", "domain"},
    Invalid{"v=spf1 ip4:192.0.2", "no IPv4 address"},
    Invalid{"v=spf1 ip4:192.0.2.0/33", "from 0 to 32"},
    Invalid{"v=spf1 ip4:2001:db8::1", "no IPv4 address"},
    Invalid{"v=spf1 ip4 192.0.2.1", "behind the colon"},
    Invalid{"v=spf1 ip6:2001:db8::/129", "from 0 to 128"},
    Invalid{"v=spf1 ip:192.0.2.1", "no mechanism"},
    Invalid{"v=spf1 all:x.example", "nothing may follow"},
    Invalid{"v=spf1 -all;", "no mechanism"},
    Invalid{"v=spf1 +redirect=x.example", "no mechanism"},
    Invalid{"v=spf1 exists:%{x}.example", "no domain"},
    Invalid{"v=spf1 exists:%{i.example", "no domain"},
    Invalid{"v=spf1 x=%", "begins no macro"},
    Invalid{"v=spf1 redirect=a.example redirect=b.example", "there twice"},  // RFC 7208 6
    Invalid{"v=spf1 include:a.example,include:b.example", "no domain"},
    Invalid{"v=spf1 \"-all\"", "no mechanism"},
    Invalid{"v=spf1 -all v=spf1", nullptr},  // an unknown modifier, if a silly one
};

TEST(Spf, ThatIsNotValidSaysWhereAndWhatIsRight) {
  for (const auto& [text, says] : kInvalid) {
    const auto record = SpfRecord::parse(text);
    ASSERT_EQ(record.has_value(), says == nullptr) << text;
    if (says == nullptr) continue;
    EXPECT_THAT(record.error().message, HasSubstr(says)) << text;
    EXPECT_EQ(record.error().member, "value");
  }
}

TEST(Spf, OfMoreTermsThanTheLimitIsRefused) {
  std::string text = "v=spf1";
  for (std::size_t i = 0; i < kSpfTermsMax; ++i) text += " a";
  EXPECT_TRUE(SpfRecord::parse(text));
  EXPECT_FALSE(SpfRecord::parse(text + " a"));
}

TEST(Spf, IsToldFromOtherTextByItsVersion) {
  EXPECT_TRUE(is_spf("v=spf1"));
  EXPECT_TRUE(is_spf("v=SPF1 nonsense"));
  for (const auto* text : {"", "v=spf", "v=spf1x", "v=spf1\t-all", " v=spf1", "spf2.0/pra"})
    EXPECT_FALSE(is_spf(text)) << text;
  const std::vector<std::string> texts{"v=spf1 -all", "x", "v=spf1"};
  EXPECT_THAT(spf_records(texts), ElementsAre("v=spf1 -all", "v=spf1"));
}

struct Wanted {
  const char* wanted;
  const char* seen;
  const char* missing;
};
constexpr std::array kWanted{
    Wanted{"v=spf1 include:a.example ~all", "v=spf1 include:a.example -all", ""},
    Wanted{"v=spf1 include:a.example ~all", "v=spf1 mx +include:A.example. ip4:192.0.2.1 ?all", ""},
    Wanted{"v=spf1 include:a.example ~all", "v=spf1 mx ~all", "include:a.example"},
    Wanted{"v=spf1 include:a.example ~all", "v=spf1 ?include:a.example ~all", "include:a.example"},
    Wanted{"v=spf1 include:a.example mx ip4:192.0.2.1", "v=spf1 mx", "include:a.example, ip4:192.0.2.1"},
    // RFC 7208 5.1: what stands behind the all is never reached.
    Wanted{"v=spf1 include:a.example", "v=spf1 -all include:a.example", "include:a.example"},
    Wanted{"v=spf1 ip4:192.0.2.1", "v=spf1 ip4:192.0.2.0/24", ""},
    Wanted{"v=spf1 ip4:192.0.2.0/24", "v=spf1 ip4:192.0.2.1", "ip4:192.0.2.0/24"},
    Wanted{"v=spf1 ip4:192.0.3.1", "v=spf1 ip4:192.0.2.0/24", "ip4:192.0.3.1"},
    Wanted{"v=spf1 ip4:192.0.3.1", "v=spf1 ip4:192.0.2.0/23", ""},
    Wanted{"v=spf1 ip6:2001:db8:1::1", "v=spf1 ip6:2001:db8::/32", ""},
    Wanted{"v=spf1 ip6:::1", "v=spf1 ip4:0.0.0.0/0", "ip6:::1"},
    Wanted{"v=spf1 a", "v=spf1 a:shop.example", ""},
    Wanted{"v=spf1 a:other.example", "v=spf1 a", "a:other.example"},
    Wanted{"v=spf1 mx/28", "v=spf1 mx/24", ""},
    Wanted{"v=spf1 mx/24", "v=spf1 mx", "mx/24"},
    Wanted{"v=spf1 exists:%{i}.a.example", "v=spf1 exists:%{i}.a.example", ""},
    Wanted{"v=spf1 redirect=a.example", "v=spf1 redirect=a.example", ""},
    Wanted{"v=spf1 redirect=a.example", "v=spf1 mx include:a.example -all", ""},
    Wanted{"v=spf1 include:a.example", "v=spf1 mx redirect=a.example", ""},
    // RFC 7208 6.1: a redirect beside an all is ignored, wherever it stands.
    Wanted{"v=spf1 redirect=a.example", "v=spf1 redirect=a.example -all", "redirect=a.example"},
    Wanted{"v=spf1 mx exp=why.example x=y", "v=spf1 mx", ""},
    // Nothing but an all says that no mail comes from here; only then it is wanted itself.
    Wanted{"v=spf1 -all", "v=spf1 -all", ""},
    Wanted{"v=spf1 ~all", "v=spf1 -all", ""},
    Wanted{"v=spf1 -all", "v=spf1 ~all", "-all"},
    Wanted{"v=spf1 -all", "v=spf1", "-all"},
    Wanted{"v=spf1", "v=spf1 mx", ""},
};

TEST(Spf, SaysWhichPartsOfTheWantedRecordAreMissing) {
  for (const auto& [wanted, seen, parts] : kWanted) EXPECT_EQ(missing(wanted, seen), parts) << wanted << " in " << seen;
}

TEST(Spf, WithoutADomainMeansTheNameThatItStandsAt) {
  EXPECT_THAT(missing_parts(at("mail.shop.example", "v=spf1 a"), at("shop.example", "v=spf1 a:mail.shop.example")),
              IsEmpty());
  EXPECT_EQ(missing_parts(at("mail.shop.example", "v=spf1 a"), at("shop.example", "v=spf1 a")).size(), 1U);
}

TEST(Spf, SaysWhatStandsBehindTheAll) {
  const auto wanted = SpfRecord::parse("v=spf1 include:a.example").value().terms.front();
  EXPECT_TRUE(stands_after_all(wanted, name("shop.example"), at("shop.example", "v=spf1 -all include:a.example")));
  EXPECT_FALSE(stands_after_all(wanted, name("shop.example"), at("shop.example", "v=spf1 include:a.example -all")));
  EXPECT_FALSE(stands_after_all(wanted, name("shop.example"), at("shop.example", "v=spf1 -all")));
}

TEST(Spf, ListsTheFirstPartsAndCountsTheRest) {
  EXPECT_EQ(shown(SpfRecord::parse("v=spf1 a mx ptr ip4:192.0.2.1 -all").value().terms), "a, mx, ptr and 2 more");
}

}  // namespace
}  // namespace signpost::dns
