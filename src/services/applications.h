// SPDX-License-Identifier: Apache-2.0
//
// Administration of applications and their settings. Every act leaves a line in the audit log.
// Plain functions over one transaction, so that the API (through Storage) and the command line (on its own connection)
// share them; any thread. Each may run twice before it is committed. The plain secret leaves only in the value
// returned.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/application.h"
#include "services/administration.h"
#include "services/endpoints.h"
#include "services/entri_receiver.h"
#include "store/page.h"
#include "store/tx.h"

namespace signpost::services {

struct ApplicationWish {
  std::string name;                          // 1…kNameCharactersMax
  std::optional<std::string> webhook_url;    // makes the first endpoint
  std::optional<std::string> cname_target;   // a DNS name
  bool supports_dkim = false;                // flows are watched for DKIM
  std::vector<std::string> allowed_origins;  // "https://app.saas.example": scheme, host, port if not the scheme's own
  model::IdentityRule identity;
  std::optional<std::string> owner_email{};  // of the member "owner": whom warnings go to
};
struct NewApplication {
  model::Application application;
  std::string secret;  // shown once
  std::optional<EndpointView> endpoint;
};

/// With the member "owner" (Admin), a promoted secret, and an endpoint if a webhook URL is given. kUnprocessable with
/// the member; kConflict if the identity rule takes every token of an issuer and another application's does too.
Result<NewApplication> create_application(store::Tx& tx, const Administration& by, const ApplicationWish& wish);

/// What to change; what is empty stays.
struct ApplicationChange {
  std::optional<std::string> name;
  std::optional<std::optional<std::string>> cname_target;  // an empty inner value removes it
  std::optional<std::vector<std::string>> allowed_origins;
  std::optional<model::IdentityRule> identity;
  std::optional<bool> supports_dkim;
  std::optional<std::optional<EntriReceiverChange>> entri_receiver;  // an empty inner value removes it
};
Result<model::Application> update_application(store::Tx& tx, const Administration& by, ApplicationId id,
                                              const ApplicationChange& change);

/// kNotFound with a sentence.
Result<model::Application> find_application(store::Tx& tx, ApplicationId id);
/// Newest first.
Result<store::Page<model::Application>> list_applications(store::Tx& tx, const store::PageRequest<ApplicationId>& page);
/// With everything that belongs to it: connections, events, deliveries, secrets, keys.
Result<void> remove_application(store::Tx& tx, const Administration& by, ApplicationId id);

}  // namespace signpost::services
