// SPDX-License-Identifier: Apache-2.0
//
// The signature vectors of tests/vectors/webhooks.json, which the independent verifier reads as well.
// Values for tests; any thread. Read from the source folder, where tests run.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "net/http_message.h"

namespace signpost::services::testing {

struct RecipeVector {
  std::string secret, id, event_id, timestamp, body;
  std::string v1, v1_of_body, v2, v2_hmac, standard;
};

struct DeliveryVector {
  std::string name, secret;
  std::vector<std::string> live_newest_first;
  std::string v1;  // "id", "body" or "off"
  std::string v2;  // "sha256" or "hmac"
  Time now{};
  std::vector<net::Header> headers;
  std::string body;
};

struct WebhookVectors {
  std::vector<RecipeVector> recipes;
  std::vector<DeliveryVector> deliveries;
};

/// Throws if the file cannot be read.
WebhookVectors read_webhook_vectors();

}  // namespace signpost::services::testing
