// SPDX-License-Identifier: Apache-2.0
#include "store/searches.h"

#include "store/saved_text.h"

namespace signpost::store::searches {
namespace {

Result<void> read_steps(Tx& tx, model::Search& search) {
  const Rows rows =
      TRY(tx.query("SELECT step, state, tries, not_before, detail, updated_at FROM search_step WHERE connection = $1 "
                   "LIMIT $2",
                   search.connection, model::kSearchSteps.size()));
  for (const auto& row : rows) {
    const auto step = TRY(known(model::parse_search_step(row.text(0)), "search step", row.text(0)));
    search.at(step) = {.state = TRY(known(model::parse_step_state(row.text(1)), "step state", row.text(1))),
                       .tries = static_cast<std::int32_t>(row.integer(2)),
                       .not_before = row.optional_time(3),
                       .detail = std::string(row.text(4)),
                       .updated_at = row.time(5)};
  }
  return {};
}

Result<void> save_steps(Tx& tx, const model::Search& search) {
  for (const auto step : model::kSearchSteps) {
    const auto& progress = search.at(step);
    TRY(
        tx.execute("INSERT INTO search_step (connection, step, state, tries, not_before, detail, updated_at) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (connection, step) DO UPDATE SET "
                   "state = excluded.state, tries = excluded.tries, not_before = excluded.not_before, "
                   "detail = excluded.detail, updated_at = excluded.updated_at",
                   search.connection, model::name_of(step), model::name_of(progress.state), progress.tries,
                   progress.not_before, storable(progress.detail), progress.updated_at));
  }
  return {};
}

}  // namespace

Result<std::optional<model::Search>> find(Tx& tx, ApplicationId application, ConnectionId connection) {
  const Rows rows =
      TRY(tx.query("SELECT s.google_token, s.google_status, s.deployed_at, s.round, s.version FROM connection c "
                   "JOIN search s ON s.connection = c.id WHERE c.application = $1 AND c.id = $2",
                   application, connection));
  if (rows.empty()) return std::nullopt;
  const Row row = rows.front();
  model::Search search{.connection = connection,
                       .google_token = std::string(row.text(0)),
                       .google = TRY(known(model::parse_google_status(row.text(1)), "google status", row.text(1))),
                       .deployed_at = row.optional_time(2),
                       .round = row.integer(3),
                       .version = row.integer(4)};
  TRY_VOID(read_steps(tx, search));
  return search;
}

Result<bool> insert(Tx& tx, const model::Search& search) {
  const auto made = TRY(tx.execute(
      "INSERT INTO search (connection, google_token, google_status, deployed_at, round, version) "
      "VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (connection) DO NOTHING",
      search.connection, search.google_token, model::name_of(search.google), search.deployed_at, search.round));
  if (made == 0) return false;
  TRY_VOID(save_steps(tx, search));
  return true;
}

Result<bool> update(Tx& tx, const model::Search& search, std::int64_t expected_version) {
  const auto changed =
      TRY(tx.execute("UPDATE search SET google_token = $1, google_status = $2, deployed_at = $3, round = $4, "
                     "version = version + 1 WHERE connection = $5 AND version = $6",
                     search.google_token, model::name_of(search.google), search.deployed_at, search.round,
                     search.connection, expected_version));
  if (changed == 0) return false;
  TRY_VOID(save_steps(tx, search));
  return true;
}

}  // namespace signpost::store::searches
