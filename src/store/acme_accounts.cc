// SPDX-License-Identifier: Apache-2.0
#include "store/acme_accounts.h"

#include "base/text.h"
#include "store/load_all.h"

namespace signpost::store::acme_accounts {
namespace {

#define ACCOUNT_COLUMNS \
  "authority, directory_url, url, sealed_key, created_at, next_sealed_key, key_changed_at, contact"

Result<Account> read(const Row& row) {
  auto sealed = from_base64(row.text(3));
  auto next = from_base64(row.text(5));
  if (!sealed || !next) {
    return fail(Kind::kInternal, format("the sealed key of the account at {} is damaged", row.text(0)));
  }
  return Account{.authority = std::string(row.text(0)),
                 .directory_url = std::string(row.text(1)),
                 .url = std::string(row.text(2)),
                 .sealed_key = *std::move(sealed),
                 .created_at = row.time(4),
                 .next_sealed_key = *std::move(next),
                 .key_changed_at = row.optional_time(6),
                 .contact = std::string(row.text(7))};
}

}  // namespace

Result<void> save(Tx& tx, const Account& account) {
  const std::string sealed = to_base64(account.sealed_key);
  const std::string next = to_base64(account.next_sealed_key);
  TRY(tx.execute("DELETE FROM acme_account WHERE authority = $1", account.authority));
  TRY(tx.execute("INSERT INTO acme_account (" ACCOUNT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                 account.authority, account.directory_url, account.url, sealed, account.created_at, next,
                 account.key_changed_at, account.contact));
  return {};
}

Result<std::optional<Account>> find(Tx& tx, std::string_view authority) {
  return first_of<Account>(
      TRY(tx.query("SELECT " ACCOUNT_COLUMNS " FROM acme_account WHERE authority = $1", authority)), read);
}

}  // namespace signpost::store::acme_accounts
