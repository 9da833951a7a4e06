// SPDX-License-Identifier: Apache-2.0
//
// How a new client secret is asked for and answered, for applications and endpoints alike.
// Pure; any thread. A secret that was given is never shown again.
#pragma once

#include <optional>
#include <string>

#include "api/json_input.h"
#include "net/http_message.h"
#include "services/client_secrets.h"

namespace signpost::api {

/// The member `secret`.
Result<std::optional<std::string>> given_secret(const ObjectReader& body);
/// {"overlap":"24h","secret":"whsec_…"}, both optional.
Result<services::SecretWish> secret_wish_of(const ObjectReader& body);
/// {"id":"sec_…","secret":"whsec_…" or null,"old_secrets_end_at":…}
net::Response answer_with_secret(const services::NewSecret& made);

}  // namespace signpost::api
