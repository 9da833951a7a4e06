// SPDX-License-Identifier: Apache-2.0
#include "store/certificates.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::certificates {
namespace {

#define CERTIFICATE_COLUMNS                                                                                       \
  "id, application, connection, made_by, names, label, order_authority, order_url, order_finalize_url, "          \
  "order_expires_at, order_step, order_sealed_key, order_placed_at, held_authority, held_chain, "                 \
  "held_sealed_key, held_serial, held_ari_id, held_not_before, held_not_after, held_issued_at, held_revoked_at, " \
  "renew_at, ask_renewal_at, not_before, failures, trouble_cause, trouble_explanation, trouble_since, version, "  \
  "created_at, updated_at, unseen_since, missing, order_busy_since, held_texts"

// Sealed keys are bytes; the columns are base 64, because a text cannot hold them.
Result<std::string> sealed(const Row& row, std::size_t column) {
  auto bytes = from_base64(row.text(column));
  if (bytes) return *std::move(bytes);
  return fail(Kind::kInternal, format("the sealed key of {} is damaged", row.id<CertificateId>(0).text()));
}

Result<std::vector<DnsName>> names_of(std::string_view lines) {
  std::vector<DnsName> names;
  for (const auto& item : items_of(lines)) names.push_back(TRY(DnsName::parse(item)));
  return names;
}

Result<std::string> lines_of_names(const std::vector<DnsName>& names) {
  std::vector<std::string> items;
  for (const auto& name : names) items.push_back(name.text());
  return lines_of(items);
}

Result<std::optional<model::CertificateOrder>> order_of(const Row& row) {
  if (row.is_null(6)) return std::nullopt;
  return model::CertificateOrder{.authority = std::string(row.text(6)),
                                 .url = std::string(row.text(7)),
                                 .finalize_url = std::string(row.text(8)),
                                 .expires_at = row.time(9),
                                 .step = TRY(known(model::parse_order_step(row.text(10)), "step", row.text(10))),
                                 .challenges = {},
                                 .sealed_key = TRY(sealed(row, 11)),
                                 .placed_at = row.time(12),
                                 .busy_since = row.optional_time(34)};
}

Result<std::optional<model::HeldCertificate>> held_of(const Row& row) {
  if (row.is_null(13)) return std::nullopt;
  return model::HeldCertificate{.authority = std::string(row.text(13)),
                                .chain_pem = std::string(row.text(14)),
                                .sealed_key = TRY(sealed(row, 15)),
                                .serial = std::string(row.text(16)),
                                .ari_id = std::string(row.text(17)),
                                .not_before = row.time(18),
                                .not_after = row.time(19),
                                .issued_at = row.time(20),
                                .revoked_at = row.optional_time(21),
                                .texts = items_of(row.text(35))};
}

std::optional<model::CertificateTrouble> trouble_of(const Row& row) {
  if (row.is_null(26)) return std::nullopt;
  return model::CertificateTrouble{std::string(row.text(26)), std::string(row.text(27)), row.time(28)};
}

/// Without the challenges of its order.
Result<model::Certificate> read(const Row& row) {
  return model::Certificate{
      .id = row.id<CertificateId>(0),
      .application = row.id<ApplicationId>(1),
      .connection = row.id<ConnectionId>(2),
      .by = TRY(known(model::parse_certificate_by(row.text(3)), "certificate", row.text(3))),
      .names = TRY(names_of(row.text(4))),
      .label = std::string(row.text(5)),
      .order = TRY(order_of(row)),
      .held = TRY(held_of(row)),
      .renew_at = row.optional_time(22),
      .ask_renewal_at = row.optional_time(23),
      .not_before = row.optional_time(24),
      .unseen_since = row.optional_time(32),
      .missing = std::string(row.text(33)),
      .failures = static_cast<std::int32_t>(row.integer(25)),
      .trouble = trouble_of(row),
      .version = row.integer(29),
      .created_at = row.time(30),
      .updated_at = row.time(31),
  };
}

Result<std::vector<model::Challenge>> challenges_of(Tx& tx, CertificateId id) {
  const Rows rows =
      TRY(tx.query("SELECT identifier, authorization_url, challenge_url, challenge_text FROM certificate_challenge "
                   "WHERE certificate = $1 ORDER BY position LIMIT $2",
                   id, kChallengesMax + 1));
  return all_of<model::Challenge>(rows, kChallengesMax, "challenges", [](const Row& row) -> Result<model::Challenge> {
    return model::Challenge{TRY(DnsName::parse(row.text(0))), std::string(row.text(1)), std::string(row.text(2)),
                            std::string(row.text(3))};
  });
}

Result<void> save_challenges(Tx& tx, const model::Certificate& certificate) {
  TRY(tx.execute("DELETE FROM certificate_challenge WHERE certificate = $1", certificate.id));
  if (!certificate.order) return {};
  int position = 0;
  for (const auto& challenge : certificate.order->challenges) {
    TRY(
        tx.execute("INSERT INTO certificate_challenge (certificate, position, identifier, authorization_url, "
                   "challenge_url, challenge_text) VALUES ($1, $2, $3, $4, $5, $6)",
                   certificate.id, position++, challenge.identifier, challenge.authorization_url,
                   challenge.challenge_url, challenge.text));
  }
  return {};
}

Result<void> load_challenges(Tx& tx, model::Certificate& certificate) {
  if (certificate.order) certificate.order->challenges = TRY(challenges_of(tx, certificate.id));
  return {};
}

Result<std::optional<model::Certificate>> first_with_challenges(Tx& tx, const Rows& rows) {
  auto found = TRY(first_of<model::Certificate>(rows, read));
  if (found) TRY_VOID(load_challenges(tx, *found));
  return found;
}

/// The columns of an order, null when none is on its way.
struct OrderColumns {
  explicit OrderColumns(const model::Certificate& certificate) {
    if (!certificate.order) return;
    const auto& order = *certificate.order;
    authority = order.authority;
    url = order.url;
    finalize_url = order.finalize_url;
    expires_at = order.expires_at;
    step = model::name_of(order.step);
    sealed_key = to_base64(order.sealed_key);
    placed_at = order.placed_at;
    busy_since = order.busy_since;
  }
  std::optional<std::string_view> authority, url, finalize_url, step;
  std::optional<std::string> sealed_key;
  std::optional<Time> expires_at, placed_at, busy_since;
};

/// The columns of what is held, null until a certificate is issued.
struct HeldColumns {
  explicit HeldColumns(const model::Certificate& certificate) {
    if (!certificate.held) return;
    const auto& held = *certificate.held;
    authority = held.authority;
    chain = held.chain_pem;
    sealed_key = to_base64(held.sealed_key);
    serial = held.serial;
    ari_id = held.ari_id;
    not_before = held.not_before;
    not_after = held.not_after;
    issued_at = held.issued_at;
    revoked_at = held.revoked_at;
  }
  std::optional<std::string_view> authority, chain, serial, ari_id;
  std::optional<std::string> sealed_key;
  std::optional<Time> not_before, not_after, issued_at, revoked_at;
};

struct TroubleColumns {
  explicit TroubleColumns(const model::Certificate& certificate) {
    if (!certificate.trouble) return;
    cause = certificate.trouble->cause;
    explanation = certificate.trouble->explanation;
    since = certificate.trouble->since;
  }
  std::optional<std::string_view> cause, explanation;
  std::optional<Time> since;
};

}  // namespace

