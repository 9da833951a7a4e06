// SPDX-License-Identifier: Apache-2.0
//
// What signs webhooks: the client secrets of an application, and those of single endpoints that have their own. The
// same rules for both: several live at once, the newest without an end, the older ones until their overlap is over.
// Plain functions over one transaction, as in applications.h; any thread. A secret leaves only in the value returned,
// and only if we made it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "model/application.h"
#include "services/administration.h"
#include "store/tx.h"

namespace signpost::services {

constexpr Milliseconds kOverlapDefault = std::chrono::hours(24);
constexpr Milliseconds kOverlapMax = std::chrono::hours(7 * 24);
// Standard Webhooks: "between 24 bytes and 64 bytes". A text that is not `whsec_` may have more characters than that
// for as many random bits.
constexpr std::size_t kSecretBytesMin = 24;
constexpr std::size_t kSecretBytesMax = 64;
constexpr std::size_t kSecretTextBytesMax = 256;

struct SecretWish {
  Milliseconds overlap = kOverlapDefault;  // 0…kOverlapMax: for how long the older ones live on at most
  std::optional<std::string> given{};      // empty: one is made
};

struct NewSecret {
  SecretId id;
  std::string secret;              // shown once; empty if it was given
  std::optional<Time> old_end_at;  // when the secrets before it stop working
};

/// `whsec_` and base64 of 24 to 64 bytes, or 24 to 256 visible ASCII characters. kUnprocessable with member "secret";
/// the message never repeats it.
Result<void> check_secret(std::string_view secret);

/// The first one, promoted. For acts that make the application or endpoint it belongs to.
Result<NewSecret> add_first_secret(store::Tx& tx, const Administration& by, ApplicationId application,
                                   std::optional<EndpointId> endpoint, const std::optional<std::string>& given);

/// A new secret beside the old ones. Until it is promoted or the old ones end, the old one signs the Entri headers;
/// with no overlap, or if it is the first, the new one signs at once. kConflict at model::kLiveSecretsMax live ones,
/// kNotFound, kUnprocessable for the wish.
Result<NewSecret> rotate_secret(store::Tx& tx, const Administration& by, ApplicationId id, const SecretWish& wish);
Result<NewSecret> rotate_endpoint_secret(store::Tx& tx, const Administration& by, ApplicationId application,
                                         EndpointId id, const SecretWish& wish);
/// From now on the application's newest live secret signs the Entri headers. Idempotent.
Result<SecretId> promote_secret(store::Tx& tx, const Administration& by, ApplicationId id);
/// The endpoint is signed with the application's secrets again. Idempotent.
Result<void> remove_endpoint_secrets(store::Tx& tx, const Administration& by, ApplicationId application, EndpointId id);

}  // namespace signpost::services
