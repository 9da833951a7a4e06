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
#include "net/target_policy.h"
#include "store/audit_log.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::services {

/// What an administrative act needs besides the transaction.
struct Administration {
  const crypto::MasterKey& master_key;
  crypto::Random& random;
  IdMaker& ids;
  Time now{};
  std::string actor;            // who does it, for the audit log: a key's id, "command line"
  net::TargetPolicy targets{};  // which URLs endpoints may have; with the default only what is public
};

constexpr std::size_t kNameCharactersMax = 100;
/// For applications, members and keys: kUnprocessable with member "name" for an empty or long one and for control
/// characters.
Result<void> check_name(std::string_view name);

/// A line in the audit log in the actor's name. `detail` holds no secret.
Result<void> audit(store::Tx& tx, const Administration& by, std::optional<ApplicationId> application,
                   std::string action, std::string subject, std::string detail);

using AuditEntry = store::audit_log::Entry;
/// Newest first; of one application, or of all and of the house itself.
Result<store::Page<AuditEntry>> list_audit_log(store::Tx& tx, std::optional<ApplicationId> application,
                                               const store::PageRequest<AuditId>& page);

}  // namespace signpost::services
