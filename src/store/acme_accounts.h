// SPDX-License-Identifier: Apache-2.0
//
// The table of our accounts at certificate authorities, one an authority. Free functions on a Tx.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/tx.h"

namespace signpost::store::acme_accounts {

struct Account {
  std::string authority;      // its name in the settings
  std::string directory_url;  // where it was made: another one is another authority
  std::string url;            // as the authority names the account; empty until it has answered
  std::string sealed_key;
  Time created_at{};
  std::string next_sealed_key = {};  // on its way to be the account's key; empty: none is
  std::optional<Time> key_changed_at = {};
  std::string contact = {};  // as the authority was told last: "mailto:ops@saas.example"; empty: none
};

/// In place of what was there.
Result<void> save(Tx& tx, const Account& account);
Result<std::optional<Account>> find(Tx& tx, std::string_view authority);

}  // namespace signpost::store::acme_accounts
