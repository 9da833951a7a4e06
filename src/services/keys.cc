// SPDX-License-Identifier: Apache-2.0
#include "services/keys.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "store/api_keys.h"
#include "store/directory_revision.h"

namespace signpost::services {
namespace {

constexpr std::size_t kKeyBytes = 32;

}  // namespace

Result<NewKey> create_key(store::Tx& tx, const Administration& by, const std::string& name,
                          std::optional<ApplicationId> application) {
  TRY_VOID(check_name(name));
  if (application) TRY(find_application(tx, *application));
  if (TRY(store::api_keys::load_all_across_applications(tx)).size() >= kLiveKeysMax) {
    return fail(Kind::kConflict,
                format("there are {} keys already, the most there may be; revoke some first", kLiveKeysMax));
  }
  NewKey made;
  made.text = std::string(kKeyPrefix) + to_hex(by.random.bytes(kKeyBytes));
  made.key.id = by.ids.make<KeyId>();
  made.key.name = name;
  made.key.digest = to_hex(crypto::sha256(made.text));
  made.key.application = application;
  made.key.created_at = by.now;
  TRY_VOID(store::api_keys::insert(tx, made.key));
  TRY_VOID(audit(tx, by, application, "key.create", made.key.id.text(),
                 (application ? "named " : "admin key named ") + name));
  TRY_VOID(store::directory_revision::bump(tx));
  return made;
}

Result<store::Page<model::ApiKey>> list_keys(store::Tx& tx, const store::PageRequest<KeyId>& page) {
  return store::api_keys::list_across_applications(tx, page);
}

Result<void> revoke_key(store::Tx& tx, const Administration& by, KeyId id) {
  if (!TRY(store::api_keys::revoke_across_applications(tx, id, by.now))) {
    return fail(Kind::kNotFound, "there is no key " + id.text() + " that could be revoked");
  }
  TRY_VOID(audit(tx, by, std::nullopt, "key.revoke", id.text(), "no longer accepted"));
  return store::directory_revision::bump(tx);
}

const model::ApiKey* authenticate_key(const DirectorySnapshot& directory, std::string_view text) {
  if (!text.starts_with(kKeyPrefix) || text.size() != kKeyPrefix.size() + 2 * kKeyBytes) return nullptr;
  return directory.key_of(to_hex(crypto::sha256(text)));
}

}  // namespace signpost::services
