// SPDX-License-Identifier: Apache-2.0
#include "services/endpoints.h"

#include <algorithm>

#include "base/text.h"
#include "model/event.h"
#include "net/url.h"
#include "services/applications.h"
#include "services/client_secrets.h"
#include "services/endpoint_headers.h"
#include "services/members.h"
#include "store/directory_revision.h"
#include "store/endpoint_paces.h"
#include "store/endpoints.h"
#include "store/members.h"
#include "store/notices.h"

namespace signpost::services {
namespace {

using model::DisabledReason;
using model::Endpoint;

std::unexpected<Error> unprocessable(std::string_view member, std::string_view what) {
  return fail(Kind::kUnprocessable, std::string(member) + std::string(what), std::string(member));
}

Result<std::string> parse_url(const Administration& by, const std::string& text) {
  const auto url = net::Url::parse(text);
  if (!url) return unprocessable("url", ": " + url.error().message);
  if (const auto checked = by.targets.check(*url); !checked)
    return unprocessable("url", ": " + checked.error().message);
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
      return unprocessable(format("event_types[{}]", i), " is not an event type; known are: " + known_types());
    }
    if (std::ranges::find(types, texts[i]) == types.end()) types.push_back(texts[i]);
  }
  return types;
}

Result<model::Member> first_admin(store::Tx& tx, ApplicationId id) {
  const auto members = TRY(store::members::list(tx, id));
  const auto admin = std::ranges::find(members, model::Role::kAdmin, &model::Member::role);
  if (admin == members.end()) {
    return fail(Kind::kConflict, "the application has no member with the role Admin who could own the endpoint");
  }
  return *admin;
}

Result<model::Member> owner_named(store::Tx& tx, ApplicationId application, MemberId id) {
  const auto found = TRY(store::members::find(tx, application, id));
  if (!found) return unprocessable("owner", ": there is no member " + id.text() + " of this application");
  return *found;
}

Result<std::chrono::seconds> parse_timeout(Milliseconds timeout) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  if (seconds != timeout || seconds < model::kTimeoutMin || seconds > model::kTimeoutMax) {
    return unprocessable("timeout", format(" must be whole seconds from \"{}\" to \"{}\"", to_text(model::kTimeoutMin),
                                           to_text(model::kTimeoutMax)));
  }
  return seconds;
}

Result<std::optional<std::int32_t>> parse_count(std::string_view member, std::optional<std::int32_t> count,
                                                std::int32_t max) {
  if (count && (*count < 1 || *count > max)) return unprocessable(member, format(" must be from 1 to {}", max));
  return count;
}

/// New values are sealed; masked ones stand for what is sealed already.
Result<std::vector<model::EndpointHeader>> parse_headers(const Administration& by, const Endpoint& endpoint,
                                                         const std::vector<net::Header>& wanted) {
  auto sealed = TRY(sealed_headers(wanted, endpoint.id, by.master_key));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].value != kMaskedValue) continue;
    const auto is_same = [&](const auto& old) { return equals_ignoring_case(old.name, wanted[i].name); };
    const auto old = std::ranges::find_if(endpoint.headers, is_same);
    if (old == endpoint.headers.end()) {
      return unprocessable("headers." + wanted[i].name,
                           format(" is \"{}\", which keeps a value, but there is none yet", kMaskedValue));
    }
    sealed[i].sealed = old->sealed;
  }
  return sealed;
}

void set_enabled(Endpoint& endpoint, bool is_enabled, Time now) {
  if (endpoint.is_enabled == is_enabled) return;
  endpoint.is_enabled = is_enabled;
  endpoint.disabled_reason = is_enabled ? DisabledReason::kNone : DisabledReason::kByHand;
  endpoint.disabled_at = is_enabled ? std::nullopt : std::optional(now);
  endpoint.failing_since.reset();
}

/// Everything but the URL. Returns the names of what was asked for, for the audit log.
Result<std::string> apply(const Administration& by, Endpoint& endpoint, const EndpointChange& change) {
  std::string names;
  const auto note = [&](std::string_view name) { names += (names.empty() ? "" : ", ") + std::string(name); };
  if (change.event_types) {
    endpoint.event_types = TRY(parse_types(*change.event_types));
    note("event_types");
  }
  if (change.is_enabled) {
    set_enabled(endpoint, *change.is_enabled, by.now);
    note(*change.is_enabled ? "enabled" : "disabled by hand");
  }
  const auto set_flag = [&](std::string_view name, const std::optional<bool>& wanted, bool& flag) {
    if (!wanted) return;
    flag = *wanted;
    note(name);
  };
  set_flag("sends_v1", change.sends_v1, endpoint.sends_v1);
  set_flag("v1_covers_body", change.v1_covers_body, endpoint.v1_covers_body);
  set_flag("v2_is_hmac", change.v2_is_hmac, endpoint.v2_is_hmac);
  if (change.timeout) {
    endpoint.timeout = TRY(parse_timeout(*change.timeout));
    note("timeout");
  }
  if (change.schedule) {
    endpoint.schedule = *change.schedule;
    note("schedule");
  }
  if (change.headers) {
    endpoint.headers = TRY(parse_headers(by, endpoint, *change.headers));
    note("headers");
  }
  if (change.rate_per_second) {
    endpoint.rate_per_second = TRY(parse_count("rate_per_second", *change.rate_per_second, model::kEndpointRateMax));
    note("rate_per_second");
  }
  if (change.in_flight_max) {
    endpoint.in_flight_max = TRY(parse_count("in_flight_max", *change.in_flight_max, model::kEndpointInFlightMax));
    note("in_flight_max");
  }
  return names;
}

}  // namespace

