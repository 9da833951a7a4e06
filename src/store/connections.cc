// SPDX-License-Identifier: Apache-2.0
#include "store/connections.h"

#include "store/connection_records.h"
#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::connections {
namespace {

#define CONNECTION_COLUMNS                                                                                           \
  "id, application, organization, host, user_id, job_id, metadata, status, propagation, dkim, redirection, secure, " \
  "power, claim, claim_token, claim_ends_at, setup_type, flow_ended_at, provider, is_added_announced, "              \
  "watch_started_at, next_look_at, last_look_at, attention_cause, attention_explanation, attention_since, "          \
  "deployed_at, "                                                                                                    \
  "sequence, version, created_at, updated_at, monitor, origin_flow_id, dmarc_updated, redirection_from, "            \
  "redirection_to, purchased_domains, is_free_domain, certificate_by, edge, certificate_ends_at"

Result<model::FacetState> facet(const Row& row, std::size_t column) {
  return known(model::parse_facet_state(row.text(column)), "facet", row.text(column));
}

Result<model::Facets> facets(const Row& row) {
  return model::Facets{TRY(facet(row, 8)),  TRY(facet(row, 9)),  TRY(facet(row, 10)),
                       TRY(facet(row, 11)), TRY(facet(row, 12)), TRY(facet(row, 31))};
}

Result<std::optional<model::SetupType>> setup_type(const Row& row, std::size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return TRY(known(model::parse_setup_type(row.text(column)), "setup type", row.text(column)));
}

Result<std::optional<model::DmarcUpdate>> dmarc_updated(const Row& row) {
  if (row.is_null(33)) return std::nullopt;
  return TRY(known(model::parse_dmarc_update(row.text(33)), "DMARC update", row.text(33)));
}

Result<std::optional<model::Redirection>> redirection(const Row& row) {
  if (row.is_null(34)) return std::nullopt;
  return model::Redirection{TRY(known(model::parse_redirection_from(row.text(34)), "redirection", row.text(34))),
                            std::string(row.text(35))};
}

std::optional<bool> is_free_domain(const Row& row) {
  if (row.is_null(37)) return std::nullopt;
  return row.flag(37);
}

std::optional<model::Attention> attention(const Row& row) {
  if (row.is_null(23)) return std::nullopt;
  return model::Attention{std::string(row.text(23)), std::string(row.text(24)), row.time(25)};
}

/// Without its records.
Result<model::Connection> read(const Row& row) {
  return model::Connection{
      .id = row.id<ConnectionId>(0),
      .application = row.id<ApplicationId>(1),
      .organization = std::string(row.text(2)),
      .host = TRY(HostName::parse(row.text(3))),
      .user_id = row.optional_text(4),
      .job_id = std::string(row.text(5)),
      .origin_flow_id = row.optional_text(32),
      .metadata_json = std::string(row.text(6)),
      .status = TRY(known(model::parse_status(row.text(7)), "status", row.text(7))),
      .facets = TRY(facets(row)),
      .records = {},
      .claim = TRY(known(model::parse_claim(row.text(13)), "claim", row.text(13))),
      .claim_token = std::string(row.text(14)),
      .claim_ends_at = row.time(15),
      .setup_type = TRY(setup_type(row, 16)),
      .flow_ended_at = row.optional_time(17),
      .provider = std::string(row.text(18)),
      .is_added_announced = row.flag(19),
      .dmarc_updated = TRY(dmarc_updated(row)),
      .redirection = TRY(redirection(row)),
      .purchased_domains = items_of(row.text(36)),
      .is_free_domain = is_free_domain(row),
      .watch_started_at = row.optional_time(20),
      .next_look_at = row.optional_time(21),
      .last_look_at = row.optional_time(22),
      .attention = attention(row),
      .certificate_by = TRY(known(model::parse_certificate_by(row.text(38)), "certificate", row.text(38))),
      .edge = TRY(known(model::parse_edge(row.text(39)), "edge", row.text(39))),
      .certificate_ends_at = row.optional_time(40),
      .deployed_at = row.optional_time(26),
      .sequence = row.integer(27),
      .version = row.integer(28),
      .created_at = row.time(29),
      .updated_at = row.time(30)};
}

Result<std::optional<model::Connection>> first_with_records(Tx& tx, const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  model::Connection connection = TRY(read(rows.front()));
  connection.records = TRY(connection_records::load(tx, connection.id));
  return connection;
}

Result<void> load_records(Tx& tx, std::vector<model::Connection>& connections) {
  for (auto& connection : connections) connection.records = TRY(connection_records::load(tx, connection.id));
  return {};
}

Result<std::vector<model::Connection>> all_with_records(Tx& tx, const Rows& rows) {
  auto connections = TRY(all_of<model::Connection>(rows, static_cast<std::int32_t>(rows.size()), "connections", read));
  TRY_VOID(load_records(tx, connections));
  return connections;
}

/// The columns of an attention, null when there is none.
struct AttentionColumns {
  explicit AttentionColumns(const model::Connection& connection) {
    if (!connection.attention) return;
    cause = connection.attention->cause;
    explanation = connection.attention->explanation;
    since = connection.attention->since;
  }
  std::optional<std::string_view> cause;
  std::optional<std::string_view> explanation;
  std::optional<Time> since;
};

std::optional<std::string_view> setup_type_word(const model::Connection& connection) {
  if (!connection.setup_type) return std::nullopt;
  return model::name_of(*connection.setup_type);
}

std::optional<std::string_view> dmarc_word(const model::Connection& connection) {
  if (!connection.dmarc_updated) return std::nullopt;
  return model::name_of(*connection.dmarc_updated);
}

/// The columns of a redirection, null when none was asked for.
struct RedirectionColumns {
  explicit RedirectionColumns(const model::Connection& connection) {
    if (!connection.redirection) return;
    from = model::name_of(connection.redirection->from);
    to = connection.redirection->to;
  }
  std::optional<std::string_view> from;
  std::optional<std::string_view> to;
};

}  // namespace

