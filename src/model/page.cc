// SPDX-License-Identifier: Apache-2.0
#include "model/page.h"

#include <algorithm>

namespace signpost::model {

std::string_view name_of(PageKind kind) {
  switch (kind) {
    case PageKind::kCore:
      return "core";
    case PageKind::kQa:
      return "qa";
    case PageKind::kBoosted:
      return "boosted";
  }
  return "";
}

std::optional<PageKind> parse_page_kind(std::string_view text) {
  const auto found = std::ranges::find_if(kPageKinds, [&](PageKind kind) { return name_of(kind) == text; });
  if (found == kPageKinds.end()) return std::nullopt;
  return *found;
}

}  // namespace signpost::model
