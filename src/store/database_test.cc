// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <future>
#include <latch>
#include <thread>

#include "store/applications.h"
#include "store/directory_revision.h"
#include "store/migrations.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

class Databases : public StoreContract {
 protected:
  /// Holds all writing threads inside a work until the returned latch is counted down.
  std::shared_ptr<std::latch> hold_writers() {
    auto gate = std::make_shared<std::latch>(1);
    const std::size_t writers = GetParam() == Dialect::kSqlite ? 1 : settings().writers;
    auto are_inside = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(writers));
    for (std::size_t i = 0; i < writers; ++i) {
      database().write(
          [gate, are_inside, is_counted = false](Tx&) mutable -> Result<void> {
            if (!std::exchange(is_counted, true)) are_inside->count_down();
            gate->wait();
            return {};
          },
          [](Result<void>) {});
    }
    are_inside->wait();
    return gate;
  }
};
ON_BOTH_DATABASES(Databases);

/// Reads, thinks, writes: loses counts unless works are alone.
Result<void> count_one(Tx& tx) {
  const std::int64_t seen = TRY(directory_revision::current(tx));
  TRY(tx.execute("UPDATE directory_revision SET revision = $1 WHERE id = 1", seen + 1));
  return {};
}

TEST_P(Databases, WorksOfManyThreadsAreEachAlone) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) {
        while (!database().write_now(&count_one)) std::this_thread::yield();
        ++succeeded;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(succeeded, kThreads * kEach);
  EXPECT_EQ(must([](Tx& tx) { return directory_revision::current(tx); }), 1 + kThreads * kEach);
}

TEST_P(Databases, OneFailingWorkOfABatchLeavesTheOthers) {
  const auto gate = hold_writers();
  std::vector<std::future<Result<void>>> outcomes;
  for (std::int64_t number = 1; number <= 9; ++number) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    outcomes.push_back(promise->get_future());
    database().write(
        [number](Tx& tx) -> Result<void> {
          TRY_VOID(applications::insert(tx, application(number)));
          if (number % 3 == 0) return fail(Kind::kForbidden, "after writing");
          return {};
        },
        [promise](Result<void> result) { promise->set_value(std::move(result)); });
  }
  gate->count_down();
  for (std::int64_t number = 1; number <= 9; ++number) {
    EXPECT_EQ(outcomes[static_cast<std::size_t>(number - 1)].get().has_value(), number % 3 != 0) << number;
    const bool is_there = must([&](Tx& tx) { return applications::find(tx, ApplicationId(number)); }).has_value();
    EXPECT_EQ(is_there, number % 3 != 0) << number;
  }
}

TEST_P(Databases, AFullQueueRefusesAtOnceAndSaysWhenToRetry) {
  Settings small = fresh_settings();
  small.writes_waiting_max = 2;
  small.writers = 1;
  open(small);
  const auto gate = hold_writers();
  std::atomic<int> done = 0;
  for (int i = 0; i < 2; ++i) {
    database().write([](Tx&) -> Result<void> { return {}; }, [&](Result<void> result) { done += result ? 1 : 0; });
  }
  std::optional<Error> refusal;
  database().write([](Tx&) -> Result<void> { return {}; }, [&](Result<void> result) { refusal = result.error(); });
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->kind, Kind::kUnavailable);
  EXPECT_EQ(refusal->retry_after, std::chrono::seconds(1));
  EXPECT_EQ(database().load().writes_waiting, 2u);
  gate->count_down();
  database().stop();
  EXPECT_EQ(done, 2);
}

TEST_P(Databases, StopFinishesWhatWaitsAndRefusesWhatComes) {
  const auto gate = hold_writers();
  std::atomic<int> done = 0;
  for (std::int64_t number = 1; number <= 20; ++number) {
    database().write([number](Tx& tx) { return applications::insert(tx, application(number)); },
                     [&](Result<void> result) { done += result ? 1 : 0; });
  }
  gate->count_down();
  database().stop();
  EXPECT_EQ(done, 20);
  const auto late = database().write_now([](Tx&) -> Result<void> { return {}; });
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::kUnavailable);
}

TEST_P(Databases, AStatementThatTakesTooLongIsStopped) {
  Settings impatient = fresh_settings();
  impatient.work_time_max = Milliseconds(100);
  open(impatient);
  const auto slow = write([](Tx& tx) {
    return tx.query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT COUNT(*) FROM n");
  });
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().kind, Kind::kTimeout);
  EXPECT_TRUE(write([](Tx& tx) { return applications::insert(tx, application(1)); }));
}

TEST_P(Databases, WhatWasWrittenIsThereAfterOpeningAgain) {
  must([](Tx& tx) { return applications::insert(tx, application(1)); });
  open(settings());
  EXPECT_EQ(must([](Tx& tx) { return applications::find(tx, ApplicationId(1)); })->name, "Application 1");
}

TEST_P(Databases, IsReadyWhenItAnswers) { EXPECT_TRUE(database().check()); }

TEST_P(Databases, IsNotReadyAfterStop) {
  database().stop();
  EXPECT_EQ(database().check().error().kind, Kind::kUnavailable);
}

TEST(Database, RefusesAnUnknownKindOfUrl) {
  Settings settings;
  settings.url = "mysql://localhost/x";
  const auto opened = Database::open(settings);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Kind::kInvalid);
}

}  // namespace
}  // namespace signpost::store