Result<void> insert(Tx& tx, const model::Connection& c) {
  const AttentionColumns attention(c);
  const RedirectionColumns redirection(c);
  const std::string purchased = TRY(lines_of(c.purchased_domains));
  TRY(tx.execute("INSERT INTO connection (" CONNECTION_COLUMNS
                 ", is_live) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
                 "$19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, "
                 "$36, $37, $38, $39, $40, $41, $42)",
                 c.id, c.application, c.organization, c.host, c.user_id, c.job_id, c.metadata_json,
                 model::name_of(c.status), model::name_of(c.facets.propagation), model::name_of(c.facets.dkim),
                 model::name_of(c.facets.redirection), model::name_of(c.facets.secure), model::name_of(c.facets.power),
                 model::name_of(c.claim), c.claim_token, c.claim_ends_at, setup_type_word(c), c.flow_ended_at,
                 c.provider, c.is_added_announced, c.watch_started_at, c.next_look_at, c.last_look_at, attention.cause,
                 attention.explanation, attention.since, c.deployed_at, c.sequence, c.version, c.created_at,
                 c.updated_at, model::name_of(c.facets.monitor), c.origin_flow_id, dmarc_word(c), redirection.from,
                 redirection.to, purchased, c.is_free_domain, model::name_of(c.certificate_by), model::name_of(c.edge),
                 c.certificate_ends_at, c.is_live()));
  return connection_records::insert_all(tx, c.id, c.records);
}

Result<std::optional<model::Connection>> find(Tx& tx, ApplicationId application, ConnectionId id) {
  return first_with_records(
      tx, TRY(tx.query("SELECT " CONNECTION_COLUMNS " FROM connection WHERE application = $1 AND id = $2", application,
                       id)));
}

Result<std::optional<model::Connection>> find_across_applications(Tx& tx, ConnectionId id) {
  return first_with_records(tx, TRY(tx.query("SELECT " CONNECTION_COLUMNS " FROM connection WHERE id = $1", id)));
}

Result<std::optional<model::Connection>> find_by_job(Tx& tx, ApplicationId application, std::string_view job_id) {
  return first_with_records(tx, TRY(tx.query("SELECT " CONNECTION_COLUMNS " FROM connection "
                                             "WHERE application = $1 AND job_id = $2",
                                             application, job_id)));
}

Result<std::vector<model::Connection>> list_live_of_organization(Tx& tx, ApplicationId application,
                                                                 std::string_view organization) {
  return all_with_records(tx, TRY(tx.query("SELECT " CONNECTION_COLUMNS " FROM connection "
                                           "WHERE application = $1 AND organization = $2 AND is_live = 1 "
                                           "ORDER BY id DESC LIMIT $3",
                                           application, organization, kLiveOfOrganizationMax)));
}

Result<std::int64_t> count_live_of_organization(Tx& tx, ApplicationId application, std::string_view organization) {
  const Rows rows =
      TRY(tx.query("SELECT COUNT(*) FROM connection "
                   "WHERE application = $1 AND organization = $2 AND is_live = 1",
                   application, organization));
  return rows.front().integer(0);
}

Result<std::optional<model::Connection>> find_live_of_organization(Tx& tx, ApplicationId application,
                                                                   std::string_view organization,
                                                                   const HostName& host) {
  return first_with_records(tx, TRY(tx.query("SELECT " CONNECTION_COLUMNS " FROM connection "
                                             "WHERE application = $1 AND organization = $2 AND host = $3 "
                                             "AND is_live = 1",
                                             application, organization, host)));
}

