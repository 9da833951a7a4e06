// SPDX-License-Identifier: Apache-2.0
//
// Sends an endpoint the sample of an event type and tells what came of it, for whoever sets the endpoint up.
// Owned by app/wiring; any loop, whose own sender sends. Everything it was given outlives it. Nothing is stored or
// tried again. What is sent is signed and vetted as a delivery is, and says in a header of its own that it is a test.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "model/event.h"
#include "net/loops.h"
#include "net/post_sender.h"
#include "net/rate_limit.h"
#include "services/courier.h"
#include "services/storage.h"

namespace signpost::services {

/// The header that only tests have, with the value "true".
inline constexpr std::string_view kTestHeader = "Signpost-Test";

/// One test: what left and what came back.
struct WebhookTest {
  std::string url;
  std::vector<net::Header> headers;  // of the request, without those that HTTP itself needs; the endpoint's own masked
  std::string body;
  net::PostOutcome outcome;  // texts fit for JSON
  bool is_success = false;   // as a delivery would be judged
  std::string sentence;      // for the endpoint's owner
};

class WebhookTester {
 public:
  struct Settings {
    std::string user_agent;
    // Of one endpoint. A test is a person's, and its receiver may be a stranger.
    net::RateLimit::Settings rate{.per_second = 0.2, .burst = 5};
    // Of one application, whose endpoints may be many.
    net::RateLimit::Settings application_rate{.per_second = 1, .burst = 20};
  };

  /// `senders`: one per loop, in the order of the loops. They are not bound to the source address of deliveries
  /// (seed 001, "Enforcing Webhook Source IP").
  WebhookTester(Storage& storage, const Clock& clock, IdMaker& ids, SecretSource& secrets, net::Loops& loops,
                std::vector<net::PostSender*> senders, Settings settings);

  /// On a loop. Disabled endpoints and those of any owner are tested, too. kNotFound for another application's
  /// endpoint, kRateLimited, kConflict without a live secret to sign with, kUnprocessable if a header of the endpoint's
  /// own does not open. A receiver that fails, or that does not answer within the endpoint's timeout, is no error.
  Task<Result<WebhookTest>> test(ApplicationId application, EndpointId endpoint, model::EventType type);

 private:
  std::vector<net::Header> headers_for(const model::Endpoint& endpoint, const SigningSecrets& secrets, EventId id,
                                       const std::string& body) const;

  Storage& storage_;
  const Clock& clock_;
  IdMaker& ids_;
  SecretSource& secrets_;
  const net::Loops& loops_;
  const std::vector<net::PostSender*> senders_;
  const Settings settings_;
  net::RateLimit rate_;
  net::RateLimit application_rate_;
};

}  // namespace signpost::services
