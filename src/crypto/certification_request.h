// SPDX-License-Identifier: Apache-2.0
//
// Certification requests (PKCS#10, RFC 2986) for names in DNS. Pure; any thread.
// The names stand as subjectAltName alone: the subject is empty, as authorities want it (a common name has 64
// characters at most, and the profiles of today have none).
#pragma once

#include <string>
#include <vector>

#include "base/host_name.h"
#include "base/result.h"
#include "crypto/private_key.h"

namespace signpost::crypto {

constexpr std::size_t kRequestNamesMax = 100;  // what Let's Encrypt's classic profile takes

/// DER, signed by the key with SHA-256. A name may have "*" as its first label. kUnprocessable for no name, more than
/// kRequestNamesMax, and names that no certificate may have: the root, other octets than letters, digits and hyphens.
Result<std::string> make_certification_request(const PrivateKey& key, const std::vector<DnsName>& names);

}  // namespace signpost::crypto
