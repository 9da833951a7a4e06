// SPDX-License-Identifier: Apache-2.0
//
// What every administrative act has in common: who does it, with what, and its line in the audit log.
// Values of one transaction; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "crypto/random.h"
#include "crypto/sealed.h"
#include "store/tx.h"

namespace signpost::services {

/// What an administrative act needs besides the transaction.
struct Administration {
  const crypto::MasterKey& master_key;
  crypto::Random& random;
  IdMaker& ids;
  Time now{};
  std::string actor;  // who does it, for the audit log: a key's id, "command line"
};

constexpr std::size_t kNameCharactersMax = 100;
/// For applications and keys: kUnprocessable with member "name" for an empty or long one and for control characters.
Result<void> check_name(std::string_view name);

/// A line in the audit log in the actor's name. `detail` holds no secret.
Result<void> audit(store::Tx& tx, const Administration& by, std::optional<ApplicationId> application,
                   std::string action, std::string subject, std::string detail);

}  // namespace signpost::services
