// SPDX-License-Identifier: Apache-2.0
#include "services/certificate_export.h"

#include <gmock/gmock.h>

#include "services/certificates.h"
#include "services/testing/life.h"
#include "store/certificates.h"

namespace signpost::services {
namespace {

using std::chrono::days;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Life;
using testing::must;
using ::testing::Not;

constexpr const char* kKeyPem = "-----BEGIN PRIVATE KEY-----\nMIG=\n-----END PRIVATE KEY-----\n";

class CertificateExport : public ::testing::Test {
 protected:
  CertificateExport() {
    const auto connection = life_.create();
    certificate_ = {.id = life_.world.ids.make<CertificateId>(),
                    .application = connection.application,
                    .connection = connection.id,
                    .names = {*DnsName::parse("www.shop.example")},
                    .label = "label",
                    .created_at = life_.clock.now(),
                    .updated_at = life_.clock.now()};
    write<void>([&](store::Tx& tx) { return store::certificates::insert(tx, certificate_); });
  }
  ~CertificateExport() override { life_.let_database_rest(); }

  template <typename T, typename Work>
  Result<T> write(Work work) {
    return life_.world.storage.write_now<T>(work);
  }
  void hold() {
    const Time now = life_.clock.now();
    certificate_.held =
        model::HeldCertificate{.authority = "first",
                               .chain_pem = "-----BEGIN CERTIFICATE-----\n",
                               .sealed_key = master_key_.seal(kKeyPem, certificate_key_purpose(certificate_.id)),
                               .serial = "0a1b",
                               .ari_id = "",
                               .not_before = now,
                               .not_after = now + days(90),
                               .issued_at = now};
    save();
  }
  void save() {
    must(write<void>([&](store::Tx& tx) -> Result<void> {
      if (!TRY(store::certificates::update(tx, certificate_, certificate_.version))) return fail(Kind::kConflict, "");
      return {};
    }));
    ++certificate_.version;
  }
  Result<ExportedCertificate> take(const crypto::MasterKey& key) {
    return write<ExportedCertificate>([&](store::Tx& tx) {
      return export_certificate(tx, {key, life_.random, life_.world.ids, life_.clock.now(), "command line"},
                                certificate_.id);
    });
  }

  Life life_;
  crypto::MasterKey master_key_ = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  model::Certificate certificate_;
};

TEST_F(CertificateExport, GivesChainAndKeyAndIsAudited) {
  hold();
  const auto taken = must(take(master_key_));
  EXPECT_EQ(taken.certificate.held->chain_pem, "-----BEGIN CERTIFICATE-----\n");
  EXPECT_EQ(taken.key_pem.expose(), kKeyPem);
  const auto line = life_.world.audit_log().front();
  EXPECT_EQ(line.action, "certificate.export");
  EXPECT_EQ(line.subject, certificate_.id.text());
  EXPECT_THAT(line.detail, AllOf(HasSubstr("www.shop.example"), HasSubstr("0a1b"), Not(HasSubstr("PRIVATE"))));
}

TEST_F(CertificateExport, OfWhatIsNotThereSaysTheWayOut) {
  EXPECT_THAT(take(master_key_).error().message, HasSubstr("signpost certificate show " + certificate_.id.text()));
  hold();
  certificate_.held->revoked_at = life_.clock.now();
  save();
  EXPECT_EQ(take(master_key_).error().kind, Kind::kConflict);
  certificate_.id = CertificateId(1);
  EXPECT_EQ(take(master_key_).error().kind, Kind::kNotFound);
}

TEST_F(CertificateExport, UnderAnotherMasterKeyIsRefusedAndNotAudited) {
  hold();
  const auto refused = take(must(crypto::MasterKey::from_text(std::string(64, 'b'))));
  EXPECT_THAT(refused.error().message, HasSubstr("master key"));
  for (const auto& line : life_.world.audit_log()) EXPECT_NE(line.action, "certificate.export");
}

}  // namespace
}  // namespace signpost::services
