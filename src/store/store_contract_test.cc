// SPDX-License-Identifier: Apache-2.0
//
// The known traps between the two databases, and what a work may rely on.
#include "store/testing/store_contract.h"

#include <gmock/gmock.h>

#include <future>
#include <limits>

#include "base/text.h"
#include "store/applications.h"
#include "store/connections.h"
#include "store/directory_revision.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;

class Contract : public StoreContract {};
ON_BOTH_DATABASES(Contract);

TEST_P(Contract, EachTwinSpeaksItsOwnDialect) {
  EXPECT_EQ(must([](Tx& tx) -> Result<Dialect> { return tx.dialect(); }), GetParam());
}

TEST_P(Contract, PostgresReallyCollatesUnlikeBytes) {
  // Else the cases about text order below would prove nothing.
  if (GetParam() == Dialect::kSqlite) return;
  const Rows rows = must([](Tx& tx) { return tx.query("SELECT CASE WHEN 'a' < 'B' THEN 1 ELSE 0 END"); });
  EXPECT_EQ(rows.front().integer(0), 1);
}

TEST_P(Contract, PagesFollowIdsWhateverTheNamesCollateLike) {
  must([](Tx& tx) -> Result<void> {
    for (const auto& [number, name] : {std::pair(1, "b"), {2, "A"}, {3, "_c"}, {4, "Ä"}, {5, "a"}}) {
      auto sample = application(number);
      sample.name = name;
      TRY_VOID(applications::insert(tx, sample));
    }
    return {};
  });
  std::vector<std::int64_t> seen;
  PageRequest<ApplicationId> page{.after = std::nullopt, .limit = 2};
  for (bool has_more = true; has_more;) {
    const auto found = must([&](Tx& tx) { return applications::list_across_applications(tx, page); });
    for (const auto& item : found.items) seen.push_back(item.id.value());
    has_more = found.has_more;
    page.after = found.items.back().id;
  }
  EXPECT_THAT(seen, ElementsAre(5, 4, 3, 2, 1));
}

TEST_P(Contract, TextsAreEqualOnlyByteForByte) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    auto plain = connection(1, ApplicationId(1), "acme");
    plain.job_id = "Straße";
    auto other = connection(2, ApplicationId(1), "ACME");
    other.job_id = "straße";
    TRY_VOID(connections::insert(tx, plain));
    return connections::insert(tx, other);
  });
  const auto found = must([](Tx& tx) { return connections::list_live_of_organization(tx, ApplicationId(1), "acme"); });
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.front().id, ConnectionId(1));
  EXPECT_EQ(must([](Tx& tx) { return connections::find_by_job(tx, ApplicationId(1), "straße"); })->id, ConnectionId(2));
  EXPECT_FALSE(must([](Tx& tx) { return connections::find_by_job(tx, ApplicationId(1), "STRASSE"); }));
}

TEST_P(Contract, PercentAndUnderscoreInATextAreOrdinaryCharacters) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    return connections::insert(tx, connection(1, ApplicationId(1), "acme"));
  });
  for (const char* pattern : {"%", "acm_", "a%"}) {
    const auto found = must([&](Tx& tx) {
      return connections::list(tx, ApplicationId(1),
                               {.organization = pattern, .host = {}, .status = {}, .propagation = {}, .claim = {}}, {});
    });
    EXPECT_TRUE(found.items.empty()) << pattern;
  }
}

TEST_P(Contract, RefusesTextWithU0000BeforeTheDatabaseSeesIt) {
  const auto result = write([](Tx& tx) -> Result<void> {
    auto sample = application(1);
    sample.name = std::string("a\0b", 3);
    return applications::insert(tx, sample);
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kInvalid);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("U+0000"));
}

