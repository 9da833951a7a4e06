// SPDX-License-Identifier: Apache-2.0
#include "store/challenge_texts.h"

#include "base/text.h"

namespace signpost::store::challenge_texts {
namespace {

/// The row is locked until the commit, so revisions become visible in their order.
Result<std::int64_t> next_revision(Tx& tx) {
  const Rows rows =
      TRY(tx.query("UPDATE challenge_revision SET revision = revision + 1 WHERE id = 1 RETURNING revision"));
  if (rows.empty()) return fail(Kind::kInternal, "the table challenge_revision has lost its row");
  return rows.front().integer(0);
}

std::vector<ChallengeText> texts_in(const Rows& rows) {
  std::vector<ChallengeText> texts;
  texts.reserve(rows.size());
  for (const auto& row : rows) {
    texts.push_back({std::string(row.text(0)), std::string(row.text(1)), row.time(2), row.integer(3)});
  }
  return texts;
}

}  // namespace

Result<void> publish(Tx& tx, std::string_view label, std::string_view value, Time now, Time expires_at) {
  const auto revision = TRY(next_revision(tx));
  const Rows others = TRY(tx.query(
      "SELECT COUNT(*) FROM challenge_text WHERE label = $1 AND value <> $2 AND expires_at > $3", label, value, now));
  if (others.front().integer(0) >= kTextsPerLabelMax) {
    return fail(Kind::kConflict,
                format("the label {} of the ACME zone has {} values already: wait until its orders have ended", label,
                       kTextsPerLabelMax));
  }
  TRY(
      tx.execute("INSERT INTO challenge_text (label, value, created_at, expires_at, revision) "
                 "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (label, value) DO UPDATE SET revision = excluded.revision, "
                 "expires_at = CASE WHEN challenge_text.expires_at > excluded.expires_at "
                 "THEN challenge_text.expires_at ELSE excluded.expires_at END",
                 label, value, now, expires_at, revision));
  return {};
}

Result<void> withdraw(Tx& tx, std::string_view label, std::string_view value, Time now) {
  const auto revision = TRY(next_revision(tx));
  TRY(
      tx.execute("UPDATE challenge_text SET expires_at = $1, revision = $2 "
                 "WHERE label = $3 AND value = $4 AND expires_at > $1",
                 now, revision, label, value));
  return {};
}

Result<std::vector<ChallengeText>> changes_since(Tx& tx, std::int64_t revision) {
  const Rows rows =
      TRY(tx.query("SELECT label, value, expires_at, revision FROM challenge_text WHERE revision > $1 "
                   "ORDER BY revision LIMIT $2",
                   revision, kChangesMax));
  return texts_in(rows);
}

Result<std::vector<ChallengeText>> over(Tx& tx, Time now) {
  const Rows rows =
      TRY(tx.query("SELECT label, value, expires_at, revision FROM challenge_text WHERE expires_at <= $1 "
                   "ORDER BY expires_at LIMIT $2",
                   now, kOverMax));
  return texts_in(rows);
}

Result<bool> forget(Tx& tx, std::string_view label, std::string_view value, Time now) {
  const auto forgotten = TRY(
      tx.execute("DELETE FROM challenge_text WHERE label = $1 AND value = $2 AND expires_at <= $3", label, value, now));
  return forgotten == 1;
}

Result<std::int64_t> drop(Tx& tx, Time until, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM challenge_text WHERE (label, value) IN "
      "(SELECT label, value FROM challenge_text WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
      until, limit);
}

}  // namespace signpost::store::challenge_texts
