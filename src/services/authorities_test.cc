// SPDX-License-Identifier: Apache-2.0
#include "services/authorities.h"

#include <gmock/gmock.h>

#include "acme/testing/authority.h"
#include "services/testing/life.h"

namespace signpost::services {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Life;
using testing::must;

/// An authority, our database, and as many programs in turn as a test starts.
class AuthoritiesTest : public ::testing::Test {
 protected:
  ~AuthoritiesTest() override { life_.let_database_rest(); }

  Authorities start(std::string contact = {}) {
    AuthoritySettings settings{.name = "first"};
    settings.client.directory_url = peer_.directory_url();
    settings.client.plain_http = acme::PlainHttp::kOnLoopback;
    settings.account.agrees_to_terms = true;
    if (!contact.empty()) settings.account.contacts = {"mailto:" + contact};
    return {{std::move(settings)}, life_.world.storage, master_key_, life_.clock};
  }
  acme::Account account_of(Authorities& program) { return must(life_.run(program.at(0).account())).value(); }
  Result<AuthorityView> change_key(Authorities& program) { return life_.run(program.change_key("first", {})); }
  AuthorityAccount seen(Authorities& program) { return must(life_.run(program.list())).at(0).account.value(); }
  bool is_known(Authorities& program, const acme::Account& account) {
    return life_.run(program.at(0).client().find_account(account.key)).has_value();
  }
  void settle(Authorities& program) {
    life_.run([](Authorities& all) -> Task<bool> {
      co_await all.settle();
      co_return true;
    }(program));
  }
  void let_answer(const acme::testing::Canned& canned, int times = 20) {
    peer_.choose([&](auto& choices) { choices.canned.assign(times, canned); });
  }

  Life life_;
  acme::testing::Authority peer_{life_.clock};
  crypto::MasterKey master_key_ = must(crypto::MasterKey::from_text(std::string(64, 'a')));
};

TEST_F(AuthoritiesTest, GiveTheirAccountAnotherKey) {
  auto program = start();
  const auto before = account_of(program);
  const auto changed = must(change_key(program));
  EXPECT_EQ(changed.account->url, before.url);
  EXPECT_EQ(changed.account->key_changed_at, life_.clock.now());
  EXPECT_FALSE(changed.account->is_key_changing);
  const auto after = account_of(program);
  EXPECT_EQ(after.url, before.url);
  EXPECT_NE(after.key.thumbprint(), before.key.thumbprint());
  EXPECT_FALSE(is_known(program, before));
  EXPECT_TRUE(is_known(program, after));

  auto next = start();
  EXPECT_EQ(account_of(next).key.thumbprint(), after.key.thumbprint()) << "and after a restart, too";
}

TEST_F(AuthoritiesTest, HaveNoKeyToChangeBeforeThereIsAnAccount) {
  auto program = start();
  const auto refused = change_key(program);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("first order"));
  EXPECT_EQ(life_.run(program.change_key("nobody", {})).error().kind, Kind::kNotFound);
  EXPECT_FALSE(must(life_.run(program.list())).at(0).account);
}

TEST_F(AuthoritiesTest, FindOutWhichKeyTheirAccountHasAfterACrashAtAnyPoint) {
  // A program whose database fails at one write of the change is as one that was killed before it.
  for (int passed = 0; passed < 4; ++passed) {
    auto program = start();
    const auto before = account_of(program);
    life_.world.database.refuse(1, Kind::kUnavailable, passed);
    const auto changed = change_key(program);
    life_.world.database.refuse(0);
    EXPECT_EQ(changed.has_value(), passed >= 3) << passed;
    auto next = start();
    const auto after = account_of(next);
    EXPECT_EQ(after.url, before.url);
    EXPECT_TRUE(is_known(next, after)) << passed;
    EXPECT_EQ(after.key.thumbprint() == before.key.thumbprint(), passed == 0) << passed;
    EXPECT_FALSE(seen(next).is_key_changing);
  }
}

TEST_F(AuthoritiesTest, GoOnWithAKeyChangeThatTheAuthorityDidNotAnswer) {
  for (const auto* where : {"newAccount", "keyChange"}) {
    auto program = start();
    const auto before = account_of(program);
    let_answer({where, 503, "", "maintenance", ""});
    const auto failed = change_key(program);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::kUnavailable);
    EXPECT_THAT(failed.error().message, AllOf(HasSubstr("first"), HasSubstr("goes on by itself")));
    EXPECT_TRUE(seen(program).is_key_changing);
    EXPECT_EQ(change_key(program).error().kind, Kind::kConflict);
    peer_.choose([](auto& choices) { choices.canned.clear(); });

    auto next = start();
    settle(next);
    EXPECT_FALSE(seen(next).is_key_changing);
    EXPECT_NE(account_of(next).key.thumbprint(), before.key.thumbprint());
    EXPECT_TRUE(is_known(next, account_of(next)));
  }
}

TEST_F(AuthoritiesTest, KeepTheirKeyWhereTheAuthorityRefusesAnother) {
  auto program = start();
  const auto before = account_of(program);
  let_answer({"keyChange", 400, "malformed", "not today", ""}, 1);
  const auto refused = change_key(program);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("not today"), HasSubstr("stays as it was")));
  EXPECT_FALSE(seen(program).is_key_changing);
  EXPECT_EQ(account_of(program).key.thumbprint(), before.key.thumbprint());
  EXPECT_TRUE(change_key(program));
}

TEST_F(AuthoritiesTest, KeepAnAccountWhoseKeyHasChangedMeanwhile) {
  auto program = start();
  const auto before = account_of(program);
  must(change_key(program));
  must(life_.run(program.at(0).forget_account(before)));
  EXPECT_EQ(account_of(program).url, before.url);
}

TEST_F(AuthoritiesTest, TellAContactThatTheSettingsHaveChanged) {
  auto program = start("ops@saas.example");
  account_of(program);
  EXPECT_EQ(seen(program).contact, "mailto:ops@saas.example");
  settle(program);
  EXPECT_EQ(peer_.count_of("account"), 0) << "it is known already";

  auto next = start("noc@saas.example");
  settle(next);
  EXPECT_EQ(seen(next).contact, "mailto:noc@saas.example");
  EXPECT_THAT(peer_.requests().back().payload, HasSubstr("mailto:noc@saas.example"));
  const auto count = peer_.requests().size();
  settle(next);
  EXPECT_EQ(peer_.requests().size(), count);
  auto none = start();
  settle(none);
  EXPECT_EQ(seen(none).contact, "");
}

TEST_F(AuthoritiesTest, TellAContactThatWasRefusedAtTheNextStart) {
  auto program = start("ops@saas.example");
  account_of(program);
  let_answer({"account", 400, "invalidContact", "nobody reads there", ""}, 1);
  auto refused = start("noc@saas.example");
  settle(refused);
  EXPECT_EQ(seen(refused).contact, "mailto:ops@saas.example");
  auto next = start("noc@saas.example");
  settle(next);
  EXPECT_EQ(seen(next).contact, "mailto:noc@saas.example");
}

}  // namespace
}  // namespace signpost::services
