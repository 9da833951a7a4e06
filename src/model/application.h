// SPDX-License-Identifier: Apache-2.0
//
// The integrating product of the operator and what belongs to it: secrets, members, endpoints, API keys.
// Plain values; any thread. Secrets are here only as sealed bytes: crypto opens them, services decide when.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/id.h"
#include "base/time.h"

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
  std::vector<std::string> allowed_origins;  // exact origins for CORS: "https://app.saas.example"
  IdentityRule identity;
  Time created_at{};
};

constexpr std::size_t kAllowedOriginsMax = 20;
constexpr std::size_t kAudiencesMax = 20;

/// One client secret. During an overlap several are live.
struct ApplicationSecret {
  SecretId id;
  ApplicationId application;
  std::string sealed;              // crypto::MasterKey::seal, associated data = id.text()
  bool is_promoted = false;        // the Entri headers are signed with the newest promoted live secret
  std::optional<Time> expires_at;  // empty: lives on
  Time created_at{};
  bool is_live(Time now) const { return !expires_at || now < *expires_at; }
};

constexpr std::size_t kLiveSecretsMax = 10;

/// The live secrets, newest first: the order of Standard Webhooks' signature list.
std::vector<ApplicationSecret> live_secrets(const std::vector<ApplicationSecret>& all, Time now);
/// The one that signs the Entri headers: the newest promoted live one, else the newest live one. Null if none lives.
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
};

/// Where events go.
struct Endpoint {
  EndpointId id;
  ApplicationId application;
  MemberId owner;
  std::string url;                       // http or https, parsed by net::Url at the door
  std::vector<std::string> event_types;  // empty: every type of the Entri contract, none of signpost.*
  bool is_enabled = true;
  bool sends_v1 = true;         // legacy Entri-Signature
  bool v1_covers_body = false;  // false: SHA-256(id + secret), as the seed's code does; true: SHA-256(body + secret)
  bool v2_is_hmac = false;      // false: SHA-256(id + timestamp + secret); true: HMAC-SHA256(secret, id + timestamp)
  Time created_at{};
};

constexpr std::size_t kEndpointsMax = 20;

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
