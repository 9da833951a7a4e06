// SPDX-License-Identifier: Apache-2.0
//
// `signpost webhook listen`: a small receiver for development. Verifies what arrives, prints a line for each, answers.
// Owned by the command; the loop's thread receives, the main thread waits. Memory is bounded: bodies are printed, not
// kept.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "services/webhook_signature.h"

namespace signpost::app {

struct WebhookListenOptions {
  std::string listen = "127.0.0.1:9000";
  std::vector<std::string> secrets;  // empty: SIGNPOST_SECRET
  services::AcceptedForms accepted;
  std::size_t count = 0;  // ends after so many verified webhooks; 0: never
  enum class Until {
    kStopped,
    kSuccess
  } until = Until::kStopped;            // kSuccess: a verified one says propagation_status success
  int status = 200;                     // what a genuine webhook is answered with, to see retries
  std::optional<Milliseconds> at_most;  // then it fails
};

/// kOk after `count`, or when what `until` waits for has come, or when stopped without either; kFailed at `at_most`.
Result<Exit> webhook_listen(Console& console, const WebhookListenOptions& options);

/// What a line says about a body: "domain.added  www.shop.example  propagation_status=success
/// updated=propagation_status".
std::string webhook_summary(std::string_view body);
/// The body says `propagation_status` "success".
bool is_success_webhook(std::string_view body);

}  // namespace signpost::app
