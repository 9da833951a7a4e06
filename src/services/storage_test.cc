// SPDX-License-Identifier: Apache-2.0
#include "services/storage.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/loops.h"
#include "net/testing/run_task.h"
#include "services/testing/webhook_world.h"
#include "store/applications.h"

namespace signpost::services {
namespace {

class StorageTest : public ::testing::Test {
 protected:
  ~StorageTest() override {
    loops_.stop_and_join();
    world_.database.stop();  // its threads wake the loops
  }
  model::Application application() {
    return {.id = world_.ids.make<ApplicationId>(), .name = "one more", .created_at = world_.clock.now()};
  }
  bool exists(ApplicationId id) {
    return world_.storage
        .read_now<bool>(
            [id](store::Tx& tx) -> Result<bool> { return TRY(store::applications::find(tx, id)).has_value(); })
        .value();
  }
  testing::WebhookWorld world_;
  net::Loops loops_{2};
};

Task<std::pair<std::thread::id, std::thread::id>> threads_around_a_write(Storage& storage) {
  const auto before = std::this_thread::get_id();
  const auto worker = co_await storage.write<std::thread::id>(
      [](store::Tx&) -> Result<std::thread::id> { return std::this_thread::get_id(); });
  EXPECT_TRUE(worker && *worker != before);
  co_return std::pair(before, std::this_thread::get_id());
}

TEST_F(StorageTest, ResumesOnTheLoopOfTheCaller) {
  loops_.start();
  const auto [before, after] = net::testing::wait_for_task(loops_.at(1), threads_around_a_write(world_.storage));
  EXPECT_EQ(before, after);
}

TEST_F(StorageTest, UndoesAWorkThatEndsWithAnError) {
  const auto wanted = application();
  const auto outcome =
      net::testing::run_task(loops_.at(0), world_.storage.write<int>([&](store::Tx& tx) -> Result<int> {
        TRY_VOID(store::applications::insert(tx, wanted));
        return fail(Kind::kConflict, "changed my mind");
      }));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Kind::kConflict);
  EXPECT_EQ(outcome.error().message, "changed my mind");
  EXPECT_FALSE(exists(wanted.id));
}

TEST_F(StorageTest, HasWrittenWhenTheCallerResumes) {
  const auto wanted = application();
  const auto outcome = net::testing::run_task(
      loops_.at(0), world_.storage.write<void>([&](store::Tx& tx) { return store::applications::insert(tx, wanted); }));
  EXPECT_TRUE(outcome);
  EXPECT_TRUE(exists(wanted.id));
}

TEST_F(StorageTest, TellsThatTheDatabaseCannotWrite) {
  world_.database.refuse(1);
  const auto outcome =
      net::testing::run_task(loops_.at(0), world_.storage.write<int>([](store::Tx&) -> Result<int> { return 1; }));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, Kind::kUnavailable);
}

TEST_F(StorageTest, DoesNotWriteInARead) {
  const auto wanted = application();
  const auto outcome =
      world_.storage.read_now<void>([&](store::Tx& tx) { return store::applications::insert(tx, wanted); });
  EXPECT_FALSE(outcome);
  EXPECT_FALSE(exists(wanted.id));
}

}  // namespace
}  // namespace signpost::services
