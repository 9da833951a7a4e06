// SPDX-License-Identifier: Apache-2.0
//
// `signpost webhook test`: a sample of the contract, sent to an endpoint.
// Free functions of commands; the main thread. What a receiver answered is cleaned of control characters.
#pragma once

#include <string>

#include "app/api_client.h"
#include "app/console.h"

namespace signpost::app {

struct WebhookTestOptions {
  std::string endpoint;
  std::string type = "domain.added";
  std::string application;  // an admin key must name it
  ApiOptions api;
  OutputForm form = OutputForm::kText;
};

/// Has the server send the sample, and shows request, answer and timing. kFailed unless the receiver took it.
Result<Exit> webhook_test(Console& console, const WebhookTestOptions& options);

}  // namespace signpost::app
