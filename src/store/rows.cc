// SPDX-License-Identifier: Apache-2.0
#include "store/rows.h"

#include <stdexcept>

namespace signpost::store {

const Rows::Cell& Rows::cell(std::size_t index) const {
  if (index >= cells_.size()) throw std::logic_error("a column was read that the statement does not have");
  return cells_[index];
}

bool Row::is_null(std::size_t column) const { return rows_->cell(first_ + column).type == Rows::Type::kNull; }

std::int64_t Row::integer(std::size_t column) const {
  const auto& cell = rows_->cell(first_ + column);
  if (cell.type != Rows::Type::kInteger) throw std::logic_error("a column was read as an integer that is none");
  return cell.value;
}

std::string_view Row::text(std::size_t column) const {
  const auto& cell = rows_->cell(first_ + column);
  if (cell.type != Rows::Type::kText) throw std::logic_error("a column was read as a text that is none");
  return std::string_view(rows_->texts_).substr(static_cast<std::size_t>(cell.value), cell.size);
}

std::optional<std::int64_t> Row::optional_integer(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::optional<std::string> Row::optional_text(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return std::string(text(column));
}

std::optional<Time> Row::optional_time(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

}  // namespace signpost::store
