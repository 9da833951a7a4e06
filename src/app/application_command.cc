// SPDX-License-Identifier: Apache-2.0
#include "app/application_command.h"

#include <ostream>

#include "api/json_output.h"
#include "app/administer.h"
#include "app/option_names.h"
#include "base/text.h"
#include "services/client_secrets.h"
#include "services/endpoints.h"
#include "services/keys.h"
#include "store/connections.h"

namespace signpost::app {
namespace {

using Use = DataDirectory::Use;

constexpr OptionName kOptions[] = {{"name", "--name"},
                                   {"webhook_url", "--webhook-url"},
                                   {"owner_email", "--owner-email"},
                                   {"cname_target", "--cname-target"},
                                   {"allowed_origins", "--allowed-origin"},
                                   {"identity.issuer", "--issuer"},
                                   {"identity.audiences", "--audience"},
                                   {"application", "--application"}};

/// A value that breaks a rule is wrong usage, and the sentence says of which option.
Result<Exit> refused(Console& console, const Error& error) {
  if (error.member.empty()) return std::unexpected(error);
  return wrong_usage(console, in_options(error, kOptions));
}

/// All pages of a list, in one transaction.
template <typename Item, typename AnyId, typename List>
Result<std::vector<Item>> read_all(StoreSession& session, List list) {
  return session.storage().read_now<std::vector<Item>>([&](store::Tx& tx) -> Result<std::vector<Item>> {
    std::vector<Item> all;
    store::PageRequest<AnyId> request{std::nullopt, store::kPageMax};
    for (;;) {
      auto page = TRY(list(tx, request));
      for (auto& item : page.items) all.push_back(std::move(item));
      if (!page.has_more || all.empty()) return all;
      request.after = all.back().id;
    }
  });
}

template <typename Items>
std::string json_list(const Items& items) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() > 1 ? "," : "") + api::to_json(item);
  return text + "]\n";
}

std::string day_of(Time time) { return to_rfc3339(time).substr(0, 10); }

std::string joined(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : format("{}", fmt::join(texts, ", "));
}

std::string application_text(const model::Application& application) {
  const auto& identity = application.identity;
  return format(
      "application      {}\nname             {}\ncname target     {}\nsupports DKIM    {}\nallowed origins  {}\n"
      "issuer           {}\naudiences        {}\n",
      application.id.text(), printable(application.name),
      application.cname_target ? application.cname_target->text() : "none", application.supports_dkim ? "yes" : "no",
      joined(application.allowed_origins), identity.issuer.empty() ? "none" : printable(identity.issuer),
      identity.audiences.empty() ? "any" : printable(joined(identity.audiences), 1000));
}

struct Contents {
  model::Application application;
  std::vector<services::EndpointView> endpoints;
  store::Page<model::Connection> connections;
};

Result<Contents> contents_of(StoreSession& session, ApplicationId id) {
  return session.storage().read_now<Contents>([&](store::Tx& tx) -> Result<Contents> {
    auto application = TRY(services::find_application(tx, id));
    auto endpoints = TRY(services::list_endpoints(tx, id));
    auto connections = TRY(store::connections::list(tx, id, {}, {std::nullopt, store::kPageMax}));
    return Contents{std::move(application), std::move(endpoints), std::move(connections)};
  });
}

std::string contents_text(const Contents& contents) {
  std::string text = format("{} endpoints, {}{} connections\n", contents.endpoints.size(),
                            contents.connections.has_more ? "over " : "", contents.connections.items.size());
  constexpr std::size_t kNamedMax = 10;
  const auto& items = contents.connections.items;
  for (std::size_t i = 0; i < items.size() && i < kNamedMax; ++i)
    text += format("  {}  {}\n", items[i].id.text(), items[i].host.text());
  return text + (items.size() > kNamedMax ? "  …\n" : "");
}

}  // namespace

Result<Exit> app_create(Console& console, const StoreOptions& store, const services::ApplicationWish& wish,
                        OutputForm form) {
  auto session = TRY(StoreSession::open(console, store, Use::kCommand));
  const auto created = administer<services::NewApplication>(
      *session, [&](store::Tx& tx, const auto& by) { return services::create_application(tx, by, wish); });
  if (!created) return refused(console, created.error());
  if (form == OutputForm::kJson) {
    console.out << api::to_json(created->application, created->secret, created->endpoint) << "\n";
    return Exit::kOk;
  }
  console.out << application_text(created->application);
  if (created->endpoint) {
    const auto& endpoint = created->endpoint->endpoint;
    console.out << format("webhooks go to   {} ({})\n", endpoint.url, endpoint.id.text());
  }
  console.out << format(
      "secret           {}\n\nThe secret signs webhooks and is shown only now: keep it where your backend reads it.\n",
      created->secret);
  return Exit::kOk;
}

Result<Exit> app_list(Console& console, const StoreOptions& store, OutputForm form) {
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto all = TRY((read_all<model::Application, ApplicationId>(
      *session, [](store::Tx& tx, const auto& page) { return services::list_applications(tx, page); })));
  if (form == OutputForm::kJson) {
    console.out << json_list(all);
    return Exit::kOk;
  }
  if (all.empty()) console.out << "no application yet: signpost app create --name NAME makes one\n";
  for (const auto& one : all)
    console.out << format("{}  {}  {}\n", one.id.text(), day_of(one.created_at), printable(one.name));
  return Exit::kOk;
}

