// SPDX-License-Identifier: Apache-2.0
//
// The integrating product of the operator and what belongs to it: secrets, members, endpoints, API keys.
// Plain values; any thread. Secrets are here only as sealed bytes: crypto opens them, services decide when.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/id.h"
#include "base/mail_address.h"
#include "base/time.h"
#include "model/delivery.h"
#include "model/entri_receiver.h"

namespace signpost::model {

/// Which tokens of an identity provider speak for this application. The issuer's keys come from the settings
/// ([[issuers]]); the application only says which issuer and which audience (claim `aud` or `azp`) are its own.
struct IdentityRule {
  std::string issuer;  // exact value of `iss`; empty: /api/domain/* is closed for this application
  // Any of them in `aud` or equal to `azp`. Empty: every token of the issuer that no other application names; one
  // application of an issuer at most.
  std::vector<std::string> audiences;
  auto operator<=>(const IdentityRule&) const = default;
};

struct Application {
  ApplicationId id;
  std::string name;                          // for people, 1…100 characters
  std::optional<DnsName> cname_target;       // value of {CNAME_TARGET}
  bool supports_dkim = false;                // "Enable support for DKIM" (seed 001, "DKIM status notes")
  std::vector<std::string> allowed_origins;  // exact origins for CORS: "https://app.saas.example"
  IdentityRule identity;
  std::optional<EntriReceiver> entri_receiver;  // empty: takes no webhooks of the hosted Entri
  Time created_at{};
};

constexpr std::size_t kAllowedOriginsMax = 20;
constexpr std::size_t kAudiencesMax = 20;

/// One client secret of an application, or of one of its endpoints alone. During an overlap several are live.
struct ApplicationSecret {
  SecretId id;
  ApplicationId application;
  std::string sealed;              // crypto::MasterKey::seal, associated data = id.text()
  bool is_promoted = false;        // the Entri headers are signed with the newest promoted live secret
  std::optional<Time> expires_at;  // empty: lives on
  Time created_at{};
  std::optional<EndpointId> endpoint{};  // whose own it is; empty: the application's
  bool is_live(Time now) const { return !expires_at || now < *expires_at; }
};

constexpr std::size_t kLiveSecretsMax = 10;

/// The live secrets, newest first: the order of Standard Webhooks' signature list.
std::vector<ApplicationSecret> live_secrets(const std::vector<ApplicationSecret>& all, Time now);
/// Signs the Entri headers: the newest promoted live one, else the oldest, which receivers hold longest. Null: none.
const ApplicationSecret* entri_secret(const std::vector<ApplicationSecret>& live_newest_first);

enum class Role { kAdmin, kDeveloper, kSupport, kViewer };
std::string_view name_of(Role role);  // "Admin"
std::optional<Role> parse_role(std::string_view text);
/// Deliveries flow only to endpoints whose owner has one of these roles (seed 001, first note).
constexpr bool may_receive_deliveries(Role role) { return role == Role::kAdmin || role == Role::kDeveloper; }

struct Member {
  MemberId id;
  ApplicationId application;
  std::string name;
  Role role = Role::kAdmin;
  Time created_at{};
  std::optional<MailAddress> email{};  // where warnings go
};

constexpr std::size_t kMembersMax = 100;  // of one application

/// A header that the operator adds to every request for an endpoint. The value may be a secret.
struct EndpointHeader {
  std::string name;
  std::string sealed;  // base64 of crypto::MasterKey::seal
  bool operator==(const EndpointHeader&) const = default;
};

constexpr std::size_t kEndpointHeadersMax = 20;

/// Why an endpoint gets nothing although its owner may receive.
enum class DisabledReason {
  kNone,     // it is enabled
  kByHand,   // somebody switched it off
  kGone,     // it answered 410: its owner wants nothing more
  kFailing,  // nothing but failures for kFailingMax
};
std::string_view name_of(DisabledReason reason);  // "by_hand"
std::optional<DisabledReason> parse_disabled_reason(std::string_view text);

/// Where events go.
struct Endpoint {
  EndpointId id;
  ApplicationId application;
  MemberId owner;
  std::string url;                       // http or https, parsed by net::Url at the door
  std::vector<std::string> event_types;  // empty: every type of the Entri contract, none of signpost.*
  bool is_enabled = true;                // exactly when disabled_reason is kNone
  bool sends_v1 = true;                  // legacy Entri-Signature
  bool v1_covers_body = false;  // false: SHA-256(id + secret), as the seed's code does; true: SHA-256(body + secret)
  bool v2_is_hmac = false;      // false: SHA-256(id + timestamp + secret); true: HMAC-SHA256(secret, id + timestamp)
  Time created_at{};

  std::chrono::seconds timeout = kTimeoutDefault;  // of one attempt, kTimeoutMin…kTimeoutMax
  RetrySchedule schedule = RetrySchedule::kContract;
  std::vector<EndpointHeader> headers{};          // at most kEndpointHeadersMax
  bool has_own_secret = false;                    // signed with its own secrets instead of the application's
  std::optional<std::int32_t> rate_per_second{};  // attempts begun a second; empty: as fast as it answers
  std::optional<std::int32_t> in_flight_max{};    // attempts at once, where that is less than the house's
  DisabledReason disabled_reason = DisabledReason::kNone;
  std::optional<Time> disabled_at{};
  std::optional<Time> failing_since{};  // the first failure of the present run of nothing but failures
};

constexpr std::size_t kEndpointsMax = 20;
constexpr std::int32_t kEndpointRateMax = 10'000;
constexpr std::int32_t kEndpointInFlightMax = 1'000;

/// Why nothing is sent to the endpoint, in a sentence that says the way out; empty while deliveries flow.
std::string paused_reason(const Endpoint& endpoint, Role owner_role);

// 5 days of nothing but failures: the receiver is given up, so that it does not cost for ever what nobody reads
// (Standard Webhooks, "disable an endpoint that has been failing for a while"; issue 4 says how long).
constexpr Milliseconds kFailingMax = std::chrono::hours(5 * 24);
/// After a failure at `now`, of an endpoint that has failed and nothing else since `failing_since`.
constexpr bool should_disable(Time failing_since, Time now) { return now - failing_since >= kFailingMax; }
/// 410 Gone: the receiver asks for nothing more (Standard Webhooks).
constexpr bool is_gone(int http_status) { return http_status == 410; }

/// Of an API key only the digest is kept; the key itself is shown once.
struct ApiKey {
  KeyId id;
  std::string name;
  std::string digest;                        // SHA-256 of the key, 64 hex digits
  std::optional<ApplicationId> application;  // empty: an admin key, for every application
  std::optional<Time> revoked_at;
  Time created_at{};
};

}  // namespace signpost::model
