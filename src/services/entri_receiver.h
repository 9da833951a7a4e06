// SPDX-License-Identifier: Apache-2.0
//
// Webhooks of the hosted Entri, for operators who use it for the DNS part: how an application takes them, and what each
// does to the connection it is about. The class is owned by app/wiring; methods from any loop; storage, bell, clock and
// ids outlive it. A webhook changes its connection and is remembered in one transaction, so what comes again finds
// nothing to do. What it says about DNS is never believed: it makes us look.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "model/connection.h"
#include "model/entri_receiver.h"
#include "net/task.h"
#include "services/administration.h"
#include "services/bell.h"
#include "services/storage.h"

namespace signpost::services {

/// What to change; what is empty stays.
struct EntriReceiverChange {
  std::optional<std::string> secret;  // needed where there is no receiver yet
  std::optional<model::EntriForm> form;
  std::optional<bool> allows_v1;
  std::optional<std::vector<std::string>> source_addresses;
};
/// In the transaction of the application's change, which writes the audit line and bumps the directory. kUnprocessable
/// with the member ("entri_receiver.secret").
Result<void> change_entri_receiver(store::Tx& tx, const Administration& by, ApplicationId application,
                                   const EntriReceiverChange& change);
/// What the secret is sealed for.
std::string entri_secret_identity(ApplicationId application);

/// One whose signature has been verified; texts as they came, empty where there were none.
struct EntriWebhook {
  std::string replay_key;  // webhooks::Verification::replay_key
  std::string type;
  std::vector<std::string> job_ids;  // what may name our connect flow, in the order to try
  std::string domain;
  std::string subdomain;
  std::string user_id;
  std::string setup_type;
  std::string provider;
  std::string dmarc_updated;
  std::string secure_status;
  std::string power_status;
  std::string monitor_status;
  std::vector<std::string> purchased_domains;  // at most model::kPurchasedDomainsMax
  std::optional<bool> is_free_domain;
};

enum class ReceivedOutcome {
  kApplied,      // the connection has changed, or there was nothing new in it
  kDuplicate,    // taken before
  kNoEffect,     // a type that does nothing here
  kUnknownFlow,  // no live connection is meant by it, or more than one
  kConflict,     // the connection's state does not allow it
};

class EntriReceiver {
 public:
  EntriReceiver(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids)
      : storage_(storage), bell_(bell), clock_(clock), ids_(ids) {}

  /// Finds the connection of `application` by job id, else by host name (and, among several of it, user id), and lets
  /// happen what the type means. Only errors of the database: then nothing is remembered, and the sender may try again.
  Task<Result<ReceivedOutcome>> take(ApplicationId application, EntriWebhook webhook);

 private:
  Storage& storage_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
};

/// What a webhook of a type does to its connection.
struct ReceivedType {
  std::string_view type;
  std::vector<model::Happening> (*happenings)(const model::Connection&, const EntriWebhook&);
};
/// Every type of seed 001; docs/webhooks/receiving.md tells the same, a test holds them together.
const std::vector<ReceivedType>& received_types();

}  // namespace signpost::services
