// SPDX-License-Identifier: Apache-2.0
//
// How a webhook proves where it comes from: the headers of an attempt, and the check of a receiver that says which part
// is wrong. Pure functions and values; any thread. ReplayGuard belongs to one receiver and its one thread. No secret is
// ever part of a sentence, and signatures are compared in constant time.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
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

/// V1 has no timestamp and, as the seed's code computes it, does not cover the body: never accepted unless named.
struct AcceptedForms {
  bool v2 = true;
  bool v2_hmac = false;
  bool standard = true;
  bool v1 = false;
  bool v1_of_body = false;
};

struct Tolerance {
  std::chrono::seconds past{300};
  std::chrono::seconds future{60};
};

/// One thing that was looked at, in a sentence for the receiver's developer.
struct Finding {
  std::string part;  // "id", "headers", "timestamp", "secret", "signature", "body", "replay"
  bool ok = false;
  std::string sentence;
};

struct Verification {
  bool ok = false;
  std::string accepted_form;  // "standard", "v2_hmac", "v2", "v1_of_body" or "v1"; empty unless ok
  std::string id;             // of the form that was accepted: what ReplayGuard takes
  std::string timestamp;      // the same; empty for V1
  std::vector<Finding> findings;
};

/// Checks a received webhook. The strongest accepted form that is present decides, in the order of
/// Verification::accepted_form: a body that Standard Webhooks refuses is refused even if V2, which does not cover it,
/// agrees. The other forms are used to find out what is wrong. `body` is the raw bytes as received. At most
/// kSecretsTriedMax secrets and kSignaturesReadMax signatures are looked at.
Verification verify(const std::vector<net::Header>& headers, std::string_view body,
                    const std::vector<std::string>& secrets, Time now, const AcceptedForms& accepted = {},
                    const Tolerance& tolerance = {});

constexpr std::size_t kSecretsTriedMax = 16;
constexpr std::size_t kSignaturesReadMax = 32;

/// Remembers what has been accepted while its timestamp is still fresh; full, it forgets the oldest.
class ReplayGuard {
 public:
  enum class Seen { kFirst, kAgain };

  explicit ReplayGuard(std::size_t entries_max = 65'536, const Tolerance& tolerance = {})
      : entries_max_(entries_max), window_(tolerance.past + tolerance.future) {}

  /// Only after verify() said ok: strangers must not be able to fill it. The key is id, timestamp and the body's
  /// SHA-256.
  Seen note(std::string_view id, std::string_view timestamp, std::string_view body, Time now);
  std::size_t size() const { return keys_.size(); }

 private:
  struct Entry {
    std::string key;
    Time forget_at;
  };
  void forget(Time now);

  std::size_t entries_max_;
  Milliseconds window_;
  std::deque<Entry> entries_;  // oldest first
  std::unordered_set<std::string> keys_;
};

}  // namespace signpost::services
