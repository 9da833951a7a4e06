// SPDX-License-Identifier: Apache-2.0
#include "dns/dkim.h"

#include <gmock/gmock.h>

#include <array>

namespace signpost::dns {
namespace {

using testing::HasSubstr;

struct Read {
  const char* text;
  const char* says;  // nullptr: valid
};
constexpr std::array kRead{
    Read{"v=DKIM1; k=rsa; p=MIGfMA0G", nullptr},
    Read{"p=MIGf MA0G", nullptr},                           // RFC 6376 3.6.1: v is only recommended
    Read{"v=DKIM1; k=ed25519; p=MCowBQ==; t=s;", nullptr},  // RFC 8463
    Read{"k=rsa; s=email; p=", nullptr},                    // RFC 6376 3.6.1: revoked
    Read{"v=DKIM1; k=rsa", "p is missing"},
    Read{"k=rsa; v=DKIM1; p=MIGf", "begins with v=DKIM1"},
    Read{"v=DKIM2; p=MIGf", "begins with v=DKIM1"},
    Read{"v=DKIM1; p=MIG", "no Base64"},
    Read{"v=DKIM1; p=-----BEGIN PUBLIC KEY-----", "no Base64"},
    Read{"v=DKIM1 p=MIGf", "begins with v=DKIM1"},
    Read{"hello", "is no tag"},
};

TEST(Dkim, IsReadOrSaysWhatToWrite) {
  for (const auto& [text, says] : kRead) {
    const auto record = DkimRecord::parse(text);
    ASSERT_EQ(record.has_value(), says == nullptr) << text;
    if (record) {
      EXPECT_EQ(DkimRecord::parse(record->text()).value(), *record) << text;
      continue;
    }
    EXPECT_THAT(record.error().message, HasSubstr(says)) << text;
    EXPECT_EQ(record.error().member, "value");
  }
}

struct Compared {
  const char* seen;
  DkimVerdict verdict;
};
// Wanted: v=DKIM1; k=rsa; p=AAAABBBBCCCC
constexpr std::array kCompared{
    Compared{"v=DKIM1; k=rsa; p=AAAABBBBCCCC", DkimVerdict::kSame},
    Compared{"p=AAAA BBBB CCCC", DkimVerdict::kSame},
    Compared{"k=RSA;v=DKIM1;p=AAAABBBBCCCC", DkimVerdict::kInvalid},  // RFC 6376 3.6.1: v comes first
    Compared{"v=DKIM1;t=s:y;h=sha256;p=AAAABBBBCCCC;", DkimVerdict::kSame},
    Compared{"v=DKIM1; k=ed25519; p=AAAABBBBCCCC", DkimVerdict::kOtherKey},
    Compared{"v=DKIM1; k=rsa; p=AAAABBBBCCCD", DkimVerdict::kOtherKey},
    Compared{"v=DKIM1; k=rsa; p=aaaaBBBBCCCC", DkimVerdict::kOtherKey},
    Compared{"v=DKIM1; k=rsa; p=", DkimVerdict::kRevoked},
    Compared{"p=;", DkimVerdict::kRevoked},
    Compared{"v=DKIM1; k=rsa; p=AAAABBBB", DkimVerdict::kCut},
    Compared{"v=DKIM1; k=rsa; p=AAAAB", DkimVerdict::kCut},
    Compared{"v=DKIM1; k=rsa", DkimVerdict::kCut},
    Compared{"v=DKIM1; k=rsa; p=AAAABBBBCCCCDDDD", DkimVerdict::kOtherKey},
    Compared{"v=spf1 -all", DkimVerdict::kInvalid},
    Compared{"", DkimVerdict::kInvalid},
};

TEST(Dkim, IsHeldAgainstTheWantedKey) {
  const auto wanted = DkimRecord::parse("v=DKIM1; k=rsa; p=AAAABBBBCCCC").value();
  for (const auto& [seen, verdict] : kCompared) EXPECT_EQ(name_of(compare(wanted, seen)), name_of(verdict)) << seen;
}

TEST(Dkim, ThatIsWantedRevokedAgreesWithAnEmptyKey) {
  const auto wanted = DkimRecord::parse("v=DKIM1; p=").value();
  EXPECT_EQ(compare(wanted, "v=DKIM1; p="), DkimVerdict::kSame);
  EXPECT_EQ(compare(wanted, "v=DKIM1; p=AAAA"), DkimVerdict::kOtherKey);
}

TEST(Dkim, StandsBelowANameOfItsOwn) {
  EXPECT_TRUE(is_dkim_name(DnsName::parse("s1._domainkey.shop.example").value()));
  EXPECT_TRUE(is_dkim_name(DnsName::parse("a.b._DomainKey.shop.example").value()));
  EXPECT_FALSE(is_dkim_name(DnsName::parse("_domainkey.shop.example").value()));
}

}  // namespace
}  // namespace signpost::dns
