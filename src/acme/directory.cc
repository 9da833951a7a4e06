// SPDX-License-Identifier: Apache-2.0
#include "acme/directory.h"

#include <algorithm>

namespace signpost::acme {

bool Directory::has_profile(std::string_view name) const {
  return std::ranges::any_of(profiles, [&](const auto& profile) { return profile.first == name; });
}

}  // namespace signpost::acme
