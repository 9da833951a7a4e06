// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

#include <array>

#include "base/text.h"
#include "store/migrations/0001_house.h"
#include "store/migrations/0002_people.h"
#include "store/migrations/0003_lanes.h"
#include "store/migrations/0004_contract.h"
#include "store/migrations/0005_delivery.h"
#include "store/migrations/0006_received_and_replayed.h"
#include "store/migrations/0007_fewer_trees.h"
#include "store/migrations/0008_last_run.h"
#include "store/migrations/0009_certificates.h"
#include "store/migrations/0010_challenges.h"
#include "store/migrations/0011_search.h"
#include "store/migrations/0012_distributions.h"
#include "store/migrations/0013_authorizations.h"
#include "store/migrations/0014_busy_authorities.h"
#include "store/migrations/0015_account_keys.h"
#include "store/migrations/0016_replaced_certificates.h"
#include "store/migrations/0017_shared_turns.h"

namespace signpost::store {
namespace {

constexpr std::array kMigrations{
    Migration{1, "house", migration_0001::kStatements},
    Migration{2, "people", migration_0002::kStatements},
    Migration{3, "lanes", migration_0003::kStatements},
    Migration{4, "contract", migration_0004::kStatements},
    Migration{5, "delivery", migration_0005::kStatements},
    Migration{6, "received_and_replayed", migration_0006::kStatements},
    Migration{7, "fewer_trees", migration_0007::kStatements},
    Migration{8, "last_run", migration_0008::kStatements},
    Migration{9, "certificates", migration_0009::kStatements},
    Migration{10, "challenges", migration_0010::kStatements},
    Migration{11, "search", migration_0011::kStatements},
    Migration{12, "distributions", migration_0012::kStatements},
    Migration{13, "authorizations", migration_0013::kStatements},
    Migration{14, "busy_authorities", migration_0014::kStatements},
    Migration{15, "account_keys", migration_0015::kStatements},
    Migration{16, "replaced_certificates", migration_0016::kStatements},
    Migration{17, "shared_turns", migration_0017::kStatements},
};

Result<std::int64_t> version_of(Tx& tx) {
  TRY(
      tx.execute("CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                 "applied_at BIGINT NOT NULL)"));
  const Rows rows = TRY(tx.query("SELECT COALESCE(MAX(number), 0) FROM schema_migration"));
  return rows.front().integer(0);
}

Result<void> apply(Tx& tx, Time now, const Migration& migration) {
  for (const Sql& statement : migration.statements) TRY(tx.execute(statement));
  TRY(tx.execute("INSERT INTO schema_migration (number, name, applied_at) VALUES ($1, $2, $3)", migration.number,
                 migration.name, now));
  return {};
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Result<void> migrate(Tx& tx, Time now) { return migrate(tx, now, kMigrations); }

Result<void> migrate(Tx& tx, Time now, std::span<const Migration> known) {
  const std::int64_t version = TRY(version_of(tx));
  const int newest = known.empty() ? 0 : known.back().number;
  if (version > newest) {
    return fail(Kind::kConflict,
                format("the database has tables of version {}, this Signpost knows versions up to {}: start the "
                       "newer Signpost that wrote it, or restore a backup from before the upgrade",
                       version, newest));
  }
  for (const Migration& migration : known) {
    if (migration.number > version) TRY_VOID(apply(tx, now, migration));
  }
  return {};
}

}  // namespace signpost::store
