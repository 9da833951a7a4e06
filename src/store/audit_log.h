// SPDX-License-Identifier: Apache-2.0
//
// Every administrative act: who did what to what. Free functions on a Tx. Entries outlive what they tell of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::store::audit_log {

struct Entry {
  AuditId id;
  std::optional<ApplicationId> application;  // empty: an act of the operator for all
  std::string actor;                         // "key_…", "cli"
  std::string action;                        // "application.create"
  std::string subject;                       // public id of what was touched
  std::string detail;                        // a sentence, no secrets
  Time at{};
};

Result<void> insert(Tx& tx, const Entry& entry);
/// Newest first.
Result<Page<Entry>> list(Tx& tx, ApplicationId application, const PageRequest<AuditId>& page);
Result<Page<Entry>> list_across_applications(Tx& tx, const PageRequest<AuditId>& page);
/// Retention: at most `limit` of those before `time`; returns how many.
Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit);

}  // namespace signpost::store::audit_log
