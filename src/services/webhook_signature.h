// SPDX-License-Identifier: Apache-2.0
//
// How a webhook proves where it comes from: the headers of an attempt, and the check of a receiver that says which part
// is wrong. The check is the one of packages/cpp. Pure functions and values; any thread. No secret is ever part of a
// sentence, and signatures are compared in constant time.
#pragma once

#include <signpost/webhooks.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/http_message.h"

namespace signpost::services {

/// What an endpoint chose (model::Endpoint has the same members, with the reasons).
struct EndpointOptions {
  bool sends_v1 = true;
  bool v1_covers_body = false;
  bool v2_is_hmac = false;
};

/// The opened client secrets of one application. Both empty: nothing can be signed.
struct SigningSecrets {
  std::string entri;                           // the one value that the Entri headers can hold
  std::vector<std::string> live_newest_first;  // each signs once for Standard Webhooks
};

/// The signature headers of one attempt: `Entri-Timestamp`, `Entri-Signature-V2`, `Entri-Signature` unless
/// turned off (seed 001), and `webhook-id`, `webhook-timestamp`, `webhook-signature` (Standard Webhooks 1.0.0).
/// `flow_id` is the body's `id`. Both timestamps are `now` in whole epoch seconds: the attempt's time, not the event's.
std::vector<net::Header> sign(const EndpointOptions& options, const SigningSecrets& secrets, std::string_view flow_id,
                              std::string_view event_id, std::string_view body, Time now);

// The forms, each as a function of its own, so that tests, tools and documentation can name them. All hex is lower
// case.
std::string signature_v1(std::string_view flow_id, std::string_view secret);       // hex SHA-256(id + secret)
std::string signature_v1_of_body(std::string_view body, std::string_view secret);  // hex SHA-256(body + secret)
std::string signature_v2(std::string_view flow_id, std::string_view timestamp,
                         std::string_view secret);  // hex SHA-256(id + timestamp + secret)
std::string signature_v2_hmac(std::string_view flow_id, std::string_view timestamp,
                              std::string_view secret);  // hex HMAC-SHA256(secret, id + timestamp)
/// Base64 HMAC-SHA256 over `id.timestamp.body`, keyed with what `whsec_` stands before, decoded; without that prefix
/// with the secret's bytes.
std::string signature_standard(std::string_view webhook_id, std::string_view timestamp, std::string_view body,
                               std::string_view secret);

// ── the receiver's side: packages/cpp, which integrators use too ────────────────────────────────────────────────

using webhooks::AcceptedForms;
using webhooks::Finding;
using webhooks::ReplayGuard;
using webhooks::Tolerance;
using webhooks::Verification;

/// webhooks::verify for the headers and times of this house.
Verification verify(const std::vector<net::Header>& headers, std::string_view body,
                    const std::vector<std::string>& secrets, Time now, const AcceptedForms& accepted = {},
                    const Tolerance& tolerance = {});

}  // namespace signpost::services
