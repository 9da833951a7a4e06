// SPDX-License-Identifier: Apache-2.0
#include "services/certificate_export.h"

#include "base/text.h"
#include "services/certificate_tasks.h"
#include "store/certificates.h"

namespace signpost::services {

Result<ExportedCertificate> export_certificate(store::Tx& tx, const Administration& by, CertificateId id) {
  auto certificate = TRY(store::certificates::find_across_applications(tx, id));
  if (!certificate) return fail(Kind::kNotFound, format("there is no certificate {}", id.text()));
  if (!certificate->held) {
    return fail(Kind::kConflict,
                format("{} has not been issued yet: signpost certificate show {} says why", id.text(), id.text()));
  }
  if (certificate->held->revoked_at) {
    return fail(Kind::kConflict, format("{} was revoked on {}: export the new one once it is there", id.text(),
                                        to_rfc3339(*certificate->held->revoked_at)));
  }
  auto key = by.master_key.unseal(certificate->held->sealed_key, certificate_key_purpose(id));
  if (!key) {
    return fail(Kind::kUnprocessable,
                format("the private key of {} cannot be opened: is the master key that of this database?", id.text()));
  }
  TRY_VOID(audit(tx, by, certificate->application, "certificate.export", id.text(),
                 format("{}, serial {}", certificate->names.front().text(), certificate->held->serial)));
  return ExportedCertificate{*std::move(certificate), *std::move(key)};
}

}  // namespace signpost::services
