// SPDX-License-Identifier: Apache-2.0
#include "store/page_submissions.h"

namespace signpost::store::page_submissions {
namespace {

// $1 the connection, $2 how long `below` is, $3 `below`. Paths are ASCII, so letters are bytes.
#define CHANGED_PAGES                                                                                   \
  "FROM connection c JOIN page p ON p.application = c.application AND p.organization = c.organization " \
  "LEFT JOIN page_submission s ON s.connection = c.id AND s.path = p.path "                             \
  "WHERE c.id = $1 AND (s.path IS NULL OR s.hash IS NULL OR s.hash <> p.hash) "                         \
  "AND (s.sending IS NULL OR s.sending <> p.hash) AND SUBSTR(p.path, 1, $2) = $3"
#define GONE_PAGES                                                                                             \
  "FROM connection c JOIN page_submission s ON s.connection = c.id "                                           \
  "LEFT JOIN page p ON p.application = c.application AND p.organization = c.organization AND p.path = s.path " \
  "WHERE c.id = $1 AND p.id IS NULL AND s.hash IS NOT NULL AND s.sending IS NULL AND SUBSTR(s.path, 1, $2) = $3"

constexpr Sql kOpenChanged =
    "INSERT INTO page_submission (connection, path, sending, is_gone) SELECT c.id, p.path, p.hash, 0 " CHANGED_PAGES
    " ORDER BY p.path LIMIT $4 "
    "ON CONFLICT (connection, path) DO UPDATE SET sending = excluded.sending, is_gone = 0";
constexpr Sql kOpenGone =
    "UPDATE page_submission SET sending = '', is_gone = 1 WHERE connection = $1 AND path IN "
    "(SELECT s.path " GONE_PAGES " ORDER BY s.path LIMIT $4)";

std::int64_t length_of(std::string_view below) { return static_cast<std::int64_t>(below.size()); }

}  // namespace

Result<std::int64_t> open_batch(Tx& tx, ConnectionId connection, std::string_view below, std::int32_t limit) {
  const auto changed = TRY(tx.execute(kOpenChanged, connection, length_of(below), below, limit));
  const auto room = static_cast<std::int64_t>(limit) - changed;
  if (room <= 0) return changed;
  return changed + TRY(tx.execute(kOpenGone, connection, length_of(below), below, room));
}

Result<std::vector<std::string>> list_batch(Tx& tx, ConnectionId connection, std::int32_t limit) {
  const Rows rows =
      TRY(tx.query("SELECT path FROM page_submission WHERE connection = $1 AND sending IS NOT NULL "
                   "ORDER BY is_gone, path LIMIT $2",
                   connection, limit));
  std::vector<std::string> paths;
  paths.reserve(rows.size());
  for (const auto& row : rows) paths.emplace_back(row.text(0));
  return paths;
}

Result<void> close_batch(Tx& tx, ConnectionId connection, Time now) {
  TRY(tx.execute("DELETE FROM page_submission WHERE connection = $1 AND sending IS NOT NULL AND is_gone = 1",
                 connection));
  TRY(
      tx.execute("UPDATE page_submission SET hash = sending, sending = NULL, submitted_at = $1 "
                 "WHERE connection = $2 AND sending IS NOT NULL",
                 now, connection));
  return {};
}

Result<void> cancel_batch(Tx& tx, ConnectionId connection) {
  TRY(tx.execute("DELETE FROM page_submission WHERE connection = $1 AND sending IS NOT NULL AND hash IS NULL",
                 connection));
  TRY(tx.execute("UPDATE page_submission SET sending = NULL, is_gone = 0 WHERE connection = $1 AND sending IS NOT NULL",
                 connection));
  return {};
}

Result<void> mark_submitted(Tx& tx, ConnectionId connection, const std::vector<std::string>& paths, Time now) {
  for (const auto& path : paths) {
    TRY(
        tx.execute("INSERT INTO page_submission (connection, path, hash, is_gone, submitted_at) "
                   "SELECT c.id, p.path, p.hash, 0, CAST($1 AS BIGINT) FROM connection c JOIN page p ON "
                   "p.application = c.application AND p.organization = c.organization WHERE c.id = $2 AND p.path = $3 "
                   "ON CONFLICT (connection, path) DO UPDATE SET hash = excluded.hash, "
                   "submitted_at = excluded.submitted_at",
                   now, connection, path));
  }
  return {};
}

Result<bool> has_changes(Tx& tx, ConnectionId connection, std::string_view below) {
  const Rows sending =
      TRY(tx.query("SELECT 1 FROM page_submission WHERE connection = $1 AND sending IS NOT NULL LIMIT 1", connection));
  if (!sending.empty()) return true;
  const Rows changed = TRY(tx.query("SELECT 1 " CHANGED_PAGES " LIMIT 1", connection, length_of(below), below));
  if (!changed.empty()) return true;
  const Rows gone = TRY(tx.query("SELECT 1 " GONE_PAGES " LIMIT 1", connection, length_of(below), below));
  return !gone.empty();
}

Result<Counts> count(Tx& tx, ConnectionId connection, std::string_view below) {
  const Rows known =
      TRY(tx.query("SELECT COUNT(hash), COUNT(sending) FROM page_submission WHERE connection = $1", connection));
  const Rows changed = TRY(tx.query("SELECT COUNT(*) " CHANGED_PAGES, connection, length_of(below), below));
  const Rows gone = TRY(tx.query("SELECT COUNT(*) " GONE_PAGES, connection, length_of(below), below));
  return Counts{.submitted = known.front().integer(0),
                .waiting = known.front().integer(1) + changed.front().integer(0) + gone.front().integer(0)};
}

}  // namespace signpost::store::page_submissions
