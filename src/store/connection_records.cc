// SPDX-License-Identifier: Apache-2.0
#include "store/connection_records.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::connection_records {
namespace {

#define RECORD_COLUMNS                                                                             \
  "id, type, host, name, value, ttl, priority, is_propagated, proves_ownership, application_url, " \
  "power_root_path_access, purpose"

constexpr std::int32_t kSavedMax = model::kRecordsMax + model::kOwnRecordsMax;

Result<model::Record> read(const Row& row) {
  model::Record record{.id = row.id<RecordId>(0),
                       .type = TRY(known(parse_record_type(row.text(1)), "record type", row.text(1))),
                       .host = std::string(row.text(2)),
                       .name = TRY(DnsName::parse(row.text(3))),
                       .value = std::string(row.text(4)),
                       .ttl = static_cast<std::uint32_t>(row.integer(5)),
                       .priority = std::nullopt,
                       .is_propagated = row.flag(7),
                       .proves_ownership = row.flag(8),
                       .application_url = std::string(row.text(9)),
                       .power_root_path_access = items_of(row.text(10)),
                       .purpose = TRY(known(model::parse_record_purpose(row.text(11)), "purpose", row.text(11)))};
  if (!row.is_null(6)) record.priority = static_cast<std::uint16_t>(row.integer(6));
  return record;
}

Result<Rows> rows_of(Tx& tx, ConnectionId connection) {
  return tx.query("SELECT " RECORD_COLUMNS " FROM connection_record WHERE connection = $1 ORDER BY position LIMIT $2",
                  connection, kSavedMax);
}

/// All but the flags.
bool is_same(const Row& row, const model::Record& record) {
  const bool is_same_for_power =
      row.text(9) == record.application_url && items_of(row.text(10)) == record.power_root_path_access;
  return is_same_for_power && row.id<RecordId>(0) == record.id && row.text(1) == name_of(record.type) &&
         row.text(2) == record.host && row.text(3) == record.name.text() && row.text(4) == record.value &&
         row.text(11) == model::name_of(record.purpose) && row.integer(5) == record.ttl &&
         row.optional_integer(6) == record.priority;
}

bool are_same(const Rows& rows, const std::vector<model::Record>& records) {
  if (rows.size() != records.size()) return false;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!is_same(rows[i], records[i])) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<model::Record>> load(Tx& tx, ConnectionId connection) {
  const Rows rows = TRY(rows_of(tx, connection));
  return all_of<model::Record>(rows, kSavedMax, "records", read);
}

Result<void> insert_all(Tx& tx, ConnectionId connection, const std::vector<model::Record>& records) {
  int position = 0;
  for (const auto& record : records) {
    const std::string paths = TRY(lines_of(record.power_root_path_access));
    TRY(tx.execute("INSERT INTO connection_record (" RECORD_COLUMNS
                   ", connection, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                   record.id, name_of(record.type), record.host, record.name, record.value, record.ttl, record.priority,
                   record.is_propagated, record.proves_ownership, record.application_url, paths,
                   model::name_of(record.purpose), connection, position++));
  }
  return {};
}

Result<void> save(Tx& tx, ConnectionId connection, const std::vector<model::Record>& records) {
  const Rows rows = TRY(rows_of(tx, connection));
  if (!are_same(rows, records)) {
    TRY(tx.execute("DELETE FROM connection_record WHERE connection = $1", connection));
    return insert_all(tx, connection, records);
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& record = records[i];
    if (rows[i].flag(7) == record.is_propagated && rows[i].flag(8) == record.proves_ownership) continue;
    TRY(tx.execute(
        "UPDATE connection_record SET is_propagated = $1, proves_ownership = $2 WHERE connection = $3 AND id = $4",
        record.is_propagated, record.proves_ownership, connection, record.id));
  }
  return {};
}

}  // namespace signpost::store::connection_records