TEST_P(Contract, RefusesTextThatIsNotUtf8) {
  const auto result = write([](Tx& tx) -> Result<void> {
    auto sample = application(1);
    sample.name = "\xC3(";
    return applications::insert(tx, sample);
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kInvalid);
}

TEST_P(Contract, AnEmptyTextIsNotNull) {
  const Rows rows = must([](Tx& tx) {
    return tx.query("SELECT CASE WHEN CAST($1 AS TEXT) IS NULL THEN 1 ELSE 0 END, CAST($2 AS TEXT), CAST($3 AS TEXT)",
                    std::string_view(), std::string_view(), nullptr);
  });
  EXPECT_EQ(rows.front().integer(0), 0);
  EXPECT_EQ(rows.front().text(1), "");
  EXPECT_TRUE(rows.front().is_null(2));
}

TEST_P(Contract, KeepsIntegersAtBothEnds) {
  const auto kLeast = std::numeric_limits<std::int64_t>::min();
  const auto kMost = std::numeric_limits<std::int64_t>::max();
  const Rows rows =
      must([=](Tx& tx) { return tx.query("SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT)", kLeast, kMost); });
  EXPECT_EQ(rows.front().integer(0), kLeast);
  EXPECT_EQ(rows.front().integer(1), kMost);
}

TEST_P(Contract, ASumIsAnIntegerOnlyWhenItIsCast) {
  const Rows rows = must([](Tx& tx) -> Result<Rows> {
    TRY_VOID(insert_tenant(tx, 1));
    return tx.query("SELECT CAST(SUM(id) AS BIGINT), SUM(id) FROM application");
  });
  EXPECT_EQ(rows.front().integer(0), 1);
  // PostgreSQL sums BIGINT to NUMERIC: read as an integer it is noticed, not silently wrong.
  if (GetParam() == Dialect::kPostgres) EXPECT_THROW(rows.front().integer(1), std::logic_error);
}

TEST_P(Contract, ASumOfNothingIsNull) {
  const Rows rows =
      must([](Tx& tx) { return tx.query("SELECT CAST(SUM(id) AS BIGINT), MIN(id), COUNT(*) FROM application"); });
  EXPECT_FALSE(rows.front().optional_integer(0));
  EXPECT_FALSE(rows.front().optional_integer(1));
  EXPECT_EQ(rows.front().integer(2), 0);
}

TEST_P(Contract, NullsNeverDecideWhatAListShows) {
  // PostgreSQL sorts nulls last, SQLite first: lists order by ids alone, so a connection without attention keeps its
  // place.
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    for (int number = 1; number <= 4; ++number) {
      auto sample = connection(number, ApplicationId(1), format("org-{}", number));
      if (number % 2 == 0) sample.attention = model::Attention{"other_value", "Change the value.", kNow};
      TRY_VOID(connections::insert(tx, sample));
    }
    return {};
  });
  const auto found =
      must([](Tx& tx) { return connections::list(tx, ApplicationId(1), {}, {.after = std::nullopt, .limit = 3}); });
  EXPECT_THAT(found.items, ElementsAre(::testing::Field(&model::Connection::id, ConnectionId(4)),
                                       ::testing::Field(&model::Connection::id, ConnectionId(3)),
                                       ::testing::Field(&model::Connection::id, ConnectionId(2))));
}

TEST_P(Contract, TheSameKeyTwiceIsAConflict) {
  const auto result = write([](Tx& tx) -> Result<void> {
    TRY_VOID(applications::insert(tx, application(1)));
    return applications::insert(tx, application(1));
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kConflict);
}

TEST_P(Contract, ARowWithoutItsParentIsNotFound) {
  const auto result = write([](Tx& tx) { return connections::insert(tx, connection(1, ApplicationId(99))); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kNotFound);
}

TEST_P(Contract, AStatementThatFailedEndsTheTransactionEvenIfTheWorkGoesOn) {
  bool could_go_on = true;
  const auto result = write([&](Tx& tx) -> Result<void> {
    TRY_VOID(applications::insert(tx, application(1)));
    const auto ignored = applications::insert(tx, application(1));
    could_go_on = tx.query("SELECT 1").has_value();
    return {};
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kConflict);
  EXPECT_FALSE(could_go_on);
  EXPECT_FALSE(must([](Tx& tx) { return applications::find(tx, ApplicationId(1)); }));
}

TEST_P(Contract, AnErrorOfTheWorkUndoesAllItWrote) {
  const auto result = write([](Tx& tx) -> Result<void> {
    TRY_VOID(applications::insert(tx, application(1)));
    return fail(Kind::kForbidden, "no");
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kForbidden);
  EXPECT_FALSE(must([](Tx& tx) { return applications::find(tx, ApplicationId(1)); }));
}

TEST_P(Contract, AnExceptionInAWorkIsABugThatUndoesItAndNothingElse) {
  const auto result = write([](Tx& tx) -> Result<void> {
    TRY_VOID(applications::insert(tx, application(1)));
    throw std::logic_error("oops");
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kInternal);
  EXPECT_FALSE(must([](Tx& tx) { return applications::find(tx, ApplicationId(1)); }));
}

TEST_P(Contract, AWrongNumberOfParametersIsABug) {
  const auto result = write([](Tx& tx) { return tx.query("SELECT CAST($1 AS BIGINT)"); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kInternal);
}

TEST_P(Contract, AReadSeesWhatWasWrittenBefore) {
  must([](Tx& tx) { return applications::insert(tx, application(1)); });
  bool is_seen = false;
  const auto read = database().read_now([&](Tx& tx) -> Result<void> {
    is_seen = TRY(applications::find(tx, ApplicationId(1))).has_value();
    return {};
  });
  EXPECT_TRUE(read);
  EXPECT_TRUE(is_seen);
}

TEST_P(Contract, AReadCannotWrite) {
  const auto read = database().read_now([](Tx& tx) { return directory_revision::bump(tx); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, Kind::kInternal);
  EXPECT_EQ(must([](Tx& tx) { return directory_revision::current(tx); }), 1);
}

TEST_P(Contract, TheRevisionGrowsWithEveryBump) {
  const auto before = must([](Tx& tx) { return directory_revision::current(tx); });
  must([](Tx& tx) { return directory_revision::bump(tx); });
  EXPECT_EQ(must([](Tx& tx) { return directory_revision::current(tx); }), before + 1);
}

}  // namespace
}  // namespace signpost::store
