// SPDX-License-Identifier: Apache-2.0
#include "store/sql.h"

namespace signpost::store {
namespace {

std::string_view key_in(Dialect dialect) {
  switch (dialect) {
    case Dialect::kSqlite:
      return "INTEGER PRIMARY KEY";  // the row id itself, so no second index
    case Dialect::kPostgres:
      return "BIGINT PRIMARY KEY";
  }
  return {};
}

}  // namespace

std::string Sql::in(Dialect dialect) const {
  constexpr std::string_view kWord = "{key}";
  std::string text(this->text());
  for (auto at = text.find(kWord); at != std::string::npos; at = text.find(kWord, at)) {
    text.replace(at, kWord.size(), key_in(dialect));
  }
  return text;
}

}  // namespace signpost::store
