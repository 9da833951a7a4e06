// SPDX-License-Identifier: Apache-2.0
#include "services/endpoints.h"

#include <algorithm>

#include "base/text.h"
#include "model/event.h"
#include "net/url.h"
#include "services/applications.h"
#include "store/directory_revision.h"
#include "store/endpoints.h"
#include "store/members.h"

namespace signpost::services {
namespace {

Result<std::string> parse_url(const std::string& text) {
  const auto url = net::Url::parse(text);
  if (!url) return fail(Kind::kUnprocessable, "url: " + url.error().message, "url");
  return url->text();
}

std::string known_types() {
  std::string list;
  for (const auto type : model::kEventTypes) list += (list.empty() ? "" : ", ") + std::string(model::name_of(type));
  return list;
}

Result<std::vector<std::string>> parse_types(const std::vector<std::string>& texts) {
  std::vector<std::string> types;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!model::parse_event_type(texts[i])) {
      const auto member = format("event_types[{}]", i);
      return fail(Kind::kUnprocessable, member + " is not an event type; known are: " + known_types(), member);
    }
    if (std::ranges::find(types, texts[i]) == types.end()) types.push_back(texts[i]);
  }
  return types;
}

Result<MemberId> first_admin(store::Tx& tx, ApplicationId id) {
  const auto members = TRY(store::members::list(tx, id));
  const auto admin = std::ranges::find(members, model::Role::kAdmin, &model::Member::role);
  if (admin == members.end()) {
    return fail(Kind::kConflict, "the application has no member with the role Admin who could own the endpoint");
  }
  return admin->id;
}

Result<model::Endpoint> find_endpoint(store::Tx& tx, ApplicationId application, EndpointId id) {
  auto found = TRY(store::endpoints::find(tx, application, id));
  if (!found) return fail(Kind::kNotFound, "there is no endpoint " + id.text() + " of this application");
  return *std::move(found);
}

}  // namespace

Result<model::Endpoint> create_endpoint(store::Tx& tx, const Administration& by, ApplicationId id,
                                        const EndpointWish& wish) {
  TRY(find_application(tx, id));
  model::Endpoint endpoint;
  endpoint.url = TRY(parse_url(wish.url));
  endpoint.event_types = TRY(parse_types(wish.event_types));
  if (TRY(store::endpoints::list_of_application(tx, id)).size() >= model::kEndpointsMax) {
    return fail(Kind::kConflict,
                format("the application has {} endpoints already, the most it may have; delete one first",
                       model::kEndpointsMax));
  }
  endpoint.id = by.ids.make<EndpointId>();
  endpoint.application = id;
  endpoint.owner = TRY(first_admin(tx, id));
  endpoint.is_enabled = wish.is_enabled;
  endpoint.sends_v1 = wish.sends_v1;
  endpoint.v1_covers_body = wish.v1_covers_body;
  endpoint.v2_is_hmac = wish.v2_is_hmac;
  endpoint.created_at = by.now;
  TRY_VOID(store::endpoints::insert(tx, endpoint));
  TRY_VOID(audit(tx, by, id, "endpoint.create", endpoint.id.text(), "events go to " + endpoint.url));
  TRY_VOID(store::directory_revision::bump(tx));
  return endpoint;
}

Result<model::Endpoint> update_endpoint(store::Tx& tx, const Administration& by, ApplicationId application,
                                        EndpointId id, const EndpointChange& change) {
  auto endpoint = TRY(find_endpoint(tx, application, id));
  if (change.url) endpoint.url = TRY(parse_url(*change.url));
  if (change.event_types) endpoint.event_types = TRY(parse_types(*change.event_types));
  endpoint.is_enabled = change.is_enabled.value_or(endpoint.is_enabled);
  endpoint.sends_v1 = change.sends_v1.value_or(endpoint.sends_v1);
  endpoint.v1_covers_body = change.v1_covers_body.value_or(endpoint.v1_covers_body);
  endpoint.v2_is_hmac = change.v2_is_hmac.value_or(endpoint.v2_is_hmac);
  TRY(store::endpoints::update(tx, endpoint));
  TRY_VOID(audit(tx, by, application, "endpoint.update", id.text(), "events go to " + endpoint.url));
  TRY_VOID(store::directory_revision::bump(tx));
  return endpoint;
}

Result<void> remove_endpoint(store::Tx& tx, const Administration& by, ApplicationId application, EndpointId id) {
  const auto endpoint = TRY(find_endpoint(tx, application, id));
  TRY(store::endpoints::remove(tx, application, id));
  TRY_VOID(audit(tx, by, application, "endpoint.delete", id.text(), "events went to " + endpoint.url));
  return store::directory_revision::bump(tx);
}

Result<std::vector<model::Endpoint>> list_endpoints(store::Tx& tx, ApplicationId id) {
  TRY(find_application(tx, id));
  return store::endpoints::list_of_application(tx, id);
}

}  // namespace signpost::services