Result<std::vector<model::Connection>> find_on_host_across_applications(Tx& tx, const HostName& host) {
  return all_with_records(tx,
                          TRY(tx.query("SELECT " CONNECTION_COLUMNS " FROM connection WHERE host = $1 AND is_live = 1 "
                                       "ORDER BY CASE WHEN claim = 'proven' THEN 0 ELSE 1 END, id LIMIT $2",
                                       host, kOnHostMax)));
}

// ── saving ──────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

#define CONNECTION_CHANGES                                                                                            \
  "metadata = $1, status = $2, propagation = $3, dkim = $4, redirection = $5, secure = $6, power = $7, "              \
  "claim_ends_at = $8, setup_type = $9, flow_ended_at = $10, provider = $11, is_added_announced = $12, "              \
  "watch_started_at = $13, next_look_at = $14, last_look_at = $15, attention_cause = $16, "                           \
  "attention_explanation = $17, attention_since = $18, deployed_at = $19, sequence = $20, updated_at = $21, monitor " \
  "= $22, dmarc_updated = $23, purchased_domains = $24, is_free_domain = $25, certificate_ends_at = $26, version = "  \
  "$27"

// Claims are in indexes and seldom change: the common save leaves them alone, which spares the database the index work.
constexpr Sql kSaveSameClaim = "UPDATE connection SET " CONNECTION_CHANGES
                               " WHERE application = $28 AND id = $29 AND version = $30 AND claim = $31 "
                               "AND is_live = $32";
constexpr Sql kSaveOtherClaim =
    "UPDATE connection SET " CONNECTION_CHANGES " WHERE application = $28 AND id = $29 AND version = $30";
constexpr Sql kSaveClaim = "UPDATE connection SET claim = $1, is_live = $2 WHERE application = $3 AND id = $4";

template <typename... Condition>
Result<bool> save(Tx& tx, Sql sql, const model::Connection& c, std::int64_t expected_version,
                  const Condition&... condition) {
  const AttentionColumns attention(c);
  const std::string purchased = TRY(lines_of(c.purchased_domains));
  return TRY(tx.execute(sql, c.metadata_json, model::name_of(c.status), model::name_of(c.facets.propagation),
                        model::name_of(c.facets.dkim), model::name_of(c.facets.redirection),
                        model::name_of(c.facets.secure), model::name_of(c.facets.power), c.claim_ends_at,
                        setup_type_word(c), c.flow_ended_at, c.provider, c.is_added_announced, c.watch_started_at,
                        c.next_look_at, c.last_look_at, attention.cause, attention.explanation, attention.since,
                        c.deployed_at, c.sequence, c.updated_at, model::name_of(c.facets.monitor), dmarc_word(c),
                        purchased, c.is_free_domain, c.certificate_ends_at, expected_version + 1, c.application, c.id,
                        expected_version, condition...)) == 1;
}

}  // namespace

Result<bool> update(Tx& tx, const model::Connection& connection, std::int64_t expected_version, Records records) {
  if (!TRY(save(tx, kSaveSameClaim, connection, expected_version, model::name_of(connection.claim),
                connection.is_live()))) {
    if (!TRY(save(tx, kSaveOtherClaim, connection, expected_version))) return false;
    TRY(tx.execute(kSaveClaim, model::name_of(connection.claim), connection.is_live(), connection.application,
                   connection.id));
  }
  if (records == Records::kMayDiffer) TRY_VOID(connection_records::save(tx, connection.id, connection.records));
  return true;
}

Result<bool> remove(Tx& tx, ApplicationId application, ConnectionId id, Time now) {
  // Its events stay until retention, and are found by its flow.
  TRY(tx.execute(
      "INSERT INTO removed_connection (id, application, job_id, removed_at) "
      "SELECT id, application, job_id, CAST($1 AS BIGINT) FROM connection WHERE application = $2 AND id = $3",
      now, application, id));
  return TRY(tx.execute("DELETE FROM connection WHERE application = $1 AND id = $2", application, id)) == 1;
}

Result<std::int64_t> forget_removed_before_across_applications(Tx& tx, Time time, std::int32_t limit) {
  return tx.execute(
      "DELETE FROM removed_connection WHERE id IN "
      "(SELECT id FROM removed_connection WHERE removed_at < $1 ORDER BY removed_at LIMIT $2)",
      time, limit);
}

// ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

