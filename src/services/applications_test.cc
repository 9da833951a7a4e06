// SPDX-License-Identifier: Apache-2.0
#include "services/applications.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "services/testing/office.h"
#include "store/application_secrets.h"
#include "store/members.h"

namespace signpost::services {
namespace {

using testing::must;

using testing::named;
using testing::Office;

std::string member_refused(Office& office, ApplicationWish wish) {
  const auto made = office.create(std::move(wish));
  if (made) return "none";
  EXPECT_EQ(made.error().kind, Kind::kUnprocessable);
  return made.error().member;
}

std::vector<model::ApplicationSecret> secrets_of(Office& office, ApplicationId id) {
  return must(office.world.storage.read_now<std::vector<model::ApplicationSecret>>(
      [&](store::Tx& tx) { return store::application_secrets::list(tx, id); }));
}

TEST(Applications, OfOneIssuerAreToldApartByAudiences) {
  Office office;
  auto any = named("takes any");
  any.identity.issuer = "https://idp.example";
  const auto first = must(office.create(any));
  const auto second = office.create(any);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Kind::kConflict);
  EXPECT_EQ(second.error().member, "identity.audiences");
  EXPECT_NE(second.error().message.find(first.application.id.text()), std::string::npos) << second.error().message;
  auto precise = any;
  precise.identity.audiences = {"mobile"};
  const auto mobile = must(office.create(precise));
  const auto change = [&](ApplicationId id, const ApplicationChange& to) {
    return office.act<model::Application>(
        [&](store::Tx& tx, const Administration& by) { return update_application(tx, by, id, to); });
  };
  ApplicationChange to_any;
  to_any.identity = any.identity;
  EXPECT_EQ(change(mobile.application.id, to_any).error().kind, Kind::kConflict);
  EXPECT_TRUE(change(first.application.id, to_any)) << "it stays what it is";
  auto elsewhere = any;
  elsewhere.identity.issuer = "https://other.example";
  EXPECT_TRUE(office.create(elsewhere));
  EXPECT_TRUE(office.create(named("without an issuer")));
  EXPECT_TRUE(office.create(named("another without an issuer")));
}

TEST(Applications, BeginWithAnOwnerASealedSecretAndAnEndpoint) {
  Office office;
  auto wish = named("SaaS");
  wish.webhook_url = "https://hooks.saas.example/in";
  const auto made = must(office.create(wish));
  ASSERT_TRUE(made.endpoint);
  const auto members = must(office.world.storage.read_now<std::vector<model::Member>>(
      [&](store::Tx& tx) { return store::members::list(tx, made.application.id); }));
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0].role, model::Role::kAdmin);
  EXPECT_EQ(made.endpoint->endpoint.owner, members[0].id);
  const auto rows = secrets_of(office, made.application.id);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].is_promoted);
  EXPECT_EQ(made.secret.substr(0, 6), "whsec_");
  EXPECT_EQ(from_base64(made.secret.substr(6)).value().size(), 32U);
  EXPECT_FALSE(rows[0].sealed.contains(made.secret.substr(6)));
  EXPECT_EQ(must(office.master_key.unseal(from_base64(rows[0].sealed).value(), rows[0].id.text())).expose(),
            made.secret);
}

TEST(Applications, KeepOriginsAsBrowsersSendThem) {
  Office office;
  auto wish = named("SaaS");
  wish.allowed_origins = {"https://App.Saas.example:443", "http://localhost:3000", "https://app.saas.example"};
  EXPECT_EQ(must(office.create(wish)).application.allowed_origins,
            (std::vector<std::string>{"https://app.saas.example", "http://localhost:3000"}));
}

TEST(Applications, NameTheMemberThatIsWrong) {
  Office office;
  EXPECT_EQ(member_refused(office, named("")), "name");
  EXPECT_EQ(member_refused(office, named("two\nlines")), "name");
  EXPECT_EQ(member_refused(office, named(std::string(101, 'x'))), "name");
  auto wish = named("SaaS");
  wish.allowed_origins = {"https://app.saas.example", "https://app.saas.example/path"};
  EXPECT_EQ(member_refused(office, wish), "allowed_origins[1]");
  wish.allowed_origins = {"*"};
  EXPECT_EQ(member_refused(office, wish), "allowed_origins[0]");
  wish = named("SaaS");
  wish.webhook_url = "ftp://hooks.saas.example";
  EXPECT_EQ(member_refused(office, wish), "webhook_url");
  wish = named("SaaS");
  wish.cname_target = "not a name";
  EXPECT_EQ(member_refused(office, wish), "cname_target");
  wish = named("SaaS");
  wish.identity.audiences = {"without issuer"};
  EXPECT_EQ(member_refused(office, wish), "identity.issuer");
}

TEST(Applications, KnowWhomToWarnIfTheyAreTold) {
  Office office;
  auto wish = named("SaaS");
  wish.owner_email = "Ops@SaaS.example";
  const auto id = must(office.create(wish)).application.id;
  const auto members = must(office.world.storage.read_now<std::vector<model::Member>>(
      [&](store::Tx& tx) { return store::members::list(tx, id); }));
  EXPECT_EQ(members.at(0).email->text(), "Ops@saas.example");
  wish.owner_email = "Ops <ops@saas.example>";
  EXPECT_EQ(member_refused(office, wish), "owner_email");
}

TEST(Applications, CountCharactersOfANameNotBytes) {
  Office office;
  std::string name;
  for (int i = 0; i < 100; ++i) name += "ü";
  EXPECT_TRUE(office.create(named(name)));
}

TEST(AuditLog, NamesTheSettingsOfAnApplicationThatChanged) {
  Office office;
  const auto id = must(office.create(named("SaaS"))).application.id;
  const auto change = [&](ApplicationChange wish) {
    must(office.act<model::Application>(
        [&](store::Tx& tx, const Administration& by) { return update_application(tx, by, id, wish); }));
    const auto newest = office.audit_log().front();
    return newest.action + ": " + newest.detail;
  };
  EXPECT_EQ(change({.name = "Other", .supports_dkim = true}), "application.update: changed: name, supports_dkim");
  EXPECT_EQ(change({.name = "Other", .cname_target = std::optional<std::string>("app.saas.example")}),
            "application.update: changed: cname_target");
  EntriReceiverChange opened;
  opened.secret = "a secret of the hosted Entri";
  EXPECT_TRUE(change({.entri_receiver = opened}).starts_with("entri_receiver.set: "));
  EXPECT_TRUE(change({.entri_receiver = std::optional<EntriReceiverChange>()}).starts_with("entri_receiver.remove: "));
}

TEST(AuditLog, TellsEveryActAndNoSecret) {
  Office office;
  const auto made = must(office.create(named("SaaS")));
  const auto id = made.application.id;
  const auto rotated = must(office.rotate(id, {.overlap = std::chrono::hours(1)}));
  must(office.act<void>([&](store::Tx& tx, const Administration& by) { return remove_application(tx, by, id); }));
  std::vector<std::string> actions;
  for (const auto& entry : office.audit_log()) {
    actions.push_back(entry.action);
    EXPECT_EQ(entry.actor, "test");
    EXPECT_FALSE(entry.detail.contains(made.secret) || entry.detail.contains(rotated.secret));
  }
  EXPECT_EQ(actions, (std::vector<std::string>{"application.delete", "secret.rotate", "application.create"}));
}

}  // namespace
}  // namespace signpost::services
