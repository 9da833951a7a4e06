// SPDX-License-Identifier: Apache-2.0
#include "services/warning_mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "net/loops.h"
#include "net/testing/run_task.h"
#include "services/testing/fake_mailer.h"
#include "services/testing/webhook_world.h"
#include "store/applications.h"
#include "store/endpoints.h"
#include "store/members.h"

namespace signpost::services {
namespace {

using namespace std::chrono_literals;
using model::NoticeKind;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;

class WarningMailTest : public ::testing::Test {
 protected:
  WarningMailTest() {
    endpoint_ = world_.add_endpoint("https://hooks.saas.example/in?token=hush", model::Role::kViewer);
    add_member("ops@saas.example", model::Role::kAdmin);
  }
  ~WarningMailTest() override { world_.database.stop(); }  // its threads wake the loop

  void add_member(std::optional<std::string> email, model::Role role) {
    model::Member member{world_.ids.make<MemberId>(), world_.application.id, "M", role, world_.clock.now()};
    if (email) member.email = must(MailAddress::parse(*email));
    must(world_.storage.write_now<void>([&](store::Tx& tx) { return store::members::insert(tx, member); }));
  }
  /// Long enough ago to be told at once.
  void fail_one(std::string detail = "answered 500 Internal Server Error", Milliseconds ago = 10s) {
    must(world_.storage.write_now<void>([&](store::Tx& tx) {
      return store::notices::insert(
          tx, {world_.ids.make<model::NoticeId>(), NoticeKind::kDeliveryFailed, world_.application.id, endpoint_.id,
               std::nullopt, detail, world_.clock.now() - ago});
    }));
  }
  void disable(std::string detail = "it answered 410 Gone") {
    must(world_.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
      TRY(store::endpoints::disable(tx, world_.application.id, endpoint_.id, model::DisabledReason::kGone,
                                    world_.clock.now()));
      return store::notices::insert(
          tx, {world_.ids.make<model::NoticeId>(), NoticeKind::kEndpointDisabled, world_.application.id, endpoint_.id,
               std::nullopt, detail, world_.clock.now()});
    }));
  }
  /// A process that begins anew knows only what the database holds.
  Result<std::size_t> round() {
    WarningMail mail(world_.storage, world_.clock, mailer_, loops_.at(0).get_executor(), {});
    return net::testing::run_task(loops_.at(0), boxed(mail.round_once())).value();
  }
  static Task<std::optional<Result<std::size_t>>> boxed(Task<Result<std::size_t>> task) {
    co_return std::optional(co_await std::move(task));
  }

  testing::WebhookWorld world_;
  net::Loops loops_{1};
  testing::FakeMailer mailer_;
  model::Endpoint endpoint_;
};

TEST_F(WarningMailTest, SendsNothingWhileNothingHasFailed) {
  EXPECT_EQ(must(round()), 0U);
  EXPECT_TRUE(mailer_.taken.empty());
}

TEST_F(WarningMailTest, SaysWhatFailedInOneMailToAdminsAndDevelopers) {
  add_member("dev@saas.example", model::Role::kDeveloper);
  add_member("OPS@saas.example", model::Role::kSupport);
  add_member("viewer@saas.example", model::Role::kViewer);
  add_member(std::nullopt, model::Role::kAdmin);
  fail_one("answered 503 Service Unavailable");
  world_.clock.advance(1h);
  fail_one("the receiver did not answer in time");
  EXPECT_EQ(must(round()), 1U);
  ASSERT_EQ(mailer_.taken.size(), 1U);
  const auto& mail = mailer_.taken[0];
  ASSERT_EQ(mail.to.size(), 2U);
  EXPECT_EQ(mail.to[0].text(), "ops@saas.example");
  EXPECT_EQ(mail.to[1].text(), "dev@saas.example");
  EXPECT_EQ(mail.subject, "[Signpost] 2 webhooks of SaaS could not be delivered");
  EXPECT_THAT(mail.body, HasSubstr("https://hooks.saas.example/in\n"));
  EXPECT_THAT(mail.body, Not(HasSubstr("hush")));
  EXPECT_THAT(mail.body, HasSubstr(endpoint_.id.text()));
  EXPECT_THAT(mail.body, HasSubstr("did not answer in time"));
  EXPECT_TRUE(world_.notices().empty());
}

TEST_F(WarningMailTest, LeavesAtMostOnceADayAlsoAcrossRestarts) {
  fail_one();
  EXPECT_EQ(must(round()), 1U);
  world_.clock.advance(24h - 1ms);
  fail_one();
  EXPECT_EQ(must(round()), 0U);
  world_.clock.advance(1ms);
  fail_one();
  EXPECT_EQ(must(round()), 1U);
  EXPECT_EQ(mailer_.taken[1].subject, "[Signpost] 2 webhooks of SaaS could not be delivered");
  EXPECT_EQ(must(round()), 0U);
}

TEST_F(WarningMailTest, WaitsForTransactionsThatMayBringAnOlderFailure) {
  fail_one("answered 500", 0s);
  EXPECT_EQ(must(round()), 0U);
  world_.clock.advance(10s);
  EXPECT_EQ(must(round()), 1U);
}

