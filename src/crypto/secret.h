// SPDX-License-Identifier: Apache-2.0
//
// Text that must not be seen: it has no <<, no format and no comparison, and its memory is wiped when it ends.
// Value; the thread of its holder. Only `expose` shows it, so that every place which looks can be found by that word.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace signpost::crypto {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  ~Secret() { wipe(); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept { text_.swap(other.text_); }
  Secret& operator=(Secret other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  /// The text itself, as long as this lives. Never for a log, an error or a metric.
  const std::string& expose() const { return text_; }
  bool is_empty() const { return text_.empty(); }

 private:
  void wipe() noexcept;
  std::string text_;
};

/// Takes a time that depends on the lengths alone. Use it for every secret, signature and token.
bool equals_in_constant_time(std::string_view a, std::string_view b);

}  // namespace signpost::crypto