// The optional filters, after $1 (application or null) and $2 (ids below). What narrows most is added as plain equality
// in front, so that its index is used.
#define CONNECTION_FILTER                                                                                    \
  "id < $2 AND (CAST($3 AS TEXT) IS NULL OR organization = $3) AND (CAST($4 AS TEXT) IS NULL OR host = $4) " \
  "AND (CAST($5 AS TEXT) IS NULL OR status = $5) AND (CAST($6 AS TEXT) IS NULL OR propagation = $6) "        \
  "AND (CAST($7 AS TEXT) IS NULL OR claim = $7) AND (CAST($8 AS BIGINT) = 0 OR is_live = 1) "                \
  "AND (CAST($9 AS BIGINT) <> 1 OR attention_cause IS NOT NULL) "                                            \
  "AND (CAST($9 AS BIGINT) <> 2 OR attention_cause IS NULL) ORDER BY id DESC LIMIT $10"

constexpr Sql kListAll =
    "SELECT " CONNECTION_COLUMNS " FROM connection WHERE CAST($1 AS BIGINT) IS NULL AND " CONNECTION_FILTER;
constexpr Sql kListOnHost =
    "SELECT " CONNECTION_COLUMNS
    " FROM connection WHERE (CAST($1 AS BIGINT) IS NULL OR application = $1) "
    "AND id < $2 AND (CAST($3 AS TEXT) IS NULL OR organization = $3) AND host = $4 "
    "AND (CAST($5 AS TEXT) IS NULL OR status = $5) AND (CAST($6 AS TEXT) IS NULL OR propagation = $6) "
    "AND (CAST($7 AS TEXT) IS NULL OR claim = $7) AND (CAST($8 AS BIGINT) = 0 OR is_live = 1) "
    "AND (CAST($9 AS BIGINT) <> 1 OR attention_cause IS NOT NULL) "
    "AND (CAST($9 AS BIGINT) <> 2 OR attention_cause IS NULL) ORDER BY id DESC LIMIT $10";
constexpr Sql kListOfApplication =
    "SELECT " CONNECTION_COLUMNS " FROM connection WHERE application = $1 AND " CONNECTION_FILTER;
constexpr Sql kListOfOrganization =
    "SELECT " CONNECTION_COLUMNS
    " FROM connection WHERE application = $1 AND id < $2 AND organization = $3 "
    "AND (CAST($4 AS TEXT) IS NULL OR host = $4) "
    "AND (CAST($5 AS TEXT) IS NULL OR status = $5) AND (CAST($6 AS TEXT) IS NULL OR propagation = $6) "
    "AND (CAST($7 AS TEXT) IS NULL OR claim = $7) AND (CAST($8 AS BIGINT) = 0 OR is_live = 1) "
    "AND (CAST($9 AS BIGINT) <> 1 OR attention_cause IS NOT NULL) "
    "AND (CAST($9 AS BIGINT) <> 2 OR attention_cause IS NULL) ORDER BY id DESC LIMIT $10";

Sql list_statement(const std::optional<ApplicationId>& application, const Filter& filter) {
  if (filter.host) return kListOnHost;
  if (!application) return kListAll;
  return filter.organization ? kListOfOrganization : kListOfApplication;
}

int code_of(AttentionFilter filter) {
  switch (filter) {
    case AttentionFilter::kAll:
      return 0;
    case AttentionFilter::kWithAttention:
      return 1;
    case AttentionFilter::kWithoutAttention:
      return 2;
  }
  return 0;
}

template <typename Enum>
std::optional<std::string_view> word(const std::optional<Enum>& value) {
  if (!value) return std::nullopt;
  return model::name_of(*value);
}

Result<Page<model::Connection>> list_some(Tx& tx, std::optional<ApplicationId> application, const Filter& filter,
                                          const PageRequest<ConnectionId>& page) {
  const Rows rows = TRY(tx.query(list_statement(application, filter), application, page.below(), filter.organization,
                                 filter.host, word(filter.status), word(filter.propagation), word(filter.claim),
                                 filter.liveness == Liveness::kLiveOnly, code_of(filter.attention), page.row_limit()));
  auto found = TRY(page_of<model::Connection>(rows, page, read));
  TRY_VOID(load_records(tx, found.items));
  return found;
}

}  // namespace

Result<Page<model::Connection>> list(Tx& tx, ApplicationId application, const Filter& filter,
                                     const PageRequest<ConnectionId>& page) {
  return list_some(tx, application, filter, page);
}

Result<Page<model::Connection>> list_across_applications(Tx& tx, const Filter& filter,
                                                         const PageRequest<ConnectionId>& page) {
  return list_some(tx, std::nullopt, filter, page);
}

Result<std::vector<StatusCount>> count_live_across_applications(Tx& tx) {
  const Rows rows = TRY(tx.query("SELECT status, COUNT(*) FROM connection WHERE is_live = 1 GROUP BY status"));
  std::vector<StatusCount> counts;
  for (const Row row : rows) {
    counts.push_back({TRY(known(model::parse_status(row.text(0)), "status", row.text(0))), row.integer(1)});
  }
  std::ranges::sort(counts, {}, &StatusCount::status);
  return counts;
}

}  // namespace signpost::store::connections
