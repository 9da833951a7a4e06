// SPDX-License-Identifier: Apache-2.0
//
// What proves to an authority that the holder of the account controls a name (RFC 8555 8.1). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/host_name.h"
#include "crypto/account_key.h"

namespace signpost::acme {

/// token "." thumbprint: what HTTP-01 serves, and what the other two are made of.
std::string key_authorization(const crypto::AccountKey& key, std::string_view token);

/// The TXT value of DNS-01: 43 characters of base64url (RFC 8555 8.4).
std::string dns01_value(const crypto::AccountKey& key, std::string_view token);

/// "_acme-challenge.www.shop.example"; a wildcard is proven at the name without its "*.".
Result<DnsName> dns01_name(const DnsName& name);

}  // namespace signpost::acme
