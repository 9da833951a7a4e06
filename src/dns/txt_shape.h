// SPDX-License-Identifier: Apache-2.0
//
// In which shape a wanted TXT value is among those that are seen: as it should be, or as providers' forms spoil it.
// Pure; any thread. Ends within kSplitStepsMax steps, whatever the values are.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::dns {

enum class TxtShape {
  kEqual,
  kQuoted,  // with literal quotation marks, around it or between its pieces: `"v=abc"`, `"v=" "abc"`
  kPadded,  // with white space before, after or inside where none belongs
  kSplit,   // its pieces stand in several records, which have no order
  kCut,     // only its beginning, at least kCutBytesMin octets of it
  kOther,
};
/// "equal", "quoted", "padded", "split", "cut", "other".
std::string_view name_of(TxtShape shape);

constexpr std::size_t kCutBytesMin = 8;  // less is shared by strangers: "v=spf1", "google-"
constexpr std::size_t kSplitPiecesMax = 8;
constexpr std::size_t kSplitStepsMax = 1'000;

struct TxtFinding {
  TxtShape shape = TxtShape::kOther;
  std::vector<std::string> seen = {};  // the values that show it: one; several if split; none if other
};

/// The first shape that any of the seen values has: equal, quoted (padded too, perhaps), padded, split, cut, other.
TxtFinding find_shape(std::string_view wanted, std::span<const std::string> seen);

}  // namespace signpost::dns