Result<void> insert(Tx& tx, const model::Certificate& c) {
  const OrderColumns order(c);
  const HeldColumns held(c);
  const TroubleColumns trouble(c);
  const std::string names = TRY(lines_of_names(c.names));
  const std::string held_texts = TRY(lines_of(c.held ? c.held->texts : std::vector<std::string>()));
  TRY(tx.execute("INSERT INTO certificate (" CERTIFICATE_COLUMNS
                 ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
                 "$21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36)",
                 c.id, c.application, c.connection, model::name_of(c.by), names, c.label, order.authority, order.url,
                 order.finalize_url, order.expires_at, order.step, order.sealed_key, order.placed_at, held.authority,
                 held.chain, held.sealed_key, held.serial, held.ari_id, held.not_before, held.not_after, held.issued_at,
                 held.revoked_at, c.renew_at, c.ask_renewal_at, c.not_before, c.failures, trouble.cause,
                 trouble.explanation, trouble.since, c.version, c.created_at, c.updated_at, c.unseen_since, c.missing,
                 order.busy_since, held_texts));
  return save_challenges(tx, c);
}

Result<std::optional<model::Certificate>> find(Tx& tx, ApplicationId application, CertificateId id) {
  return first_with_challenges(
      tx, TRY(tx.query("SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE application = $1 AND id = $2",
                       application, id)));
}

