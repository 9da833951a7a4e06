// SPDX-License-Identifier: Apache-2.0
#include "store/attempts.h"

#include <algorithm>

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::attempts {
namespace {

Result<model::Attempt> read(const Row& row) {
  model::Attempt attempt;
  attempt.id = row.id<AttemptId>(0);
  attempt.delivery = row.id<DeliveryId>(1);
  attempt.number = static_cast<std::int32_t>(row.integer(2));
  attempt.started_at = row.time(3);
  attempt.ended_at = row.optional_time(4);
  attempt.result = TRY(known(model::parse_attempt_result(row.text(5)), "attempt result", row.text(5)));
  if (!row.is_null(6)) attempt.status = static_cast<int>(row.integer(6));
  attempt.detail = row.text(7);
  attempt.remote_address = row.text(8);
  attempt.response_body = row.text(9);
  const auto milliseconds = [&row](std::size_t column) { return static_cast<std::int32_t>(row.integer(column)); };
  attempt.timing = {milliseconds(10), milliseconds(11), milliseconds(12), milliseconds(13), milliseconds(14)};
  attempt.cause = row.text(15);
  return attempt;
}

Result<std::optional<model::Attempt>> find_open(Tx& tx, ApplicationId application, DeliveryId delivery) {
  const Rows rows =
      TRY(tx.query("SELECT attempt, attempts, attempt_started_at FROM delivery WHERE application = $1 AND id = $2 AND "
                   "attempt IS NOT "
                   "NULL",
                   application, delivery));
  if (rows.empty()) return std::nullopt;
  model::Attempt open;
  open.id = rows.front().id<AttemptId>(0);
  open.delivery = delivery;
  open.number = static_cast<std::int32_t>(rows.front().integer(1));
  open.started_at = rows.front().time(2);
  return open;
}

}  // namespace

Result<std::vector<model::Attempt>> list(Tx& tx, ApplicationId application, DeliveryId delivery) {
  // Of more than a hundred the newest: what happened last is what is asked about.
  const Rows rows = TRY(tx.query(
      "SELECT a.id, a.delivery, a.number, a.started_at, a.ended_at, a.result, a.status, a.detail, a.remote_address, "
      "a.response_body, a.dns_ms, a.connect_ms, a.tls_ms, a.first_byte_ms, a.total_ms, a.cause "
      "FROM delivery d JOIN attempt a ON a.delivery = d.id WHERE d.application = $1 AND d.id = $2 ORDER BY a.id DESC "
      "LIMIT "
      "$3",
      application, delivery, kAttemptsMax));
  auto attempts = TRY(all_of<model::Attempt>(rows, kAttemptsMax, "attempts", read));
  std::ranges::reverse(attempts);
  if (auto open = TRY(find_open(tx, application, delivery))) attempts.push_back(*std::move(open));
  return attempts;
}

Result<std::int64_t> remove_before_across_applications(Tx& tx, Time time, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM attempt WHERE id IN "
      "(SELECT id FROM (SELECT id, started_at FROM attempt ORDER BY id LIMIT $1) AS oldest WHERE started_at < $2)",
      limit, time);
}

}  // namespace signpost::store::attempts
