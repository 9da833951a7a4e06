// SPDX-License-Identifier: Apache-2.0
#include "dns/dmarc.h"

#include <gmock/gmock.h>

#include <array>

namespace signpost::dns {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
  const char* text;
  const char* says;  // nullptr: valid
};
constexpr std::array kRead{
    Read{"v=DMARC1; p=none", nullptr},
    Read{"v=DMARC1;p=reject;", nullptr},
    Read{"v = DMARC1 ; p = Quarantine ; pct = 50", nullptr},
    Read{"v=DMARC1; rua=mailto:d@shop.example", nullptr},  // RFC 7489 6.6.3: as p=none
    Read{"v=DMARC1; p=none; rua=mailto:a@x.example!10m,mailto:b@x.example; fo=1:d:s; ri=3600; rf=afrf", nullptr},
    Read{"v=DMARC1; p=none; np=reject; psd=n", nullptr},  // RFC 7489 6.3: unknown tags are ignored
    Read{"p=none; v=DMARC1", "begin with v=DMARC1"},
    Read{"v=dmarc1; p=none", "begin with v=DMARC1"},  // RFC 7489 6.4: in this case
    Read{"v=DMARC2; p=none", "begin with v=DMARC1"},
    Read{"v=DMARC1", "p is missing"},
    Read{"v=DMARC1; sp=none", "p is missing"},
    Read{"v=DMARC1; p=monitor", "p=monitor is not none, quarantine or reject"},
    Read{"v=DMARC1; p=none; pct=101", "from 0 to 100"},
    Read{"v=DMARC1; p=none; adkim=strict", "r or s"},
    Read{"v=DMARC1; p=none; fo=2", "0, 1, d or s"},
    Read{"v=DMARC1; p=none; rua=dmarc@shop.example", "mailto:"},
    Read{"v=DMARC1; p=none; rua=mailto:a@x.example mailto:b@x.example", "commas"},
    Read{"v=DMARC1 p=none", "begin with v=DMARC1"},
    Read{"v=DMARC1; p=none; p=reject", "there twice"},
    Read{"v=DMARC1, p=none", "begin with v=DMARC1"},
};

TEST(Dmarc, IsReadOrSaysWhatToWrite) {
  for (const auto& [text, says] : kRead) {
    const auto record = DmarcRecord::parse(text);
    ASSERT_EQ(record.has_value(), says == nullptr) << text;
    if (record) {
      EXPECT_EQ(DmarcRecord::parse(record->text()).value(), *record) << text;
      continue;
    }
    EXPECT_THAT(record.error().message, HasSubstr(says)) << text;
    EXPECT_THAT(record.error().message, HasSubstr("such as v=DMARC1; p=none"));
    EXPECT_EQ(record.error().member, "value");
  }
}

struct Compared {
  const char* wanted;
  const char* seen;
  const char* differs;
};
constexpr std::array kCompared{
    Compared{"v=DMARC1; p=none", "v=DMARC1;p=none;", ""},
    Compared{"v=DMARC1; p=none; adkim=s; aspf=r", "v=DMARC1;aspf=r;adkim=S;p=NONE", ""},
    Compared{"v=DMARC1; p=quarantine", "v=DMARC1; p=reject", ""},
    Compared{"v=DMARC1; p=reject", "v=DMARC1; p=none", "p is none instead of reject"},
    Compared{"v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=none", "sp is none instead of reject"},
    Compared{"v=DMARC1; p=reject; sp=quarantine", "v=DMARC1; p=reject", ""},
    Compared{"v=DMARC1; p=reject; sp=quarantine", "v=DMARC1; p=reject; sp=none", "sp is none instead of quarantine"},
    Compared{"v=DMARC1; p=reject", "v=DMARC1; p=reject; pct=10", "pct is 10 instead of 100"},
    Compared{"v=DMARC1; p=reject; pct=50", "v=DMARC1; p=reject", ""},
    Compared{"v=DMARC1; p=none", "v=DMARC1; p=none; pct=10", ""},
    Compared{"v=DMARC1; p=none", "v=DMARC1; p=none; rua=mailto:x@y.example; fo=1", ""},
    Compared{"v=DMARC1; p=none; rua=mailto:A@x.example",
             "v=DMARC1; p=none; rua=mailto:b@y.example , mailto:a@x.example", ""},
    Compared{"v=DMARC1; p=none; rua=mailto:a@x.example", "v=DMARC1; p=none", "rua is missing"},
    Compared{"v=DMARC1; p=none; rua=mailto:a@x.example", "v=DMARC1; p=none; rua=mailto:b@x.example",
             "rua is mailto:b@x.example instead of mailto:a@x.example"},
    Compared{"v=DMARC1; p=none; adkim=r", "v=DMARC1; p=none", ""},  // RFC 7489 6.3: the default
    Compared{"v=DMARC1; p=none; adkim=s", "v=DMARC1; p=none", "adkim is r instead of s"},
    Compared{"v=DMARC1; p=none; fo=1:d", "v=DMARC1; p=none; fo=d:1", ""},
    Compared{"v=DMARC1; p=none; np=reject", "v=DMARC1; p=none", "np is missing"},
};

TEST(Dmarc, SaysWhichTagsDiffer) {
  for (const auto& [wanted, seen, differs] : kCompared) {
    const auto differences = compare(DmarcRecord::parse(wanted).value(), DmarcRecord::parse(seen).value());
    EXPECT_EQ(shown(differences), differs) << wanted << " in " << seen;
  }
}

TEST(Dmarc, IsToldFromOtherTextByItsVersion) {
  const std::vector<std::string> texts{"v=spf1 -all", "v=DMARC1; nonsense", "hello", " v=DMARC1; p=none", "v=DMARC1"};
  EXPECT_THAT(dmarc_records(texts), ElementsAre("v=DMARC1; nonsense", "v=DMARC1"));
}

TEST(Dmarc, StandsAtANameOfItsOwn) {
  EXPECT_TRUE(is_dmarc_name(DnsName::parse("_DMARC.shop.example").value()));
  EXPECT_FALSE(is_dmarc_name(DnsName::parse("dmarc.shop.example").value()));
}

}  // namespace
}  // namespace signpost::dns
