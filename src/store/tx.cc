// SPDX-License-Identifier: Apache-2.0
#include "store/tx.h"

#include "base/text.h"

namespace signpost::store {
namespace {

Result<void> check(Sql sql, std::span<const Value> values) {
  if (static_cast<int>(values.size()) != sql.parameters()) {
    return fail(Kind::kInternal, format("a statement with {} parameters was given {}: {}", sql.parameters(),
                                        values.size(), printable(sql.text())));
  }
  for (const Value& value : values) {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text == nullptr) continue;
    // PostgreSQL can hold neither; SQLite would cut or keep them silently.
    if (text->find('\0') != std::string_view::npos) {
      return fail(Kind::kInvalid, "a text holds the character U+0000, which cannot be saved");
    }
    if (!is_valid_utf8(*text)) return fail(Kind::kInvalid, "a text is not valid UTF-8 and cannot be saved");
  }
  return {};
}

}  // namespace

Result<std::int64_t> Tx::run(Sql sql, std::span<const Value> values, Rows* rows) {
  if (failure_) return std::unexpected(*failure_);
  Result<std::int64_t> changed = 0;
  if (auto checked = check(sql, values); !checked) {
    changed = std::unexpected(std::move(checked).error());
  } else {
    changed = run_checked(sql, values, rows);
  }
  if (!changed) failure_ = changed.error();
  return changed;
}

}  // namespace signpost::store