Result<Exit> app_show(Console& console, const StoreOptions& store, const std::string& id, OutputForm form) {
  const auto application = TRY(ApplicationId::parse(id));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto contents = TRY(contents_of(*session, application));
  if (form == OutputForm::kJson) {
    console.out << api::to_json(contents.application) << "\n";
    return Exit::kOk;
  }
  console.out << application_text(contents.application);
  for (const auto& [endpoint, owner_role] : contents.endpoints) {
    const auto paused = model::paused_reason(endpoint, owner_role);
    console.out << format("endpoint         {}  {}{}\n", endpoint.id.text(), endpoint.url,
                          paused.empty() ? "" : "  (" + paused + ")");
  }
  return Exit::kOk;
}

Result<Exit> app_rotate_secret(Console& console, const StoreOptions& store, const std::string& id, Milliseconds overlap,
                               OutputForm form) {
  const auto application = TRY(ApplicationId::parse(id));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto fresh = TRY(administer<services::NewSecret>(*session, [&](store::Tx& tx, const auto& by) {
    return services::rotate_secret(tx, by, application, {.overlap = overlap});
  }));
  const auto ends = fresh.old_end_at ? to_rfc3339(*fresh.old_end_at) : std::string{};
  if (form == OutputForm::kJson) {
    console.out << format("{{\"id\":\"{}\",\"secret\":\"{}\",\"old_end_at\":{}}}\n", fresh.id.text(), fresh.secret,
                          ends.empty() ? "null" : "\"" + ends + "\"");
    return Exit::kOk;
  }
  console.out << format("new secret       {}\n", fresh.secret);
  if (!ends.empty()) {
    console.out << format(
        "old secrets end  {}\n\nGive your backend the new secret now. The old one goes on signing the Entri headers "
        "until it ends or until\n\n"
        "  signpost app promote-secret {}{}\n",
        ends, application.text(), words_of(store));
  }
  return Exit::kOk;
}

Result<Exit> app_promote_secret(Console& console, const StoreOptions& store, const std::string& id) {
  const auto application = TRY(ApplicationId::parse(id));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto secret = TRY(administer<SecretId>(
      *session, [&](store::Tx& tx, const auto& by) { return services::promote_secret(tx, by, application); }));
  console.out << format("{} signs the Entri headers from now on\n", secret.text());
  return Exit::kOk;
}

Result<Exit> app_delete(Console& console, const StoreOptions& store, const std::string& id, Confirmed confirmed) {
  const auto application = TRY(ApplicationId::parse(id));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto contents = TRY(contents_of(*session, application));
  if (confirmed == Confirmed::kNo) {
    console.out << application_text(contents.application) << contents_text(contents);
    return fail(
        Kind::kConflict,
        "nothing was deleted: all this, with its events, deliveries, secrets and keys, goes when you add --yes");
  }
  TRY_VOID(administer<void>(
      *session, [&](store::Tx& tx, const auto& by) { return services::remove_application(tx, by, application); }));
  console.out << format("{} ({}) is deleted with all that belonged to it\n", application.text(),
                        printable(contents.application.name));
  return Exit::kOk;
}

Result<Exit> key_create(Console& console, const StoreOptions& store, const std::string& name,
                        const std::string& application, OutputForm form) {
  std::optional<ApplicationId> id;
  if (!application.empty()) id = TRY(ApplicationId::parse(application));
  auto session = TRY(StoreSession::open(console, store, id ? Use::kCommandOnExisting : Use::kCommand));
  const auto created = administer<services::NewKey>(
      *session, [&](store::Tx& tx, const auto& by) { return services::create_key(tx, by, name, id); });
  if (!created) return refused(console, created.error());
  if (form == OutputForm::kJson) {
    console.out << api::to_json(created->key, created->text) << "\n";
    return Exit::kOk;
  }
  console.out << format("{}  {}  {}\n\n  {}\n\nThe key is shown only now.\n", created->key.id.text(),
                        printable(created->key.name), id ? "for " + id->text() : "for everything (admin)",
                        created->text);
  return Exit::kOk;
}

Result<Exit> key_list(Console& console, const StoreOptions& store, OutputForm form) {
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto all = TRY((read_all<model::ApiKey, KeyId>(
      *session, [](store::Tx& tx, const auto& page) { return services::list_keys(tx, page); })));
  if (form == OutputForm::kJson) {
    console.out << json_list(all);
    return Exit::kOk;
  }
  if (all.empty()) console.out << "no key yet: signpost key create makes one\n";
  for (const auto& key : all) {
    console.out << format("{}  {}  {}  {}{}\n", key.id.text(), day_of(key.created_at),
                          key.application ? key.application->text() : pad("admin", 17), printable(key.name),
                          key.revoked_at ? "  revoked " + day_of(*key.revoked_at) : "");
  }
  return Exit::kOk;
}

Result<Exit> key_revoke(Console& console, const StoreOptions& store, const std::string& id) {
  const auto key = TRY(KeyId::parse(id));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  TRY_VOID(
      administer<void>(*session, [&](store::Tx& tx, const auto& by) { return services::revoke_key(tx, by, key); }));
  console.out << format("{} is revoked; a running server refuses it within half a second\n", key.text());
  return Exit::kOk;
}

}  // namespace signpost::app
