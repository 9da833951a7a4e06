// SPDX-License-Identifier: Apache-2.0
#include "dns/txt_shape.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace signpost::dns {
namespace {

std::string without(std::string_view text, std::string_view octets) {
  std::string kept;
  std::ranges::copy_if(text, std::back_inserter(kept), [&](char c) { return octets.find(c) == octets.npos; });
  return kept;
}

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kBlanksAndQuotes = " \t\r\n\"";

bool is_quoted(std::string_view wanted, std::string_view seen) {
  return seen.find('"') != seen.npos && without(seen, kBlanksAndQuotes) == without(wanted, kBlanksAndQuotes) &&
         std::ranges::count(seen, '"') > std::ranges::count(wanted, '"');
}

bool is_padded(std::string_view wanted, std::string_view seen) {
  return without(seen, kBlanks) == without(wanted, kBlanks);
}

bool is_cut(std::string_view wanted, std::string_view seen) {
  return seen.size() >= kCutBytesMin && seen.size() < wanted.size() && wanted.starts_with(seen);
}

/// Looks for distinct values that are, one behind the other, the wanted one.
class Pieces {
 public:
  explicit Pieces(std::span<const std::string> seen) : seen_(seen), is_used_(seen.size()) {}

  bool find(std::string_view wanted) {
    if (wanted.empty()) return true;
    for (std::size_t i = 0; i < seen_.size() && found_.size() < kSplitPiecesMax; ++i) {
      if (++steps_ > kSplitStepsMax) return false;
      if (is_used_[i] || seen_[i].empty() || !wanted.starts_with(seen_[i])) continue;
      is_used_[i] = true;
      found_.push_back(seen_[i]);
      if (find(wanted.substr(seen_[i].size()))) return true;
      found_.pop_back();
      is_used_[i] = false;
    }
    return false;
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  std::span<const std::string> seen_;
  std::vector<bool> is_used_;
  std::vector<std::string> found_;
  std::size_t steps_ = 0;
};

using Test = bool (*)(std::string_view wanted, std::string_view seen);
struct ShapeOfOne {
  TxtShape shape;
  Test has;
};
constexpr std::array kShapesOfOne{
    ShapeOfOne{TxtShape::kEqual, [](std::string_view wanted, std::string_view seen) { return wanted == seen; }},
    ShapeOfOne{TxtShape::kQuoted, is_quoted},
    ShapeOfOne{TxtShape::kPadded, is_padded},
};

}  // namespace

std::string_view name_of(TxtShape shape) {
  switch (shape) {
    case TxtShape::kEqual:
      return "equal";
    case TxtShape::kQuoted:
      return "quoted";
    case TxtShape::kPadded:
      return "padded";
    case TxtShape::kCut:
      return "cut";
    case TxtShape::kSplit:
      return "split";
    case TxtShape::kOther:
      return "other";
  }
  return "";
}

TxtFinding find_shape(std::string_view wanted, std::span<const std::string> seen) {
  for (const auto& [shape, has] : kShapesOfOne) {
    for (const auto& value : seen) {
      if (has(wanted, value)) return {shape, {value}};
    }
  }
  // All the pieces tell more than the first of them, which alone would be a cut value.
  if (Pieces pieces(seen); !wanted.empty() && pieces.find(wanted)) return {TxtShape::kSplit, pieces.take()};
  for (const auto& value : seen) {
    if (is_cut(wanted, value)) return {TxtShape::kCut, {value}};
  }
  return {};
}

}  // namespace signpost::dns
