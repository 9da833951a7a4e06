// SPDX-License-Identifier: Apache-2.0
#include "services/client_secrets.h"

#include <algorithm>

#include "base/text.h"
#include "services/applications.h"
#include "services/endpoints.h"
#include "store/application_secrets.h"
#include "store/directory_revision.h"
#include "store/endpoints.h"

namespace signpost::services {
namespace {

namespace secrets = store::application_secrets;

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kMadeBytes = 32;

/// Whose secrets: the application's, or one endpoint's.
struct Holder {
  ApplicationId application;
  std::optional<EndpointId> endpoint;
};

Result<std::vector<model::ApplicationSecret>> all_of(store::Tx& tx, const Holder& holder) {
  return holder.endpoint ? secrets::list_of_endpoint(tx, holder.application, *holder.endpoint)
                         : secrets::list(tx, holder.application);
}

/// The secret that was made; empty if it was given.
Result<std::string> add(store::Tx& tx, const Administration& by, const Holder& holder, SecretId id, bool is_promoted,
                        const std::optional<std::string>& given) {
  const std::string made = given ? std::string() : std::string(kPrefix) + to_base64(by.random.bytes(kMadeBytes));
  model::ApplicationSecret row;
  row.id = id;
  row.application = holder.application;
  row.endpoint = holder.endpoint;
  row.sealed = to_base64(by.master_key.seal(given ? *given : made, id.text()));
  row.is_promoted = is_promoted;
  row.created_at = by.now;
  TRY_VOID(secrets::insert(tx, row));
  return made;
}

Result<void> check_wish(const SecretWish& wish) {
  if (wish.overlap < Milliseconds(0) || wish.overlap > kOverlapMax) {
    return fail(Kind::kUnprocessable, "overlap must be between 0s and " + to_text(kOverlapMax), "overlap");
  }
  return wish.given ? check_secret(*wish.given) : Result<void>{};
}

Result<NewSecret> rotate(store::Tx& tx, const Administration& by, const Holder& holder, const SecretWish& wish) {
  const auto all = TRY(all_of(tx, holder));
  const auto live = model::live_secrets(all, by.now);
  const bool is_at_once = wish.overlap == Milliseconds(0) || live.empty();
  if (!is_at_once && live.size() >= model::kLiveSecretsMax) {
    return fail(Kind::kConflict, format("{} secrets are live already; wait until one ends, or rotate with overlap 0s",
                                        model::kLiveSecretsMax));
  }
  NewSecret made;
  for (const auto& old : all) {
    if (!old.is_live(by.now)) {
      TRY(secrets::remove(tx, holder.application, old.id));
      continue;
    }
    const Time end = std::min(old.expires_at.value_or(by.now + wish.overlap), by.now + wish.overlap);
    TRY(secrets::expire(tx, holder.application, old.id, end));
    made.old_end_at = std::max(made.old_end_at.value_or(end), end);
  }
  made.id = by.ids.make<SecretId>();
  made.secret = TRY(add(tx, by, holder, made.id, is_at_once, wish.given));
  return made;
}

}  // namespace

Result<void> check_secret(std::string_view secret) {
  if (secret.starts_with(kPrefix)) {
    const auto bytes = from_base64(secret.substr(kPrefix.size()));
    if (bytes && bytes->size() >= kSecretBytesMin && bytes->size() <= kSecretBytesMax) return {};
    return fail(Kind::kUnprocessable,
                format("secret: after whsec_ must stand base64 of {} to {} bytes", kSecretBytesMin, kSecretBytesMax),
                "secret");
  }
  const auto is_visible = [](char c) { return c > 0x20 && c < 0x7F; };
  if (secret.size() >= kSecretBytesMin && secret.size() <= kSecretTextBytesMax &&
      std::ranges::all_of(secret, is_visible)) {
    return {};
  }
  return fail(Kind::kUnprocessable,
              format("secret must have {} to {} visible ASCII characters, or be whsec_ and base64; shorter ones can be "
                     "guessed",
                     kSecretBytesMin, kSecretTextBytesMax),
              "secret");
}

Result<NewSecret> add_first_secret(store::Tx& tx, const Administration& by, ApplicationId application,
                                   std::optional<EndpointId> endpoint, const std::optional<std::string>& given) {
  if (given) TRY_VOID(check_secret(*given));
  NewSecret made;
  made.id = by.ids.make<SecretId>();
  made.secret = TRY(add(tx, by, {application, endpoint}, made.id, true, given));
  return made;
}

Result<NewSecret> rotate_secret(store::Tx& tx, const Administration& by, ApplicationId id, const SecretWish& wish) {
  TRY_VOID(check_wish(wish));
  TRY(find_application(tx, id));
  auto made = TRY(rotate(tx, by, {id, std::nullopt}, wish));
  TRY_VOID(audit(tx, by, id, "secret.rotate", made.id.text(), "older secrets end within " + to_text(wish.overlap)));
  TRY_VOID(store::directory_revision::bump(tx));
  return made;
}

Result<NewSecret> rotate_endpoint_secret(store::Tx& tx, const Administration& by, ApplicationId application,
                                         EndpointId id, const SecretWish& wish) {
  TRY_VOID(check_wish(wish));
  auto endpoint = TRY(find_endpoint(tx, application, id)).endpoint;
  auto made = TRY(rotate(tx, by, {application, id}, wish));
  endpoint.has_own_secret = true;
  TRY(store::endpoints::update(tx, endpoint));
  TRY_VOID(audit(tx, by, application, "endpoint.rotate_secret", id.text(),
                 made.id.text() + " signs; older own secrets end within " + to_text(wish.overlap)));
  TRY_VOID(store::directory_revision::bump(tx));
  return made;
}

Result<SecretId> promote_secret(store::Tx& tx, const Administration& by, ApplicationId id) {
  TRY(find_application(tx, id));
  const auto live = model::live_secrets(TRY(secrets::list(tx, id)), by.now);
  if (live.empty()) return fail(Kind::kConflict, "the application has no live secret; rotate it to make one");
  const auto& newest = live.front();
  if (newest.is_promoted) return newest.id;
  TRY(secrets::promote(tx, id, newest.id));
  TRY_VOID(audit(tx, by, id, "secret.promote", newest.id.text(), "signs the Entri headers from now on"));
  TRY_VOID(store::directory_revision::bump(tx));
  return newest.id;
}

Result<void> remove_endpoint_secrets(store::Tx& tx, const Administration& by, ApplicationId application,
                                     EndpointId id) {
  auto endpoint = TRY(find_endpoint(tx, application, id)).endpoint;
  const auto all = TRY(secrets::list_of_endpoint(tx, application, id));
  if (all.empty() && !endpoint.has_own_secret) return {};
  for (const auto& one : all) TRY(secrets::remove(tx, application, one.id));
  endpoint.has_own_secret = false;
  TRY(store::endpoints::update(tx, endpoint));
  TRY_VOID(audit(tx, by, application, "endpoint.remove_secret", id.text(), "signed with the application's secrets"));
  return store::directory_revision::bump(tx);
}

}  // namespace signpost::services
