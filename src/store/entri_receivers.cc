// SPDX-License-Identifier: Apache-2.0
#include "store/entri_receivers.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::entri_receivers {
namespace {

// Sealed secrets are bytes; the column is base 64, because a text cannot hold them.
Result<model::EntriReceiver> read(const Row& row) {
  model::EntriReceiver receiver;
  auto sealed = from_base64(row.text(1));
  if (!sealed) {
    return fail(Kind::kInternal, format("the sealed Entri secret of {} is damaged", row.id<ApplicationId>(0).text()));
  }
  receiver.sealed_secret = *std::move(sealed);
  receiver.form = TRY(known(model::parse_entri_form(row.text(2)), "form of signature", row.text(2)));
  receiver.allows_v1 = row.flag(3);
  receiver.source_addresses = items_of(row.text(4));
  receiver.updated_at = row.time(5);
  return receiver;
}

#define RECEIVER_COLUMNS "application, sealed_secret, form, allows_v1, source_addresses, updated_at"

}  // namespace

Result<void> save(Tx& tx, ApplicationId application, const model::EntriReceiver& receiver) {
  const std::string addresses = TRY(lines_of(receiver.source_addresses));
  const std::string sealed = to_base64(receiver.sealed_secret);
  TRY(tx.execute("DELETE FROM entri_receiver WHERE application = $1", application));
  TRY(tx.execute("INSERT INTO entri_receiver (" RECEIVER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)", application,
                 sealed, model::name_of(receiver.form), receiver.allows_v1, addresses, receiver.updated_at));
  return {};
}

Result<std::optional<model::EntriReceiver>> find(Tx& tx, ApplicationId application) {
  const Rows rows =
      TRY(tx.query("SELECT " RECEIVER_COLUMNS " FROM entri_receiver WHERE application = $1", application));
  return first_of<model::EntriReceiver>(rows, read);
}

Result<bool> remove(Tx& tx, ApplicationId application) {
  return TRY(tx.execute("DELETE FROM entri_receiver WHERE application = $1", application)) == 1;
}

Result<std::vector<OfApplication>> load_all_across_applications(Tx& tx) {
  const Rows rows =
      TRY(tx.query("SELECT " RECEIVER_COLUMNS " FROM entri_receiver ORDER BY application LIMIT $1", kReceiversMax + 1));
  return all_of<OfApplication>(
      rows, kReceiversMax, "receivers of Entri's webhooks",
      [](const Row& row) -> Result<OfApplication> { return OfApplication{row.id<ApplicationId>(0), TRY(read(row))}; });
}

}  // namespace signpost::store::entri_receivers
