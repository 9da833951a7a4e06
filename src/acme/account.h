// SPDX-License-Identifier: Apache-2.0
//
// An account at an authority (RFC 8555 7.1.2, 7.3). Values; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/account_key.h"

namespace signpost::acme {

/// Who asks: every call but the first few is signed by the key of an account that the URL names.
struct Account {
  crypto::AccountKey key;
  std::string url;
};

enum class AccountStatus { kValid, kDeactivated, kRevoked };
std::string_view name_of(AccountStatus status);  // "valid"

/// What the authority says of an account.
struct AccountState {
  static constexpr std::size_t contacts_max = 16;

  std::string url;
  AccountStatus status = AccountStatus::kValid;
  std::vector<std::string> contacts;  // "mailto:…"; authorities may show none
};

/// What a new account needs.
struct NewAccount {
  std::vector<std::string> contacts;  // "mailto:operator@saas.example"
  bool agrees_to_terms = false;       // the operator has; without it most authorities refuse
  std::optional<crypto::ExternalAccount> external;
};

}  // namespace signpost::acme
