// SPDX-License-Identifier: Apache-2.0
#include "store/api_keys.h"

#include "store/load_all.h"

namespace signpost::store::api_keys {
namespace {

#define KEY_COLUMNS "id, name, digest, application, revoked_at, created_at"

Result<model::ApiKey> read(const Row& row) {
  model::ApiKey key;
  key.id = row.id<KeyId>(0);
  key.name = row.text(1);
  key.digest = row.text(2);
  if (!row.is_null(3)) key.application = row.id<ApplicationId>(3);
  key.revoked_at = row.optional_time(4);
  key.created_at = row.time(5);
  return key;
}

}  // namespace

Result<void> insert(Tx& tx, const model::ApiKey& key) {
  TRY(tx.execute("INSERT INTO api_key (" KEY_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)", key.id, key.name, key.digest,
                 key.application, key.revoked_at, key.created_at));
  return {};
}

Result<std::optional<model::ApiKey>> find_by_digest_across_applications(Tx& tx, std::string_view digest) {
  const Rows rows = TRY(tx.query("SELECT " KEY_COLUMNS " FROM api_key WHERE digest = $1", digest));
  return first_of<model::ApiKey>(rows, read);
}

Result<Page<model::ApiKey>> list_across_applications(Tx& tx, const PageRequest<KeyId>& page) {
  const Rows rows = TRY(tx.query("SELECT " KEY_COLUMNS " FROM api_key WHERE id < $1 ORDER BY id DESC LIMIT $2",
                                 page.below(), page.row_limit()));
  return page_of<model::ApiKey>(rows, page, read);
}

Result<Page<model::ApiKey>> list(Tx& tx, ApplicationId application, const PageRequest<KeyId>& page) {
  const Rows rows = TRY(tx.query("SELECT " KEY_COLUMNS " FROM api_key WHERE application = $1 AND id < $2 "
                                 "ORDER BY id DESC LIMIT $3",
                                 application, page.below(), page.row_limit()));
  return page_of<model::ApiKey>(rows, page, read);
}

Result<bool> revoke(Tx& tx, ApplicationId application, KeyId id, Time at) {
  return TRY(tx.execute("UPDATE api_key SET revoked_at = $1 WHERE application = $2 AND id = $3 AND revoked_at IS NULL",
                        at, application, id)) == 1;
}

Result<bool> revoke_across_applications(Tx& tx, KeyId id, Time at) {
  return TRY(tx.execute("UPDATE api_key SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL", at, id)) == 1;
}

Result<std::vector<model::ApiKey>> load_all_across_applications(Tx& tx) {
  const Rows rows =
      TRY(tx.query("SELECT " KEY_COLUMNS " FROM api_key WHERE revoked_at IS NULL ORDER BY id LIMIT $1", kKeysMax + 1));
  return all_of<model::ApiKey>(rows, kKeysMax, "API keys", read);
}

}  // namespace signpost::store::api_keys