Result<EndpointView> create_endpoint(store::Tx& tx, const Administration& by, ApplicationId id,
                                     const EndpointWish& wish) {
  TRY(find_application(tx, id));
  Endpoint endpoint;
  endpoint.id = by.ids.make<EndpointId>();
  endpoint.application = id;
  endpoint.created_at = by.now;
  endpoint.url = TRY(parse_url(by, wish.url));
  TRY(apply(by, endpoint, wish.more));
  if (TRY(store::endpoints::list_of_application(tx, id)).size() >= model::kEndpointsMax) {
    return fail(Kind::kConflict,
                format("the application has {} endpoints already, the most it may have; delete one first",
                       model::kEndpointsMax));
  }
  const auto owner = TRY(wish.more.owner ? owner_named(tx, id, *wish.more.owner) : first_admin(tx, id));
  endpoint.owner = owner.id;
  endpoint.has_own_secret = wish.secret.has_value();
  TRY_VOID(store::endpoints::insert(tx, endpoint));
  if (wish.secret) TRY(add_first_secret(tx, by, id, endpoint.id, wish.secret));
  TRY_VOID(audit(tx, by, id, "endpoint.create", endpoint.id.text(), "events go to " + endpoint.url));
  TRY_VOID(store::directory_revision::bump(tx));
  return EndpointView{std::move(endpoint), owner.role};
}

Result<EndpointView> update_endpoint(store::Tx& tx, const Administration& by, ApplicationId application, EndpointId id,
                                     const EndpointChange& change) {
  auto view = TRY(find_endpoint(tx, application, id));
  auto& endpoint = view.endpoint;
  const auto before = endpoint;
  if (change.url) endpoint.url = TRY(parse_url(by, *change.url));
  const auto names = TRY(apply(by, endpoint, change));
  if (endpoint.url != before.url || (endpoint.is_enabled && !before.is_enabled)) {
    endpoint.failing_since.reset();
    TRY_VOID(store::endpoint_paces::forget(tx, id));
  }
  std::string detail = names + (names.empty() ? "" : "; ");
  if (change.owner) {
    const auto owner = TRY(owner_named(tx, application, *change.owner));
    endpoint.owner = owner.id;
    view.owner_role = owner.role;
    detail += "belongs to " + owner.id.text() + "; ";
  }
  TRY(store::endpoints::update(tx, endpoint));
  if (change.is_enabled.value_or(false)) TRY_VOID(store::notices::forget_disabled(tx, application, id));
  TRY_VOID(audit(tx, by, application, "endpoint.update", id.text(), detail + "events go to " + endpoint.url));
  TRY_VOID(store::directory_revision::bump(tx));
  return view;
}

Result<void> remove_endpoint(store::Tx& tx, const Administration& by, ApplicationId application, EndpointId id) {
  const auto view = TRY(find_endpoint(tx, application, id));
  TRY(store::endpoints::remove(tx, application, id));
  TRY_VOID(audit(tx, by, application, "endpoint.delete", id.text(), "events went to " + view.endpoint.url));
  return store::directory_revision::bump(tx);
}

Result<EndpointView> find_endpoint(store::Tx& tx, ApplicationId application, EndpointId id) {
  auto found = TRY(store::endpoints::find(tx, application, id));
  if (!found) return fail(Kind::kNotFound, "there is no endpoint " + id.text() + " of this application");
  const auto owner = TRY(find_member(tx, application, found->owner));
  return EndpointView{*std::move(found), owner.role};
}

Result<std::vector<EndpointView>> list_endpoints(store::Tx& tx, ApplicationId id) {
  TRY(find_application(tx, id));
  const auto members = TRY(store::members::list(tx, id));
  std::vector<EndpointView> views;
  for (auto& endpoint : TRY(store::endpoints::list_of_application(tx, id))) {
    const auto owner = std::ranges::find(members, endpoint.owner, &model::Member::id);
    views.push_back({std::move(endpoint), owner == members.end() ? model::Role::kViewer : owner->role});
  }
  return views;
}

}  // namespace signpost::services
