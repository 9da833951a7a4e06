// SPDX-License-Identifier: Apache-2.0
#include "services/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "services/endpoints.h"
#include "services/testing/office.h"

namespace signpost::services {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::named;
using testing::Office;

struct House : Office {
  ApplicationId application = must(create(named("SaaS"))).application.id;

  Result<model::Member> add(MemberWish wish) {
    return act<model::Member>(
        [&](store::Tx& tx, const Administration& by) { return create_member(tx, by, application, wish); });
  }
  Result<model::Member> change(MemberId id, MemberChange change) {
    return act<model::Member>(
        [&](store::Tx& tx, const Administration& by) { return update_member(tx, by, application, id, change); });
  }
  Result<void> remove(MemberId id) {
    return act<void>([&](store::Tx& tx, const Administration& by) { return remove_member(tx, by, application, id); });
  }
  std::vector<model::Member> all() {
    return must(world.storage.read_now<std::vector<model::Member>>(
        [&](store::Tx& tx) { return list_members(tx, application); }));
  }
};

TEST(Members, ComeChangeAndGo) {
  House house;
  const auto made = must(house.add({.name = "Ada", .email = "Ada@SaaS.example", .role = model::Role::kSupport}));
  EXPECT_EQ(made.email->text(), "Ada@saas.example");
  EXPECT_EQ(house.all().size(), 2U) << "beside the owner";
  const auto changed =
      must(house.change(made.id, {.email = std::optional<std::string>(), .role = model::Role::kAdmin}));
  EXPECT_FALSE(changed.email);
  EXPECT_EQ(changed.name, "Ada");
  EXPECT_EQ(changed.role, model::Role::kAdmin);
  must(house.remove(made.id));
  EXPECT_EQ(house.remove(made.id).error().kind, Kind::kNotFound);
}

TEST(Members, HaveAnAddressThatIsOne) {
  House house;
  const auto refused = house.add({.name = "Ada", .email = "Ada <ada@saas.example>"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().member, "email");
  EXPECT_EQ(house.add({.name = ""}).error().member, "name");
}

TEST(Members, NeverLoseTheirLastAdmin) {
  House house;
  const auto admin = house.all().at(0).id;
  for (const auto role : {model::Role::kDeveloper, model::Role::kSupport, model::Role::kViewer}) {
    const auto demoted = house.change(admin, {.role = role});
    ASSERT_FALSE(demoted);
    EXPECT_EQ(demoted.error().kind, Kind::kConflict);
    EXPECT_THAT(demoted.error().message, HasSubstr("give another member the role Admin first"));
  }
  EXPECT_EQ(house.remove(admin).error().kind, Kind::kConflict);
  EXPECT_TRUE(house.change(admin, {.role = model::Role::kAdmin}));
  must(house.add({.name = "Ada", .role = model::Role::kAdmin}));
  EXPECT_TRUE(house.change(admin, {.role = model::Role::kViewer}));
  EXPECT_TRUE(house.remove(admin));
}

TEST(Members, WhoOwnEndpointsAreRemovedOnlyAfterHandingThemOver) {
  House house;
  const auto admin = house.all().at(0).id;
  const auto ada = must(house.add({.name = "Ada", .role = model::Role::kAdmin})).id;
  const auto endpoint = must(house.act<EndpointView>([&](store::Tx& tx, const Administration& by) {
                          return create_endpoint(tx, by, house.application, {.url = "https://hooks.saas.example/"});
                        })).endpoint;
  EXPECT_EQ(endpoint.owner, admin);
  const auto refused = house.remove(admin);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr(endpoint.id.text()));
  must(house.act<EndpointView>([&](store::Tx& tx, const Administration& by) {
    return update_endpoint(tx, by, house.application, endpoint.id, {.owner = ada});
  }));
  EXPECT_TRUE(house.remove(admin));
}

TEST(Members, AreAtMostAHundred) {
  House house;
  for (std::size_t i = 1; i < model::kMembersMax; ++i) must(house.add({.name = format("M{}", i)}));
  EXPECT_EQ(house.add({.name = "one more"}).error().kind, Kind::kConflict);
}

TEST(Members, OfOthersAreNotFound) {
  House house;
  const auto other = must(house.create(named("Other"))).application.id;
  const auto ada = must(house.add({.name = "Ada"})).id;
  const auto removed =
      house.act<void>([&](store::Tx& tx, const Administration& by) { return remove_member(tx, by, other, ada); });
  EXPECT_EQ(removed.error().kind, Kind::kNotFound);
}

TEST(Members, LeaveALineInTheAuditLogForEveryAct) {
  House house;
  const auto ada = must(house.add({.name = "Ada", .email = "ada@saas.example"})).id;
  must(house.change(ada, {.role = model::Role::kViewer}));
  must(house.remove(ada));
  const auto lines = house.audit_log();
  EXPECT_EQ(lines.at(0).action, "member.delete");
  EXPECT_EQ(lines.at(1).detail, "Ada, Viewer, ada@saas.example");
  EXPECT_EQ(lines.at(2).action, "member.create");
  EXPECT_EQ(lines.at(2).subject, ada.text());
}

}  // namespace
}  // namespace signpost::services
