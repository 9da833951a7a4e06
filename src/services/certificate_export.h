// SPDX-License-Identifier: Apache-2.0
//
// A certificate with its private key, for an operator who serves the traffic with something of their own.
// A function of one transaction; any thread. Who took a key stands in the audit log.
#pragma once

#include <string>

#include "crypto/secret.h"
#include "model/certificate.h"
#include "services/administration.h"

namespace signpost::services {

struct ExportedCertificate {
  model::Certificate certificate;
  crypto::Secret key_pem;  // PKCS #8
};

/// What is held, with its key, and its line in the audit log. kNotFound if there is no such certificate, kConflict if
/// nothing is held yet or it is revoked, kUnprocessable if the master key is not the one that sealed the key.
Result<ExportedCertificate> export_certificate(store::Tx& tx, const Administration& by, CertificateId id);

}  // namespace signpost::services
