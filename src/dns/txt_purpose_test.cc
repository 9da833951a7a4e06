// SPDX-License-Identifier: Apache-2.0
#include "dns/txt_purpose.h"

#include <gmock/gmock.h>

#include <array>

namespace signpost::dns {
namespace {

using testing::HasSubstr;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

TEST(TxtPurpose, FollowsFromNameAndValue) {
  EXPECT_EQ(purpose_of(name("shop.example"), "hello"), TxtPurpose::kPlain);
  EXPECT_EQ(purpose_of(name("shop.example"), "V=spf1 -all"), TxtPurpose::kSpf);
  EXPECT_EQ(purpose_of(name("_dmarc.shop.example"), "hello"), TxtPurpose::kDmarc);
  EXPECT_EQ(purpose_of(name("s1._domainkey.shop.example"), "p="), TxtPurpose::kDkim);
  EXPECT_EQ(purpose_of(name("shop.example._report._dmarc.reports.example"), "v=DMARC1"), TxtPurpose::kPlain);
}

struct Typed {
  const char* name;
  const char* value;
  const char* says;  // nullptr: fine
};
constexpr std::array kTyped{
    Typed{"shop.example", "hello", nullptr},
    Typed{"shop.example", "v=spf1 include:spf.saas.example ~all", nullptr},
    Typed{"shop.example", "v=spf1;include:spf.saas.example", "begins with \"v=spf1 \""},
    Typed{"shop.example", "v=spf1 include:spf.saas.example ~al", "\"~al\""},
    Typed{"_dmarc.shop.example", "v=DMARC1; p=none", nullptr},
    Typed{"_dmarc.shop.example", "p=none", "begin with v=DMARC1"},
    Typed{"shop.example", "v=DMARC1; p=none", "stands at _dmarc.shop.example"},
    Typed{"shop.example._report._dmarc.reports.example", "v=DMARC1", nullptr},
    Typed{"s1._domainkey.shop.example", "v=DKIM1; p=MIGf", nullptr},
    Typed{"s1._domainkey.shop.example", "v=DKIM1; p=MIG", "no Base64"},
};

TEST(TxtPurpose, RefusesAWantedValueThatItDoesNotAllow) {
  for (const auto& [at, value, says] : kTyped) {
    const auto checked = check_txt(name(at), value);
    ASSERT_EQ(checked.has_value(), says == nullptr) << value;
    if (says != nullptr) EXPECT_THAT(checked.error().message, HasSubstr(says)) << value;
  }
}

}  // namespace
}  // namespace signpost::dns
