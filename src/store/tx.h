// SPDX-License-Identifier: Apache-2.0
//
// One transaction as a work sees it: run statements, read rows, nothing else.
// Owned by the database thread that runs the work; only inside the work. The first statement that fails ends the
// transaction on every database: later ones return the same error, and the work counts as failed whatever it returns.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/host_name.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "store/rows.h"
#include "store/sql.h"

namespace signpost::store {

/// A parameter. Texts are views: what they show must live until the statement has run.
using Value = std::variant<std::nullptr_t, std::int64_t, std::string_view>;

inline Value to_value(std::nullptr_t) { return nullptr; }
template <std::integral Number>
Value to_value(Number number) {
  return static_cast<std::int64_t>(number);
}
inline Value to_value(std::string_view text) { return text; }
inline Value to_value(const std::string& text) { return std::string_view(text); }
inline Value to_value(const char* text) { return std::string_view(text); }
inline Value to_value(Time time) { return to_ms(time); }
inline Value to_value(const HostName& host) { return std::string_view(host.text()); }
inline Value to_value(const DnsName& name) { return std::string_view(name.text()); }
template <typename Tag>
Value to_value(Id<Tag> id) {
  return id.value();
}
template <typename T>
Value to_value(const std::optional<T>& value) {
  if (value) return to_value(*value);
  return nullptr;
}

class Tx {
 public:
  virtual ~Tx() = default;
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  /// Runs a statement that changes rows and returns how many. kInvalid for text with U+0000 or that is not UTF-8;
  /// kConflict when a unique rule forbids it; kNotFound when what the row belongs to is gone; kUnavailable when the
  /// database cannot.
  template <typename... Args>
  Result<std::int64_t> execute(Sql sql, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{to_value(args)...};
    return run(sql, values, nullptr);
  }

  /// Runs a statement and returns its rows. Every list has a LIMIT.
  template <typename... Args>
  Result<Rows> query(Sql sql, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{to_value(args)...};
    Rows rows;
    if (auto done = run(sql, values, &rows); !done) return std::unexpected(std::move(done).error());
    return rows;
  }

  virtual Dialect dialect() const = 0;

  /// The error of the first statement that failed, if one did.
  const std::optional<Error>& failure() const { return failure_; }

 protected:
  Tx() = default;
  /// The driver's part: parameters are checked already. Rows are wanted if `rows` is not null.
  virtual Result<std::int64_t> run_checked(Sql sql, std::span<const Value> values, Rows* rows) = 0;

 private:
  Result<std::int64_t> run(Sql sql, std::span<const Value> values, Rows* rows);
  std::optional<Error> failure_;
};

}  // namespace signpost::store
