// SPDX-License-Identifier: Apache-2.0
#include "store/distributions.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::distributions {
namespace {

#define DISTRIBUTION_COLUMNS                                                                            \
  "id, application, connection, host, origin, cloudfront_id, is_made_by_us, domain_name, serving_arn, " \
  "setup, imported_arn, wanted_serial, imported_serial, import_began_at, setup_tries, setup_next_at, "  \
  "upgrade, amazon_arn, amazon_requested_at, amazon_status, amazon_not_after, amazon_is_attached, "     \
  "validation_name, validation_value, is_validation_seen, requests, upgrade_tries, upgrade_next_at, "   \
  "setup_park, setup_park_explanation, setup_park_since, upgrade_park, upgrade_park_explanation, "      \
  "upgrade_park_since, replaced_arns, last_request_at, version, created_at, updated_at"

/// Three columns from `first` on; null while nothing is parked.
Result<std::optional<model::Park>> park_of(const Row& row, std::size_t first) {
  if (row.is_null(first)) return std::nullopt;
  return model::Park{TRY(known(model::parse_park_reason(row.text(first)), "reason", row.text(first))),
                     std::string(row.text(first + 1)), row.time(first + 2)};
}

Result<model::Distribution> read(const Row& row) {
  model::Distribution d{.id = row.id<model::DistributionRowId>(0),
                        .application = row.id<ApplicationId>(1),
                        .connection = row.id<ConnectionId>(2),
                        .host = TRY(HostName::parse(row.text(3)))};
  d.origin = row.text(4);
  d.cloudfront_id = row.text(5);
  d.is_made_by_us = row.flag(6);
  d.domain_name = row.text(7);
  d.serving_arn = row.text(8);
  d.setup = TRY(known(model::parse_setup(row.text(9)), "setup", row.text(9)));
  d.imported_arn = row.text(10);
  d.wanted_serial = row.text(11);
  d.imported_serial = row.text(12);
  d.import_began_at = row.optional_time(13);
  d.setup_tries = static_cast<std::int32_t>(row.integer(14));
  d.setup_next_at = row.optional_time(15);
  d.upgrade = TRY(known(model::parse_upgrade(row.text(16)), "upgrade", row.text(16)));
  d.amazon.arn = row.text(17);
  d.amazon.requested_at = row.optional_time(18);
  d.amazon.status = TRY(known(model::parse_amazon_status(row.text(19)), "status", row.text(19)));
  d.amazon.not_after = row.optional_time(20);
  d.amazon.is_attached = row.flag(21);
  if (!row.is_null(22)) d.validation = model::ValidationRecord{std::string(row.text(22)), std::string(row.text(23))};
  d.is_validation_seen = row.flag(24);
  d.requests = static_cast<std::int32_t>(row.integer(25));
  d.upgrade_tries = static_cast<std::int32_t>(row.integer(26));
  d.upgrade_next_at = row.optional_time(27);
  d.setup_park = TRY(park_of(row, 28));
  d.upgrade_park = TRY(park_of(row, 31));
  d.replaced_arns = items_of(row.text(34));
  d.last_request_at = row.optional_time(35);
  d.version = row.integer(36);
  d.created_at = row.time(37);
  d.updated_at = row.time(38);
  return d;
}

struct ParkColumns {
  explicit ParkColumns(const std::optional<model::Park>& park) {
    if (!park) return;
    reason = model::name_of(park->reason);
    explanation = park->explanation;
    since = park->since;
  }
  std::optional<std::string_view> reason, explanation;
  std::optional<Time> since;
};

/// What is null until it is known.
struct Columns {
  explicit Columns(const model::Distribution& distribution)
      : setup(distribution.setup_park), upgrade(distribution.upgrade_park) {
    if (!distribution.validation) return;
    validation_name = distribution.validation->name;
    validation_value = distribution.validation->value;
  }
  std::optional<std::string_view> validation_name, validation_value;
  ParkColumns setup, upgrade;
};

}  // namespace

