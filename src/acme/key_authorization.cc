// SPDX-License-Identifier: Apache-2.0
#include "acme/key_authorization.h"

#include "base/text.h"
#include "crypto/digest.h"

namespace signpost::acme {

std::string key_authorization(const crypto::AccountKey& key, std::string_view token) {
  return std::string(token) + "." + key.thumbprint();
}

std::string dns01_value(const crypto::AccountKey& key, std::string_view token) {
  return to_base64url(crypto::sha256(key_authorization(key, token)));
}

Result<DnsName> dns01_name(const DnsName& name) {
  std::string_view text = name.text();
  if (text.starts_with("*.")) text.remove_prefix(2);
  return DnsName::parse("_acme-challenge." + std::string(text));
}

}  // namespace signpost::acme
