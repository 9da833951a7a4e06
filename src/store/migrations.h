// SPDX-License-Identifier: Apache-2.0
//
// Brings a database to the tables this program knows: numbered lists of statements in store/migrations/, never edited
// once landed. Run by Database::open in one transaction under the database's lock, before any other thread touches it.
#pragma once

#include <span>
#include <string_view>

#include "store/tx.h"

namespace signpost::store {

struct Migration {
  int number;  // from 1, without gaps
  std::string_view name;
  std::span<const Sql> statements;
};

/// All of them in order.
std::span<const Migration> migrations();

/// Runs what is missing and notes it in schema_migration. kConflict when the database is newer than this program.
Result<void> migrate(Tx& tx, Time now);
/// The same with a given list, for tests.
Result<void> migrate(Tx& tx, Time now, std::span<const Migration> known);

}  // namespace signpost::store