Result<std::optional<model::Certificate>> find_across_applications(Tx& tx, CertificateId id) {
  return first_with_challenges(tx, TRY(tx.query("SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE id = $1", id)));
}

Result<std::optional<model::Certificate>> find_of_connection(Tx& tx, ApplicationId application,
                                                             ConnectionId connection) {
  return first_with_challenges(
      tx, TRY(tx.query("SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE application = $1 AND connection = $2",
                       application, connection)));
}

Result<bool> update(Tx& tx, const model::Certificate& c, std::int64_t expected_version) {
  const OrderColumns order(c);
  const HeldColumns held(c);
  const TroubleColumns trouble(c);
  const std::string held_texts = TRY(lines_of(c.held ? c.held->texts : std::vector<std::string>()));
  const auto changed = TRY(tx.execute(
      "UPDATE certificate SET order_authority = $1, order_url = $2, order_finalize_url = $3, order_expires_at = $4, "
      "order_step = $5, order_sealed_key = $6, order_placed_at = $7, held_authority = $8, held_chain = $9, "
      "held_sealed_key = $10, held_serial = $11, held_ari_id = $12, held_not_before = $13, held_not_after = $14, "
      "held_issued_at = $15, held_revoked_at = $16, renew_at = $17, ask_renewal_at = $18, not_before = $19, "
      "failures = $20, trouble_cause = $21, trouble_explanation = $22, trouble_since = $23, updated_at = $24, "
      "version = $25, unseen_since = $26, missing = $27, order_busy_since = $28, held_texts = $29 "
      "WHERE application = $30 AND id = $31 AND version = $32",
      order.authority, order.url, order.finalize_url, order.expires_at, order.step, order.sealed_key, order.placed_at,
      held.authority, held.chain, held.sealed_key, held.serial, held.ari_id, held.not_before, held.not_after,
      held.issued_at, held.revoked_at, c.renew_at, c.ask_renewal_at, c.not_before, c.failures, trouble.cause,
      trouble.explanation, trouble.since, c.updated_at, expected_version + 1, c.unseen_since, c.missing,
      order.busy_since, held_texts, c.application, c.id, expected_version));
  if (changed != 1) return false;
  TRY_VOID(save_challenges(tx, c));
  return true;
}

Result<void> forget_challenges_across_applications(Tx& tx, std::string_view authority) {
  TRY(
      tx.execute("DELETE FROM certificate_challenge WHERE certificate IN (SELECT id FROM certificate "
                 "WHERE order_authority = $1 AND order_step = 'placed')",
                 authority));
  TRY(tx.execute("UPDATE certificate SET version = version + 1 WHERE order_authority = $1 AND order_step = 'placed'",
                 authority));
  return {};
}

namespace {

#define CERTIFICATE_FILTER                                                                            \
  "id < $2 AND (CAST($3 AS BIGINT) IS NULL OR (held_not_after IS NOT NULL AND held_not_after < $3)) " \
  "ORDER BY id DESC LIMIT $4"

constexpr Sql kListOfApplication =
    "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE application = $1 AND " CERTIFICATE_FILTER;
constexpr Sql kListAll =
    "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE CAST($1 AS BIGINT) IS NULL AND " CERTIFICATE_FILTER;

Result<Page<model::Certificate>> list_some(Tx& tx, Sql statement, std::optional<ApplicationId> application,
                                           const Filter& filter, const PageRequest<CertificateId>& page) {
  const Rows rows = TRY(tx.query(statement, application, page.below(), filter.ends_before, page.row_limit()));
  auto found = TRY(page_of<model::Certificate>(rows, page, read));
  for (auto& certificate : found.items) TRY_VOID(load_challenges(tx, certificate));
  return found;
}

}  // namespace

Result<Page<model::Certificate>> list(Tx& tx, ApplicationId application, const Filter& filter,
                                      const PageRequest<CertificateId>& page) {
  return list_some(tx, kListOfApplication, application, filter, page);
}

Result<Page<model::Certificate>> list_across_applications(Tx& tx, const Filter& filter,
                                                          const PageRequest<CertificateId>& page) {
  return list_some(tx, kListAll, std::nullopt, filter, page);
}

}  // namespace signpost::store::certificates