Result<void> insert(Tx& tx, const model::Distribution& d) {
  const Columns columns(d);
  const auto replaced = TRY(lines_of(d.replaced_arns));
  TRY(tx.execute("INSERT INTO distribution (" DISTRIBUTION_COLUMNS ") VALUES ("
                 "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, "
                 "$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39)",
                 d.id, d.application, d.connection, d.host, d.origin, d.cloudfront_id, d.is_made_by_us, d.domain_name,
                 d.serving_arn, model::name_of(d.setup), d.imported_arn, d.wanted_serial, d.imported_serial,
                 d.import_began_at, d.setup_tries, d.setup_next_at, model::name_of(d.upgrade), d.amazon.arn,
                 d.amazon.requested_at, model::name_of(d.amazon.status), d.amazon.not_after, d.amazon.is_attached,
                 columns.validation_name, columns.validation_value, d.is_validation_seen, d.requests, d.upgrade_tries,
                 d.upgrade_next_at, columns.setup.reason, columns.setup.explanation, columns.setup.since,
                 columns.upgrade.reason, columns.upgrade.explanation, columns.upgrade.since, replaced,
                 d.last_request_at, d.version, d.created_at, d.updated_at));
  return {};
}

Result<std::optional<model::Distribution>> find_of_connection(Tx& tx, ApplicationId application,
                                                              ConnectionId connection) {
  return first_of<model::Distribution>(
      TRY(tx.query("SELECT " DISTRIBUTION_COLUMNS " FROM distribution WHERE application = $1 AND connection = $2",
                   application, connection)),
      read);
}

Result<bool> is_taken_across_applications(Tx& tx, std::string_view cloudfront_id) {
  return !TRY(tx.query("SELECT id FROM distribution WHERE cloudfront_id = $1", cloudfront_id)).empty();
}

Result<bool> update(Tx& tx, const model::Distribution& d, std::int64_t expected_version) {
  const Columns columns(d);
  const auto replaced = TRY(lines_of(d.replaced_arns));
  const auto changed = TRY(tx.execute(
      "UPDATE distribution SET cloudfront_id = $1, is_made_by_us = $2, domain_name = $3, serving_arn = $4, "
      "setup = $5, imported_arn = $6, wanted_serial = $7, imported_serial = $8, import_began_at = $9, "
      "setup_tries = $10, setup_next_at = $11, upgrade = $12, amazon_arn = $13, amazon_requested_at = $14, "
      "amazon_status = $15, amazon_not_after = $16, amazon_is_attached = $17, validation_name = $18, "
      "validation_value = $19, is_validation_seen = $20, requests = $21, upgrade_tries = $22, "
      "upgrade_next_at = $23, setup_park = $24, setup_park_explanation = $25, setup_park_since = $26, "
      "upgrade_park = $27, upgrade_park_explanation = $28, upgrade_park_since = $29, "
      "replaced_arns = $30, last_request_at = $31, updated_at = $32, version = $33 WHERE application = $34 AND "
      "id = $35 AND version = $36",
      d.cloudfront_id, d.is_made_by_us, d.domain_name, d.serving_arn, model::name_of(d.setup), d.imported_arn,
      d.wanted_serial, d.imported_serial, d.import_began_at, d.setup_tries, d.setup_next_at, model::name_of(d.upgrade),
      d.amazon.arn, d.amazon.requested_at, model::name_of(d.amazon.status), d.amazon.not_after, d.amazon.is_attached,
      columns.validation_name, columns.validation_value, d.is_validation_seen, d.requests, d.upgrade_tries,
      d.upgrade_next_at, columns.setup.reason, columns.setup.explanation, columns.setup.since, columns.upgrade.reason,
      columns.upgrade.explanation, columns.upgrade.since, replaced, d.last_request_at, d.updated_at,
      expected_version + 1, d.application, d.id, expected_version));
  return changed == 1;
}

}  // namespace signpost::store::distributions
