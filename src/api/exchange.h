// SPDX-License-Identifier: Apache-2.0
//
// One request on its way through the API: what has been found out about it so far.
// Owned by Api::handle; one loop; dies with the request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/query.h"
#include "base/id.h"
#include "net/http_message.h"
#include "services/directory.h"
#include "services/saved_answers.h"

namespace signpost::api {

struct Route;

struct Exchange {
  net::Request request;
  std::string request_id;
  net::IpAddress client;
  std::shared_ptr<const services::DirectorySnapshot> directory;
  const Route* route = nullptr;
  std::vector<std::string> captures;  // decoded path segments, in the order of the pattern
  Query query;
  const model::ApiKey* key = nullptr;                 // in `directory`; set on /v1
  std::optional<ApplicationId> application;           // whom the caller speaks for; empty for an admin key
  std::optional<services::IdempotencyTicket> ticket;  // of a POST with an Idempotency-Key
  bool is_answer_kept = false;                        // for that key, in the transaction of the effect
};

}  // namespace signpost::api
