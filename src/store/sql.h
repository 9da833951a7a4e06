// SPDX-License-Identifier: Apache-2.0
//
// One SQL statement that both databases understand, checked while it is compiled.
// Values that point at literals; any thread. Only a string literal becomes an Sql, so no statement is ever glued
// together.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::store {

enum class Dialect { kSqlite, kPostgres };

/// Parameters are $1, $2 … and first appear in that order: SQLite numbers them by appearance, PostgreSQL by name.
/// `{key}` is the one dialect word: the type of a table's 64-bit key column.
class Sql {
 public:
  template <std::size_t N>
  consteval Sql(const char (&literal)[N])
      : text_(literal), size_(N - 1), parameters_(count_parameters(literal)) {}  // NOLINT

  /// Stable for the life of the program: what a connection caches its prepared statement under.
  const char* key() const { return text_; }
  std::string_view text() const { return {text_, size_}; }
  int parameters() const { return parameters_; }
  /// The statement in the database's own words.
  std::string in(Dialect dialect) const;

 private:
  template <std::size_t N>
  static consteval int count_parameters(const char (&literal)[N]) {
    int seen = 0;
    for (std::size_t i = 0; i + 1 < N; ++i) {
      if (literal[i] == '{' && std::string_view(literal + i, N - 1 - i).substr(0, 5) != "{key}") {
        throw "the only dialect word is {key}";
      }
      if (literal[i] != '$') continue;
      int number = 0;
      std::size_t at = i + 1;
      for (; at + 1 < N && literal[at] >= '0' && literal[at] <= '9'; ++at) number = number * 10 + (literal[at] - '0');
      if (number < 1) throw "a parameter is $ and a number from 1";
      if (number > seen + 1) throw "parameters must first appear in the order $1, $2, $3";
      if (number == seen + 1) seen = number;
      i = at - 1;
    }
    return seen;
  }

  const char* text_;
  std::size_t size_;
  int parameters_;
};

}  // namespace signpost::store
