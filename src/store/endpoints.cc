// SPDX-License-Identifier: Apache-2.0
#include "store/endpoints.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::endpoints {
namespace {

#define ENDPOINT_COLUMNS \
  "id, application, owner, url, event_types, is_enabled, sends_v1, v1_covers_body, v2_is_hmac, created_at"

Result<model::Endpoint> read(const Row& row) {
  model::Endpoint endpoint;
  endpoint.id = row.id<EndpointId>(0);
  endpoint.application = row.id<ApplicationId>(1);
  endpoint.owner = row.id<MemberId>(2);
  endpoint.url = row.text(3);
  endpoint.event_types = items_of(row.text(4));
  endpoint.is_enabled = row.flag(5);
  endpoint.sends_v1 = row.flag(6);
  endpoint.v1_covers_body = row.flag(7);
  endpoint.v2_is_hmac = row.flag(8);
  endpoint.created_at = row.time(9);
  return endpoint;
}

}  // namespace

Result<void> insert(Tx& tx, const model::Endpoint& endpoint) {
  const std::string event_types = TRY(lines_of(endpoint.event_types));
  TRY(tx.execute("INSERT INTO endpoint (" ENDPOINT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                 endpoint.id, endpoint.application, endpoint.owner, endpoint.url, event_types, endpoint.is_enabled,
                 endpoint.sends_v1, endpoint.v1_covers_body, endpoint.v2_is_hmac, endpoint.created_at));
  return {};
}

Result<std::optional<model::Endpoint>> find(Tx& tx, ApplicationId application, EndpointId id) {
  const Rows rows =
      TRY(tx.query("SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE application = $1 AND id = $2", application, id));
  return first_of<model::Endpoint>(rows, read);
}

Result<std::vector<model::Endpoint>> list_of_application(Tx& tx, ApplicationId application) {
  const Rows rows =
      TRY(tx.query("SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE application = $1 ORDER BY id LIMIT $2", application,
                   model::kEndpointsMax));
  return all_of<model::Endpoint>(rows, model::kEndpointsMax, "endpoints", read);
}

Result<std::vector<model::Endpoint>> list_receiving(Tx& tx, ApplicationId application) {
  const Rows rows =
      TRY(tx.query("SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE application = $1 AND is_enabled = 1 AND owner IN "
                   "(SELECT id FROM member WHERE application = $1 AND role IN ($2, $3)) ORDER BY id LIMIT $4",
                   application, model::name_of(model::Role::kAdmin), model::name_of(model::Role::kDeveloper),
                   model::kEndpointsMax));
  return all_of<model::Endpoint>(rows, model::kEndpointsMax, "endpoints", read);
}

Result<bool> update(Tx& tx, const model::Endpoint& endpoint) {
  const std::string event_types = TRY(lines_of(endpoint.event_types));
  return TRY(tx.execute("UPDATE endpoint SET owner = $1, url = $2, event_types = $3, is_enabled = $4, sends_v1 = $5, "
                        "v1_covers_body = $6, v2_is_hmac = $7 WHERE application = $8 AND id = $9",
                        endpoint.owner, endpoint.url, event_types, endpoint.is_enabled, endpoint.sends_v1,
                        endpoint.v1_covers_body, endpoint.v2_is_hmac, endpoint.application, endpoint.id)) == 1;
}

Result<bool> remove(Tx& tx, ApplicationId application, EndpointId id) {
  return TRY(tx.execute("DELETE FROM endpoint WHERE application = $1 AND id = $2", application, id)) == 1;
}

Result<std::vector<model::Endpoint>> load_all_across_applications(Tx& tx) {
  const Rows rows =
      TRY(tx.query("SELECT " ENDPOINT_COLUMNS " FROM endpoint ORDER BY id LIMIT $1", kEndpointsLoadedMax + 1));
  return all_of<model::Endpoint>(rows, kEndpointsLoadedMax, "endpoints", read);
}

}  // namespace signpost::store::endpoints
