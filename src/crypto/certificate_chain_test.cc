// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate_chain.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/certification_request.h"
#include "crypto/testing/test_issuer.h"

namespace signpost::crypto {
namespace {

using std::chrono::days;
using testing::TestIssuer;

const Time kNow = from_ms(1'800'000'000'000);  // 2027-01-15 08:00:00

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }

struct Issued {
  TestIssuer issuer{"Test", kNow};
  PrivateKey key = PrivateKey::generate(KeyType::kEcdsaP256);
  std::vector<DnsName> names{name("shop.example"), name("*.shop.example")};
  std::string leaf = issuer.issue(make_certification_request(key, names).value(), names, kNow, kNow + days(90));
  CertificateChain chain() const { return CertificateChain::parse(leaf + issuer.intermediate_pem()).value(); }
};

TEST(CertificateChain, KnowsWhatItsLeafSays) {
  const Issued issued;
  const auto chain = issued.chain();
  const auto& leaf = chain.leaf();
  EXPECT_EQ(leaf.names, issued.names);
  EXPECT_EQ(leaf.not_before, kNow);
  EXPECT_EQ(leaf.not_after, kNow + days(90));
  EXPECT_EQ(leaf.serial.size(), 16U);
  EXPECT_EQ(leaf.serial, testing::serial_of(chain.leaf_der()));
  EXPECT_EQ(leaf.subject, "");
  EXPECT_EQ(leaf.issuer, "CN=Test Intermediate");
  EXPECT_EQ(leaf.issuer_name, "Test Intermediate");
  EXPECT_EQ(leaf.authority_key_id.size(), 20U);
  EXPECT_EQ(leaf.authority_key_id, chain.certificates()[1].subject_key_id);
  EXPECT_EQ(leaf.fingerprint.size(), 64U);
  EXPECT_FALSE(leaf.is_authority);
  EXPECT_TRUE(chain.certificates()[1].is_authority);
  EXPECT_EQ(chain.root_name(), "Test Root");
}

TEST(CertificateChain, IsWrittenAsItWasRead) {
  const Issued issued;
  const auto chain =
      CertificateChain::parse("# the shop's\n" + issued.leaf + "\nits issuer\n" + issued.issuer.intermediate_pem());
  ASSERT_TRUE(chain.has_value()) << chain.error().message;
  EXPECT_EQ(chain->leaf_pem(), issued.leaf);
  EXPECT_EQ(chain->issuers_pem(), issued.issuer.intermediate_pem());
  EXPECT_EQ(chain->pem(), issued.leaf + issued.issuer.intermediate_pem());
}

TEST(CertificateChain, TakesIssuersOverFromAnEarlierOne) {
  Issued issued;
  auto& issuer = issued.issuer;
  const auto next =
      issuer.issue(make_certification_request(issued.key, issued.names).value(), issued.names, kNow, kNow + days(1)) +
      issuer.intermediate_pem();
  const auto alone = CertificateChain::parse(next).value();
  auto earlier = std::make_unique<CertificateChain>(issued.chain());
  const auto chain = CertificateChain::parse(next, earlier.get()).value();
  earlier.reset();
  EXPECT_EQ(chain.pem(), next);
  EXPECT_EQ(chain.leaf().fingerprint, alone.leaf().fingerprint);
  EXPECT_EQ(chain.certificates()[1].fingerprint, alone.certificates()[1].fingerprint);
  EXPECT_TRUE(chain.check_order()) << "what it took over outlives its first owner";
}

TEST(CertificateChain, TakesNoIssuerForAnother) {
  const Issued issued;
  const Issued other;
  const auto earlier = other.chain();
  const auto chain = CertificateChain::parse(issued.chain().pem(), &earlier).value();
  EXPECT_NE(chain.certificates()[1].fingerprint, earlier.certificates()[1].fingerprint);
  EXPECT_TRUE(chain.check_order());
  const auto leaf_again = CertificateChain::parse(earlier.pem(), &earlier).value();
  EXPECT_EQ(leaf_again.leaf_pem(), earlier.leaf_pem());
}

TEST(CertificateChain, HasTheRenewalIdOfRfc9773) {
  const auto chain = CertificateChain::parse(R"(-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
)");
  ASSERT_TRUE(chain.has_value()) << chain.error().message;
  EXPECT_EQ(chain->renewal_id(), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
  EXPECT_EQ(chain->leaf().serial, "87654321");
}

TEST(CertificateChain, WithoutAnAuthorityKeyHasNoRenewalId) {
  const auto root = CertificateChain::parse(TestIssuer("Test", kNow).root_pem());
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->renewal_id().error().kind, Kind::kUnprocessable);
}

TEST(CertificateChain, BelongsToOneKeyOnly) {
  const Issued issued;
  EXPECT_TRUE(issued.chain().check_key(issued.key).has_value());
  EXPECT_FALSE(issued.chain().check_key(PrivateKey::generate(KeyType::kEcdsaP256)).has_value());
  EXPECT_FALSE(issued.chain().check_key(PrivateKey::generate(KeyType::kRsa2048)).has_value());
}

TEST(CertificateChain, IsInOrderIfEachSignsTheOneBefore) {
  Issued issued;
  auto& issuer = issued.issuer;
  EXPECT_TRUE(issued.chain().check_order().has_value());
  EXPECT_TRUE(CertificateChain::parse(issued.chain().pem() + issuer.root_pem())->check_order().has_value());
  const TestIssuer other("Test", kNow);  // the same names and other keys
  for (const auto& wrong : {issued.leaf, issued.leaf + issuer.root_pem(), issued.leaf + other.intermediate_pem(),
                            issuer.intermediate_pem() + issued.leaf, issued.leaf + issued.leaf}) {
    const auto checked = CertificateChain::parse(wrong)->check_order();
    ASSERT_FALSE(checked.has_value()) << wrong;
    EXPECT_EQ(checked.error().kind, Kind::kUnprocessable);
  }
}

TEST(CertificateChain, SaysThatTheIssuerIsMissing) {
  const Issued issued;
  const auto alone = CertificateChain::parse(issued.leaf)->check_order();
  ASSERT_FALSE(alone.has_value());
  EXPECT_EQ(alone.error().message,
            "the chain is incomplete: the certificate of its issuer \"CN=Test Intermediate\" is missing");
}

TEST(CertificateChain, LeadsToTheRootThatSignedItsEnd) {
  const Issued issued;
  const TestIssuer other("Other", kNow);
  const auto chain = CertificateChain::parse(issued.leaf + issued.issuer.intermediate_signed_by(other));
  ASSERT_TRUE(chain.has_value());
  EXPECT_TRUE(chain->check_order().has_value());
  EXPECT_EQ(chain->root_name(), "Other Root");
}

TEST(CertificateChain, CoversItsNamesAndOneLabelByWildcard) {
  const auto chain = Issued().chain();
  for (const auto* text : {"shop.example", "*.shop.example", "www.shop.example"}) {
    EXPECT_TRUE(chain.check_names({name(text)}).has_value()) << text;
  }
  for (const auto* text :
       {"example", "a.www.shop.example", "myshop.example", "*.www.shop.example", "other.example", "."}) {
    EXPECT_FALSE(chain.check_names({name("shop.example"), name(text)}).has_value()) << text;
  }
}

TEST(CertificateChain, IsValidInItsTimeAndDoubtsTheClockBefore) {
  const auto chain = Issued().chain();
  EXPECT_TRUE(chain.check_times(kNow).has_value());
  EXPECT_FALSE(chain.check_times(kNow + days(90)).has_value());
  const auto early = chain.check_times(kNow - days(1));
  ASSERT_FALSE(early.has_value());
  EXPECT_NE(early.error().message.find("is the clock right?"), std::string::npos);
}

TEST(CertificateChain, RefusesWhatIsNoChain) {
  const auto leaf = Issued().leaf;
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256).to_pem().expose();
  auto broken = leaf;
  broken[100] = broken[100] == 'A' ? 'B' : '!';
  for (const auto& text : {std::string(), std::string("nothing"), leaf + key, leaf.substr(0, leaf.size() - 30), broken,
                           std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
    const auto chain = CertificateChain::parse(text);
    ASSERT_FALSE(chain.has_value()) << text;
    EXPECT_EQ(chain.error().kind, Kind::kProtocol);
  }
}

TEST(CertificateChain, HasLimits) {
  const auto leaf = Issued().leaf;
  std::string ten;
  for (std::size_t i = 0; i < CertificateChain::certificates_max; ++i) ten += leaf;
  EXPECT_TRUE(CertificateChain::parse(ten).has_value());
  EXPECT_EQ(CertificateChain::parse(ten + leaf).error().kind, Kind::kTooLarge);
  EXPECT_EQ(CertificateChain::parse(leaf + std::string(CertificateChain::bytes_max, ' ')).error().kind,
            Kind::kTooLarge);
  std::vector<DnsName> names;
  for (std::size_t i = 0; i <= CertificateChain::names_max; ++i) names.push_back(name(format("shop{}.example", i)));
  TestIssuer issuer("Test", kNow);
  const auto request = make_certification_request(PrivateKey::generate(KeyType::kEcdsaP256), {names.front()}).value();
  EXPECT_EQ(CertificateChain::parse(issuer.issue(request, names, kNow, kNow + days(1))).error().kind, Kind::kTooLarge);
  names.pop_back();
  EXPECT_TRUE(CertificateChain::parse(issuer.issue(request, names, kNow, kNow + days(1))).has_value());
}

}  // namespace
}  // namespace signpost::crypto
