// SPDX-License-Identifier: Apache-2.0
#include "store/original_dns.h"

#include "store/load_all.h"
#include "store/saved_text.h"

namespace signpost::store::original_dns {
namespace {

Result<model::OriginalDns> read(const Row& row) {
  return model::OriginalDns{row.optional_text(0), items_of(row.text(1)), items_of(row.text(2)), row.time(3)};
}

}  // namespace

Result<bool> keep(Tx& tx, ConnectionId connection, const model::OriginalDns& original) {
  const std::string a = TRY(lines_of(original.a));
  const std::string aaaa = TRY(lines_of(original.aaaa));
  return TRY(tx.execute("INSERT INTO original_dns (connection, cname, a, aaaa, seen_at) VALUES ($1, $2, $3, $4, $5) "
                        "ON CONFLICT (connection) DO NOTHING",
                        connection, original.cname, a, aaaa, original.seen_at)) == 1;
}

Result<std::optional<model::OriginalDns>> find(Tx& tx, ApplicationId application, ConnectionId connection) {
  return first_of<model::OriginalDns>(
      TRY(tx.query(
          "SELECT o.cname, o.a, o.aaaa, o.seen_at FROM connection c JOIN original_dns o ON o.connection = c.id "
          "WHERE c.application = $1 AND c.id = $2",
          application, connection)),
      read);
}

}  // namespace signpost::store::original_dns
