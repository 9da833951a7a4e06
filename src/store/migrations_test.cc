// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

#include <gmock/gmock.h>

#include <thread>

#include "base/text.h"
#include "store/connections.h"
#include "store/directory_revision.h"
#include "store/events.h"
#include "store/jobs.h"
#include "store/testing/store_contract.h"

namespace signpost::store {
namespace {

using namespace testing;

class Migrations : public StoreContract {};
ON_BOTH_DATABASES(Migrations);

TEST_P(Migrations, AreNumberedWithoutGapsAndNoted) {
  const Rows rows = must([](Tx& tx) { return tx.query("SELECT number FROM schema_migration ORDER BY number"); });
  ASSERT_EQ(rows.size(), migrations().size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].integer(0), static_cast<std::int64_t>(i) + 1);
}

TEST_P(Migrations, RunOnlyOnce) {
  must([](Tx& tx) { return directory_revision::bump(tx); });
  must([](Tx& tx) { return migrate(tx, kNow); });
  EXPECT_EQ(must([](Tx& tx) { return directory_revision::current(tx); }), 2);
}

TEST_P(Migrations, RunWhatIsMissing) {
  static constexpr std::array kTable{Sql("CREATE TABLE lamp (id {key}, colour TEXT NOT NULL)")};
  std::vector<Migration> known(migrations().begin(), migrations().end());
  known.push_back({known.back().number + 1, "lamp", kTable});
  must([&](Tx& tx) { return migrate(tx, kNow, known); });
  must([](Tx& tx) { return tx.execute("INSERT INTO lamp (id, colour) VALUES ($1, $2)", 4'000'000'000'000, "red"); });
  const Rows rows = must([](Tx& tx) { return tx.query("SELECT id FROM lamp"); });
  EXPECT_EQ(rows.front().integer(0), 4'000'000'000'000);
}

TEST_P(Migrations, FindTheFlowsOfConnectionsThatWereRemovedBefore) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    for (const Sql sql : {Sql("DELETE FROM schema_migration WHERE number >= 7"), Sql("DROP TABLE removed_connection"),
                          Sql("CREATE INDEX delivery_application ON delivery (application, id)"),
                          Sql("CREATE INDEX event_job ON event (application, job_id, id)")}) {
      TRY(tx.execute(sql));
    }
    const auto there = connection(1, ApplicationId(1));
    TRY_VOID(connections::insert(tx, there));
    TRY_VOID(events::insert(tx, event(1, there)));
    TRY_VOID(events::insert(tx, event(2, connection(2, ApplicationId(1)))));
    TRY_VOID(events::insert(tx, event(3, connection(2, ApplicationId(1)))));
    return migrate(tx, kNow, migrations().first(7));
  });
  const auto last = [&](std::string_view job) {
    return must([&](Tx& tx) { return events::last_of_job(tx, ApplicationId(1), job); });
  };
  EXPECT_EQ(last("job-1")->id, EventId(1));
  EXPECT_EQ(last("job-2")->id, EventId(3));
  EXPECT_EQ(must([](Tx& tx) { return tx.query("SELECT id FROM removed_connection"); }).size(), 1u);
}

TEST_P(Migrations, GiveTheSharedTurnsTheirKeys) {
  must([](Tx& tx) -> Result<void> {
    TRY_VOID(insert_tenant(tx, 1));
    for (const Sql sql : {Sql("DELETE FROM schema_migration WHERE number >= 17"), Sql("DROP INDEX job_shared"),
                          Sql("DROP INDEX job_seasoned")}) {
      TRY(tx.execute(sql));
    }
    for (const std::int64_t key : {0, 1, 2}) {
      TRY_VOID(connections::insert(tx, connection(key + 1, ApplicationId(1), format("org-{}", key))));
      TRY_VOID(jobs::request(tx, ConnectionId(key + 1), key, {.not_before = kNow}, JobRowId(key + 1), kNow));
    }
    TRY(tx.execute("UPDATE job SET is_ready = 0, lease_until = $1 WHERE id = 1", kNow));  // in flight
    return migrate(tx, kNow, migrations().first(17));
  });
  const auto key_of = [&](std::int64_t id) {
    return must([&](Tx& tx) { return jobs::list_of_connection(tx, ApplicationId(1), ConnectionId(id)); })
        .at(0)
        .fairness_key;
  };
  EXPECT_EQ(key_of(1), model::kDeadTurn);
  EXPECT_EQ(key_of(2), model::kUntriedTurn);
  EXPECT_EQ(key_of(3), 2) << "an organization's";
}

TEST_P(Migrations, RefuseADatabaseOfANewerVersion) {
  must([](Tx& tx) {
    return tx.execute("INSERT INTO schema_migration (number, name, applied_at) VALUES (999, 'later', 0)");
  });
  const auto opened = Database::open(settings());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Kind::kConflict);
  EXPECT_THAT(opened.error().message, ::testing::HasSubstr("999"));
}

TEST_P(Migrations, RunOnceWhenSeveralProcessesStartTogether) {
  Settings together = fresh_settings();
  if (GetParam() == Dialect::kSqlite) together.url += "-together";
  together.busy_timeout = Milliseconds(10'000);
  std::atomic<int> opened = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto database = Database::open(together);
      if (database) {
        ++opened;
      } else {
        ADD_FAILURE() << database.error().message;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(opened, 4);
}

}  // namespace
}  // namespace signpost::store
