// SPDX-License-Identifier: Apache-2.0
#include "services/record_set.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace signpost::services {
namespace {

using model::RecordRequest;

class RecordSet : public ::testing::Test {
 protected:
  Result<std::vector<model::Record>> expand(const std::vector<RecordRequest>& requests,
                                            const std::vector<model::Record>& known = {}) {
    return expand_all(requests, context_, known, ids_);
  }
  Error error_of(const std::vector<RecordRequest>& requests) {
    auto expanded = expand(requests);
    return expanded ? Error{.kind = Kind::kInternal, .message = "no error", .member = {}, .retry_after = {}}
                    : expanded.error();
  }
  signpost::testing::FakeClock clock_;
  IdMaker ids_{clock_};
  model::RecordContext context_{
      .host = *HostName::parse("www.shop.example"), .cname_target = {}, .claim_token = "token"};
};

const RecordRequest kWww{.type = RecordType::kCname, .host = "www", .value = "app.saas.example"};
const RecordRequest kApex{.type = RecordType::kA, .host = "@", .value = "203.0.113.7"};

TEST_F(RecordSet, GivesEveryRecordItsNameAndAnId) {
  const auto records = expand({kWww, kApex});
  ASSERT_TRUE(records);
  EXPECT_EQ(records->at(0).name.text(), "www.shop.example");
  EXPECT_EQ(records->at(1).name.text(), "shop.example");
  EXPECT_TRUE(records->at(0).id.is_set());
  EXPECT_NE(records->at(0).id, records->at(1).id);
}

TEST_F(RecordSet, NamesTheMemberOfTheRecordAtFault) {
  const auto error = error_of({kWww, {.type = RecordType::kA, .host = "@", .value = "not an address"}});
  EXPECT_EQ(error.kind, Kind::kUnprocessable);
  EXPECT_EQ(error.member, "records[1].value");
}

TEST_F(RecordSet, RefusesTheSameRecordTwice) { EXPECT_EQ(error_of({kApex, kApex}).member, "records[1]"); }

TEST_F(RecordSet, RefusesACnameBesideAnotherRecordOfItsName) {
  const RecordRequest text{.type = RecordType::kTxt, .host = "www", .value = "hello"};
  EXPECT_EQ(error_of({text, kWww}).member, "records[1]");
  EXPECT_EQ(error_of({kWww, text}).member, "records[1]");
  EXPECT_TRUE(expand({kApex, {.type = RecordType::kTxt, .host = "@", .value = "hello"}}));
}

TEST_F(RecordSet, RefusesATextThatDoesNotSayWhatItsPurposeNeeds) {
  const auto error = error_of({kWww, {.type = RecordType::kTxt, .host = "@", .value = "v=spf1 include:saas ~all"}});
  EXPECT_EQ(error.kind, Kind::kUnprocessable);
  EXPECT_EQ(error.member, "records[1].value");
  EXPECT_NE(error.message.find("include:saas"), std::string::npos);
}

TEST_F(RecordSet, RefusesTwoSpfRecordsOfOneName) {
  const RecordRequest one{.type = RecordType::kTxt, .host = "@", .value = "v=spf1 include:a.saas.example ~all"};
  const RecordRequest two{.type = RecordType::kTxt, .host = "@", .value = "v=spf1 include:b.saas.example ~all"};
  const RecordRequest elsewhere{.type = RecordType::kTxt, .host = "mail", .value = two.value};
  EXPECT_EQ(error_of({one, two}).member, "records[1]");
  EXPECT_TRUE(expand({one, elsewhere, {.type = RecordType::kTxt, .host = "@", .value = "hello"}}));
}

TEST_F(RecordSet, RefusesNoneAndTooMany) {
  EXPECT_EQ(error_of({}).member, "records");
  std::vector<RecordRequest> many;
  for (std::size_t i = 0; i < model::kRecordsMax; ++i) {
    many.push_back({.type = RecordType::kTxt, .host = "@", .value = "text " + std::to_string(i)});
  }
  EXPECT_TRUE(expand(many));
  many.push_back(kApex);
  EXPECT_EQ(error_of(many).member, "records");
}

TEST_F(RecordSet, KeepsWhatIsKnownAboutARecordThatStays) {
  auto known = *expand({kWww});
  known[0].is_propagated = true;
  const auto records = expand({kApex, kWww}, known);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->at(1).id, known[0].id);
  EXPECT_TRUE(records->at(1).is_propagated);
  EXPECT_NE(records->at(0).id, known[0].id);
  EXPECT_FALSE(records->at(0).is_propagated);
}

}  // namespace
}  // namespace signpost::services
