// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_database.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <latch>

#include "store/applications.h"
#include "store/directory_revision.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class SqliteDatabase : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.url = "sqlite:" + path();
    settings_.busy_timeout = Milliseconds(50);
  }
  std::string path() const { return (directory_.path() / "store.db").string(); }
  std::unique_ptr<Database> open() {
    auto opened = Database::open(settings_);
    if (!opened) throw std::runtime_error(opened.error().message);
    return *std::move(opened);
  }
  Settings settings_;

 private:
  TemporaryDirectory directory_;
};

/// A row of some 64 KiB.
Result<void> insert_large(Tx& tx, std::int64_t number) {
  auto large = application(number);
  large.name = std::string(64 * 1024, 'x');
  return applications::insert(tx, large);
}

Result<bool> is_there(Database& database, std::int64_t number) {
  return write_in(database, [number](Tx& tx) -> Result<bool> {
    return TRY(applications::find(tx, ApplicationId(number))).has_value();
  });
}

TEST_F(SqliteDatabase, IsReadableByItsOwnerAlone) {
  const auto database = open();
  for (const char* suffix : {"", "-wal"}) {
    struct stat status{};
    ASSERT_EQ(::stat((path() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
  }
}

/// What another program asks before it takes itself for the last one and deletes the log (SQLite, os_unix.c: the bytes
/// of SHARED_FIRST).
TEST_F(SqliteDatabase, IsLockedForOtherProgramsWhileItIsOpen) {
  auto database = open();
  // Closed last: that would drop the locks of this process.
  const int file = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
  struct flock wish{};
  wish.l_type = F_WRLCK;
  wish.l_whence = SEEK_SET;
  wish.l_start = 0x40000000 + 2;
  wish.l_len = 510;
  ASSERT_EQ(::fcntl(file, F_OFD_GETLK, &wish), 0);
  EXPECT_EQ(wish.l_type, F_RDLCK);
  database.reset();
  ::close(file);
}

TEST_F(SqliteDatabase, SaysWhichFileCannotBeOpened) {
  settings_.url = "sqlite:/nonexistent/store.db";
  const auto opened = Database::open(settings_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Kind::kUnavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("/nonexistent/store.db"));
}

TEST_F(SqliteDatabase, NeedsAFile) {
  settings_.url = "sqlite::memory:";
  EXPECT_EQ(Database::open(settings_).error().kind, Kind::kInvalid);
}

/// The outcomes of works that the writer takes in one batch.
std::vector<Result<void>> run_in_one_batch(Database& database, std::vector<Work> works) {
  std::latch gate(1);
  std::latch is_inside(1);
  database.write(
      [&, is_counted = false](Tx&) mutable -> Result<void> {
        if (!std::exchange(is_counted, true)) is_inside.count_down();
        gate.wait();
        return {};
      },
      [](Result<void>) {});
  is_inside.wait();
  std::vector<std::future<Result<void>>> futures;
  for (auto& work : works) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    futures.push_back(promise->get_future());
    database.write(std::move(work), [promise](Result<void> result) { promise->set_value(std::move(result)); });
  }
  gate.count_down();
  std::vector<Result<void>> outcomes;
  for (auto& future : futures) outcomes.push_back(future.get());
  return outcomes;
}

TEST_F(SqliteDatabase, AFullDiskFailsTheWholeBatchAndRecoversByItself) {
  settings_.sqlite_pages_max = 300;  // 1.2 MiB
  const auto database = open();
  ASSERT_TRUE(database->write_now([](Tx& tx) { return insert_large(tx, 1); }));

  std::vector<Work> works;
  works.emplace_back([](Tx& tx) { return applications::insert(tx, application(2)); });
  works.emplace_back([](Tx& tx) -> Result<void> {
    for (int number = 100; number < 130; ++number) TRY_VOID(insert_large(tx, number));
    return {};
  });
  works.emplace_back([](Tx& tx) { return applications::insert(tx, application(3)); });
  for (const auto& outcome : run_in_one_batch(*database, std::move(works))) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Kind::kUnavailable);
    EXPECT_TRUE(outcome.error().retry_after);
    EXPECT_THAT(outcome.error().message, HasSubstr("full"));
  }
  for (const std::int64_t number : {2, 3, 100}) EXPECT_EQ(is_there(*database, number), false) << number;
  EXPECT_EQ(is_there(*database, 1), true);
  EXPECT_TRUE(database->write_now([](Tx& tx) { return applications::insert(tx, application(2)); }));
  EXPECT_TRUE(database->check());
}

