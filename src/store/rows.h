// SPDX-License-Identifier: Apache-2.0
//
// What a query answered: cells of integers, texts and nulls in one piece of memory.
// Filled by a driver, owned by the work that asked; one thread. Texts are views that live as long as the Rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace signpost::store {

class Rows;

/// One row; valid while its Rows is. A getter that does not fit the cell (null, other type) is a bug and throws
/// std::logic_error.
class Row {
 public:
  Row(const Rows& rows, std::size_t first) : rows_(&rows), first_(first) {}
  std::int64_t integer(std::size_t column) const;
  std::string_view text(std::size_t column) const;
  std::optional<std::int64_t> optional_integer(std::size_t column) const;
  std::optional<std::string> optional_text(std::size_t column) const;
  bool is_null(std::size_t column) const;

  bool flag(std::size_t column) const { return integer(column) != 0; }
  Time time(std::size_t column) const { return from_ms(integer(column)); }
  std::optional<Time> optional_time(std::size_t column) const;
  template <typename AnyId>
  AnyId id(std::size_t column) const {
    return AnyId(integer(column));
  }

 private:
  const Rows* rows_;
  std::size_t first_;
};

class Rows {
 public:
  std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  bool empty() const { return cells_.empty(); }
  Row operator[](std::size_t row) const { return Row(*this, row * columns_); }
  Row front() const { return (*this)[0]; }

  class Iterator {
   public:
    Iterator(const Rows& rows, std::size_t row) : rows_(&rows), row_(row) {}
    Row operator*() const { return (*rows_)[row_]; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return row_ == other.row_; }

   private:
    const Rows* rows_;
    std::size_t row_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

  // For the drivers: row after row, column after column.
  void start(std::size_t columns) {
    columns_ = columns;
    cells_.reserve(columns);  // one row, of most queries the only one
  }
  void add_null() { cells_.push_back({Type::kNull, 0, 0}); }
  void add_integer(std::int64_t value) { cells_.push_back({Type::kInteger, value, 0}); }
  void add_text(std::string_view text) {
    cells_.push_back({Type::kText, static_cast<std::int64_t>(texts_.size()), text.size()});
    texts_.append(text);
  }

 private:
  friend class Row;
  enum class Type : std::uint8_t { kNull, kInteger, kText };
  struct Cell {
    Type type;
    std::int64_t value;  // the integer, or where the text begins
    std::size_t size;
  };
  const Cell& cell(std::size_t index) const;

  std::size_t columns_ = 0;
  std::vector<Cell> cells_;
  std::string texts_;
};

}  // namespace signpost::store