TEST_F(WarningMailTest, IsNotLostWhileTheServerIsDown) {
  mailer_.go_down();
  fail_one();
  EXPECT_EQ(round().error().kind, Kind::kNetwork);
  world_.clock.advance(1h);
  fail_one();
  EXPECT_FALSE(round());
  mailer_.recover();
  EXPECT_EQ(must(round()), 1U) << "the day was not taken by a mail that did not leave";
  EXPECT_THAT(mailer_.taken.at(0).subject, HasSubstr("2 webhooks"));
}

TEST_F(WarningMailTest, KeepsTheDayOfAMailThatTheServerMayHaveTaken) {
  fail_one();
  mailer_.answer_nothing_next();
  must(round());
  EXPECT_EQ(must(round()), 0U);
  EXPECT_EQ(mailer_.taken.size(), 1U);
  EXPECT_EQ(world_.notices().size(), 1U) << "and it is told again when the day is over";
  world_.clock.advance(24h);
  EXPECT_EQ(must(round()), 1U);
  EXPECT_TRUE(world_.notices().empty());
}

TEST_F(WarningMailTest, TellsOnceOfADisabledEndpointIfTheServerMayHaveTakenIt) {
  disable();
  mailer_.answer_nothing_next();
  must(round());
  EXPECT_EQ(must(round()), 0U);
  EXPECT_EQ(mailer_.taken.size(), 1U);
}

TEST_F(WarningMailTest, TellsThatAnEndpointWasDisabledAtOnceWhateverWasSentBefore) {
  fail_one();
  EXPECT_EQ(must(round()), 1U);
  disable();
  EXPECT_EQ(must(round()), 1U);
  const auto& mail = mailer_.taken.at(1);
  EXPECT_EQ(mail.subject, "[Signpost] A webhook endpoint of SaaS was disabled");
  EXPECT_THAT(mail.body, HasSubstr("410 Gone"));
  EXPECT_THAT(mail.body, HasSubstr(endpoint_.id.text()));
  EXPECT_EQ(must(round()), 0U);
}

TEST_F(WarningMailTest, DoesNotTellOfAnEndpointThatIsEnabledAgain) {
  disable();
  must(world_.storage.write_now<bool>([&](store::Tx& tx) { return store::endpoints::update(tx, endpoint_); }));
  EXPECT_EQ(must(round()), 0U);
}

TEST_F(WarningMailTest, WaitsUntilSomebodyHasAnAddress) {
  must(world_.storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
    for (auto member : TRY(store::members::list(tx, world_.application.id))) {
      member.email.reset();
      TRY(store::members::update(tx, member));
    }
    return {};
  }));
  fail_one();
  EXPECT_EQ(must(round()), 0U);
  EXPECT_EQ(world_.notices().size(), 1U);
  add_member("new@saas.example", model::Role::kDeveloper);
  EXPECT_EQ(must(round()), 1U);
}

TEST_F(WarningMailTest, RefusedForOneApplicationDoesNotKeepTheMailsOfOthers) {
  fail_one();
  const auto kept = world_.application;
  world_.application.id = world_.ids.make<ApplicationId>();
  must(world_.storage.write_now<void>(
      [&](store::Tx& tx) { return store::applications::insert(tx, world_.application); }));
  endpoint_ = world_.add_endpoint("https://hooks.other.example/");
  add_member("ops@other.example", model::Role::kAdmin);
  fail_one();
  mailer_.refuse_next({Kind::kRefused, "550 no such user", "", std::nullopt});
  EXPECT_EQ(must(round()), 1U);
  EXPECT_EQ(mailer_.taken.at(0).to.at(0).text(), "ops@other.example");
  world_.application = kept;
  EXPECT_EQ(world_.notices().size(), 1U) << "and it is kept";
}

TEST_F(WarningMailTest, LetsNoTextOfOthersAddAHeader) {
  const std::string hostile = "\r\nBcc: everybody@elsewhere.example";
  world_.application.name = "SaaS" + hostile;
  must(world_.storage.write_now<bool>(
      [&](store::Tx& tx) { return store::applications::update(tx, world_.application); }));
  fail_one("answered" + hostile);
  EXPECT_EQ(must(round()), 1U);
  const auto& mail = mailer_.taken.at(0);
  EXPECT_THAT(mail.subject, HasSubstr("everybody@elsewhere.example")) << "the name reaches the header";
  const auto message = net::compose_mail(mail, must(MailAddress::parse("signpost@saas.example")));
  const auto end = message.find("\r\n\r\n");
  EXPECT_THAT(message.substr(0, end), Not(HasSubstr("\nBcc:")));
  std::string lines = message.substr(end + 4);
  std::erase_if(lines, [](char c) { return c == '\r' || c == '\n'; });
  const auto body = from_base64(lines);
  ASSERT_TRUE(body);
  EXPECT_THAT(*body, HasSubstr("everybody@elsewhere.example"));
  EXPECT_THAT(*body, Not(HasSubstr("\nBcc:")));
}

}  // namespace
}  // namespace signpost::services
