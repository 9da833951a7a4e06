// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_database.h"

#include <gmock/gmock.h>

#include <latch>
#include <thread>

#include "store/applications.h"
#include "store/directory_revision.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

class PostgresDatabase : public ::testing::Test {
 protected:
  void SetUp() override { settings_.url = PostgresServer::shared().fresh_database(); }
  std::unique_ptr<Database> open() {
    auto opened = Database::open(settings_);
    if (!opened) throw std::runtime_error(opened.error().message);
    return *std::move(opened);
  }
  Settings settings_;
};

TEST_F(PostgresDatabase, SaysThatItCannotBeReached) {
  settings_.url = "postgresql:///x?host=/nonexistent";
  const auto opened = Database::open(settings_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Kind::kUnavailable);
}

TEST_F(PostgresDatabase, RepeatsAWorkThatMetAnother) {
  const auto database = open();
  std::latch have_both_read(2);
  std::atomic<int> runs = 0;
  // Both read the same revision before either writes: one of them must be run again.
  const auto work = [&](Tx& tx, bool& is_first) -> Result<void> {
    ++runs;
    const std::int64_t seen = TRY(directory_revision::current(tx));
    if (std::exchange(is_first, false)) have_both_read.arrive_and_wait();
    TRY(tx.execute("UPDATE directory_revision SET revision = $1 WHERE id = 1", seen + 1));
    return {};
  };
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      bool is_first = true;
      if (database->write_now([&](Tx& tx) { return work(tx, is_first); })) ++succeeded;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 2);
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(write_in(*database, [](Tx& tx) { return directory_revision::current(tx); }), 3);
}

TEST_F(PostgresDatabase, ConnectsAgainAfterItsConnectionsWereCut) {
  settings_.writers = 2;
  const auto database = open();
  const auto cut = database->write_now([](Tx& tx) -> Result<void> {
    TRY(
        tx.query("SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) FROM pg_stat_activity "
                 "WHERE datname = current_database() AND pid <> pg_backend_pid()"));
    return {};
  });
  EXPECT_TRUE(cut);
  // Each cut connection fails at most one work, as Unavailable, and is made anew for the next.
  int failed = 0;
  for (int i = 0; i < 20; ++i) {
    for (auto outcome : {database->write_now(&directory_revision::bump), database->read_now([](Tx& tx) -> Result<void> {
                           TRY(directory_revision::current(tx));
                           return {};
                         })}) {
      if (outcome) continue;
      EXPECT_EQ(outcome.error().kind, Kind::kUnavailable);
      EXPECT_TRUE(outcome.error().retry_after);
      ++failed;
    }
  }
  EXPECT_LE(failed, 4);
  EXPECT_TRUE(database->check());
}

}  // namespace
}  // namespace signpost::store
