// SPDX-License-Identifier: Apache-2.0
#include "services/applications.h"

#include <algorithm>

#include "base/text.h"
#include "net/url.h"
#include "services/client_secrets.h"
#include "store/applications.h"
#include "store/directory_revision.h"
#include "store/entri_receivers.h"
#include "store/members.h"

namespace signpost::services {
namespace {

constexpr std::size_t kIssuerBytesMax = 2048;
constexpr std::size_t kAudienceBytesMax = 512;

std::unexpected<Error> unprocessable(std::string message, std::string member) {
  return fail(Kind::kUnprocessable, std::move(message), std::move(member));
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

Result<std::optional<DnsName>> parse_target(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  auto name = DnsName::parse(*text);
  if (!name) return unprocessable("cname_target: " + name.error().message, "cname_target");
  return *name;
}

/// In the spelling that browsers send: lower case, no port that is the scheme's own, nothing after the host.
Result<std::string> parse_origin(const std::string& text, const std::string& member) {
  const auto url = net::Url::parse(text);
  if (!url) return unprocessable(member + ": " + url.error().message, member);
  if (url->target != "/" || text.ends_with('/')) {
    return unprocessable(member + " must be an origin: scheme, host and port, without a path or a slash at the end",
                         member);
  }
  auto origin = url->text();
  origin.pop_back();
  return origin;
}

Result<std::vector<std::string>> parse_origins(const std::vector<std::string>& texts) {
  if (texts.size() > model::kAllowedOriginsMax) {
    return unprocessable(format("allowed_origins may have at most {} items", model::kAllowedOriginsMax),
                         "allowed_origins");
  }
  std::vector<std::string> origins;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto origin = TRY(parse_origin(texts[i], format("allowed_origins[{}]", i)));
    if (std::ranges::find(origins, origin) == origins.end()) origins.push_back(std::move(origin));
  }
  return origins;
}

Result<void> check_identity(const model::IdentityRule& rule) {
  if (rule.issuer.size() > kIssuerBytesMax || has_control(rule.issuer)) {
    return unprocessable("identity.issuer must be the exact `iss` of the tokens", "identity.issuer");
  }
  if (rule.audiences.size() > model::kAudiencesMax) {
    return unprocessable(format("identity.audiences may have at most {} items", model::kAudiencesMax),
                         "identity.audiences");
  }
  if (rule.issuer.empty() && !rule.audiences.empty()) {
    return unprocessable("identity.audiences needs identity.issuer: without an issuer no token is accepted",
                         "identity.issuer");
  }
  const auto wrong = std::ranges::find_if(rule.audiences, [](const std::string& audience) {
    return audience.empty() || audience.size() > kAudienceBytesMax || has_control(audience);
  });
  if (wrong == rule.audiences.end()) return {};
  const auto member = format("identity.audiences[{}]", wrong - rule.audiences.begin());
  return unprocessable(format("{} must have 1 to {} bytes without control characters", member, kAudienceBytesMax),
                       member);
}

/// Only one application of an issuer may take whatever its tokens name: with two, no token could tell which is meant.
Result<void> check_alone(store::Tx& tx, ApplicationId id, const model::IdentityRule& rule) {
  if (rule.issuer.empty() || !rule.audiences.empty()) return {};
  const auto other = TRY(store::applications::find_of_any_audience_across_applications(tx, rule.issuer, id));
  if (!other) return {};
  return fail(Kind::kConflict,
              format("identity.audiences: {} takes every token of this issuer already; name the audiences (`aud` or "
                     "`azp`) of this application, or of that one",
                     other->text()),
              "identity.audiences");
}

Result<std::optional<MailAddress>> parse_owner_email(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  auto address = MailAddress::parse(*text);
  if (!address) return unprocessable("owner_email: " + address.error().message, "owner_email");
  return *std::move(address);
}

/// For the audit log; the receiver of the hosted Entri's webhooks has actions of its own there.
std::string names_of_changes(const model::Application& before, const model::Application& now) {
  std::string names;
  const auto note = [&](std::string_view name, bool is_changed) {
    if (is_changed) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  note("name", before.name != now.name);
  note("cname_target", before.cname_target != now.cname_target);
  note("allowed_origins", before.allowed_origins != now.allowed_origins);
  note("identity",
       before.identity.issuer != now.identity.issuer || before.identity.audiences != now.identity.audiences);
  note("supports_dkim", before.supports_dkim != now.supports_dkim);
  return names;
}

}  // namespace

Result<NewApplication> create_application(store::Tx& tx, const Administration& by, const ApplicationWish& wish) {
  TRY_VOID(check_name(wish.name));
  TRY_VOID(check_identity(wish.identity));
  NewApplication made;
  auto& application = made.application;
  application.id = by.ids.make<ApplicationId>();
  application.name = wish.name;
  application.cname_target = TRY(parse_target(wish.cname_target));
  application.allowed_origins = TRY(parse_origins(wish.allowed_origins));
  const auto owner_email = TRY(parse_owner_email(wish.owner_email));
  application.identity = wish.identity;
  application.supports_dkim = wish.supports_dkim;
  application.created_at = by.now;
  TRY_VOID(check_alone(tx, application.id, wish.identity));
  TRY_VOID(store::applications::insert(tx, application));
  TRY_VOID(store::members::insert(
      tx, {by.ids.make<MemberId>(), application.id, "owner", model::Role::kAdmin, by.now, owner_email}));
  made.secret = TRY(add_first_secret(tx, by, application.id, std::nullopt, std::nullopt)).secret;
  TRY_VOID(audit(tx, by, application.id, "application.create", application.id.text(), "named " + application.name));
  if (wish.webhook_url) {
    EndpointWish first;
    first.url = *wish.webhook_url;
    auto endpoint = create_endpoint(tx, by, application.id, first);
    if (!endpoint && endpoint.error().member == "url")
      return unprocessable("webhook_" + endpoint.error().message, "webhook_url");
    made.endpoint = TRY(std::move(endpoint));
  }
  TRY_VOID(store::directory_revision::bump(tx));
  return made;
}

Result<model::Application> find_application(store::Tx& tx, ApplicationId id) {
  auto found = TRY(store::applications::find(tx, id));
  if (!found) return fail(Kind::kNotFound, "there is no application " + id.text());
  found->entri_receiver = TRY(store::entri_receivers::find(tx, id));
  return *std::move(found);
}

Result<store::Page<model::Application>> list_applications(store::Tx& tx,
                                                          const store::PageRequest<ApplicationId>& page) {
  auto found = TRY(store::applications::list_across_applications(tx, page));
  for (auto& one : found.items) one.entri_receiver = TRY(store::entri_receivers::find(tx, one.id));
  return found;
}

Result<model::Application> update_application(store::Tx& tx, const Administration& by, ApplicationId id,
                                              const ApplicationChange& change) {
  auto application = TRY(find_application(tx, id));
  const auto before = application;
  if (change.name) {
    TRY_VOID(check_name(*change.name));
    application.name = *change.name;
  }
  if (change.cname_target) application.cname_target = TRY(parse_target(*change.cname_target));
  if (change.allowed_origins) application.allowed_origins = TRY(parse_origins(*change.allowed_origins));
  if (change.identity) {
    TRY_VOID(check_identity(*change.identity));
    TRY_VOID(check_alone(tx, id, *change.identity));
    application.identity = *change.identity;
  }
  application.supports_dkim = change.supports_dkim.value_or(application.supports_dkim);
  if (change.entri_receiver) {
    if (*change.entri_receiver) {
      TRY_VOID(change_entri_receiver(tx, by, id, **change.entri_receiver));
      TRY_VOID(audit(tx, by, id, "entri_receiver.set", id.text(), "takes webhooks of the hosted Entri"));
    } else if (TRY(store::entri_receivers::remove(tx, id))) {
      TRY_VOID(audit(tx, by, id, "entri_receiver.remove", id.text(), "takes no webhooks of the hosted Entri any more"));
    }
    application.entri_receiver = TRY(store::entri_receivers::find(tx, id));
  }
  TRY(store::applications::update(tx, application));
  if (const auto names = names_of_changes(before, application); !names.empty()) {
    TRY_VOID(audit(tx, by, id, "application.update", id.text(), "changed: " + names));
  }
  TRY_VOID(store::directory_revision::bump(tx));
  return application;
}

Result<void> remove_application(store::Tx& tx, const Administration& by, ApplicationId id) {
  const auto application = TRY(find_application(tx, id));
  TRY(store::applications::remove(tx, id));
  TRY_VOID(audit(tx, by, id, "application.delete", id.text(),
                 "named " + application.name + ", with everything that belonged to it"));
  return store::directory_revision::bump(tx);
}

}  // namespace signpost::services
