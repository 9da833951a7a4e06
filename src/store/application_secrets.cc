// SPDX-License-Identifier: Apache-2.0
#include "store/application_secrets.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::application_secrets {
namespace {

#define SECRET_COLUMNS "id, application, sealed, is_promoted, expires_at, created_at, endpoint"

// Sealed secrets are bytes; the column is base 64, because a text cannot hold them.
Result<model::ApplicationSecret> read(const Row& row) {
  model::ApplicationSecret secret;
  secret.id = row.id<SecretId>(0);
  secret.application = row.id<ApplicationId>(1);
  auto sealed = from_base64(row.text(2));
  if (!sealed) return fail(Kind::kInternal, format("the sealed secret {} is damaged", secret.id.text()));
  secret.sealed = *std::move(sealed);
  secret.is_promoted = row.flag(3);
  secret.expires_at = row.optional_time(4);
  secret.created_at = row.time(5);
  if (!row.is_null(6)) secret.endpoint = row.id<EndpointId>(6);
  return secret;
}

}  // namespace

Result<void> insert(Tx& tx, const model::ApplicationSecret& secret) {
  TRY(tx.execute("INSERT INTO application_secret (" SECRET_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)", secret.id,
                 secret.application, to_base64(secret.sealed), secret.is_promoted, secret.expires_at, secret.created_at,
                 secret.endpoint));
  return {};
}

Result<std::vector<model::ApplicationSecret>> list(Tx& tx, ApplicationId application) {
  const Rows rows = TRY(tx.query("SELECT " SECRET_COLUMNS " FROM application_secret WHERE application = $1 "
                                 "AND endpoint IS NULL ORDER BY id DESC LIMIT $2",
                                 application, kSecretsOfApplicationMax));
  return all_of<model::ApplicationSecret>(rows, kSecretsOfApplicationMax, "secrets", read);
}

Result<std::vector<model::ApplicationSecret>> list_of_endpoint(Tx& tx, ApplicationId application, EndpointId endpoint) {
  const Rows rows = TRY(tx.query("SELECT " SECRET_COLUMNS " FROM application_secret WHERE application = $1 "
                                 "AND endpoint = $2 ORDER BY id DESC LIMIT $3",
                                 application, endpoint, kSecretsOfApplicationMax));
  return all_of<model::ApplicationSecret>(rows, kSecretsOfApplicationMax, "secrets", read);
}

Result<bool> expire(Tx& tx, ApplicationId application, SecretId id, Time at) {
  return TRY(tx.execute("UPDATE application_secret SET expires_at = $1 WHERE application = $2 AND id = $3", at,
                        application, id)) == 1;
}

Result<bool> promote(Tx& tx, ApplicationId application, SecretId id) {
  return TRY(tx.execute("UPDATE application_secret SET is_promoted = 1 WHERE application = $1 AND id = $2", application,
                        id)) == 1;
}

Result<bool> remove(Tx& tx, ApplicationId application, SecretId id) {
  return TRY(tx.execute("DELETE FROM application_secret WHERE application = $1 AND id = $2", application, id)) == 1;
}

Result<std::vector<model::ApplicationSecret>> load_all_across_applications(Tx& tx) {
  const Rows rows =
      TRY(tx.query("SELECT " SECRET_COLUMNS " FROM application_secret ORDER BY id LIMIT $1", kSecretsMax + 1));
  return all_of<model::ApplicationSecret>(rows, kSecretsMax, "client secrets", read);
}

}  // namespace signpost::store::application_secrets