TEST_F(SqliteDatabase, AFileThatCannotGrowFailsTheBatchAndRecoversByItself) {
  const auto database = open();
  ASSERT_TRUE(database->write_now([](Tx& tx) { return insert_large(tx, 1); }));
  // The kernel refuses to write beyond 1 MiB, as a full disk would.
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit tight{1024 * 1024, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto refused = database->write_now([](Tx& tx) -> Result<void> {
    for (int number = 100; number < 140; ++number) TRY_VOID(insert_large(tx, number));
    return {};
  });
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
  EXPECT_TRUE(database->write_now([](Tx& tx) { return insert_large(tx, 2); }));
  EXPECT_EQ(is_there(*database, 2), true);
  EXPECT_EQ(is_there(*database, 100), false);
}

TEST_F(SqliteDatabase, ItsLogIsCopiedBesideTheWorksAndBeginsAnew) {
  const auto database = open();
  const std::string name(3'000, 'x');  // a page each
  std::int64_t number = 0;
  std::uintmax_t largest = 0;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(database->write_now([&](Tx& tx) -> Result<void> {
      for (int one = 0; one < 250; ++one) {
        auto made = application(++number);
        made.name = name;
        TRY_VOID(applications::insert(tx, made));
      }
      return {};
    }));
    largest = std::max(largest, std::filesystem::file_size(path() + "-wal"));
  }
  EXPECT_GT(std::filesystem::file_size(path()), largest / 2) << "most of it is in the file";
  EXPECT_LT(largest, 40u << 20) << "of 60 MiB and more that were written";
}

TEST_F(SqliteDatabase, AnotherProcessThatHoldsTheLockMakesItUnavailableUntilItLetsGo) {
  const auto database = open();
  const auto other = open();
  std::latch gate(1);
  std::latch is_inside(1);
  std::promise<Result<void>> held;
  other->write(
      [&](Tx& tx) -> Result<void> {
        TRY_VOID(directory_revision::bump(tx));
        is_inside.count_down();
        gate.wait();
        return {};
      },
      [&](Result<void> result) { held.set_value(std::move(result)); });
  is_inside.wait();
  const auto refused = database->write_now([](Tx& tx) { return directory_revision::bump(tx); });
  const auto unready = database->check();
  std::int64_t seen = 0;
  const auto read = database->read_now([&](Tx& tx) -> Result<void> {
    seen = TRY(directory_revision::current(tx));
    return {};
  });
  gate.count_down();
  EXPECT_TRUE(held.get_future().get());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("locked by another process"));
  EXPECT_FALSE(unready);
  EXPECT_TRUE(read) << "readers go on";
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(database->check()) << "the probe writes again";
  EXPECT_TRUE(database->write_now([](Tx& tx) { return directory_revision::bump(tx); }));
}

TEST_F(SqliteDatabase, AWorkThatFailsAfterWritingMakesTheOthersRunAgainAndNotBeLost) {
  const auto database = open();
  std::atomic<int> runs = 0;
  std::vector<Work> works;
  works.emplace_back([&](Tx& tx) {
    ++runs;
    return applications::insert(tx, application(1));
  });
  works.emplace_back([](Tx& tx) -> Result<void> {
    TRY_VOID(applications::insert(tx, application(2)));
    return fail(Kind::kConflict, "after writing");
  });
  works.emplace_back([](Tx&) -> Result<void> { return fail(Kind::kNotFound, "before writing"); });
  const auto outcomes = run_in_one_batch(*database, std::move(works));
  EXPECT_TRUE(outcomes[0]);
  EXPECT_EQ(outcomes[1].error().kind, Kind::kConflict);
  EXPECT_EQ(outcomes[2].error().kind, Kind::kNotFound);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(is_there(*database, 1), true);
  EXPECT_EQ(is_there(*database, 2), false);
}

TEST_F(SqliteDatabase, AWorkThatFailsBeforeWritingCostsTheOthersNothing) {
  const auto database = open();
  std::atomic<int> runs = 0;
  std::vector<Work> works;
  works.emplace_back([&](Tx& tx) {
    ++runs;
    return applications::insert(tx, application(1));
  });
  works.emplace_back([](Tx& tx) -> Result<void> {
    TRY(applications::find(tx, ApplicationId(1)));
    return fail(Kind::kConflict, "before writing");
  });
  const auto outcomes = run_in_one_batch(*database, std::move(works));
  EXPECT_TRUE(outcomes[0]);
  EXPECT_FALSE(outcomes[1]);
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace signpost::store
