// SPDX-License-Identifier: Apache-2.0
#include "model/application.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signpost::model {

std::vector<ApplicationSecret> live_secrets(const std::vector<ApplicationSecret>& all, Time now) {
  std::vector<ApplicationSecret> live;
  std::ranges::copy_if(all, std::back_inserter(live), [&](const auto& secret) { return secret.is_live(now); });
  std::ranges::sort(live, [](const auto& a, const auto& b) { return a.id > b.id; });
  return live;
}

const ApplicationSecret* entri_secret(const std::vector<ApplicationSecret>& live_newest_first) {
  if (live_newest_first.empty()) return nullptr;
  const auto promoted = std::ranges::find_if(live_newest_first, &ApplicationSecret::is_promoted);
  return promoted != live_newest_first.end() ? &*promoted : &live_newest_first.front();
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::kAdmin:
      return "Admin";
    case Role::kDeveloper:
      return "Developer";
    case Role::kSupport:
      return "Support";
    case Role::kViewer:
      return "Viewer";
  }
  return "";
}

std::optional<Role> parse_role(std::string_view text) {
  for (const auto role : std::array{Role::kAdmin, Role::kDeveloper, Role::kSupport, Role::kViewer}) {
    if (text == name_of(role)) return role;
  }
  return std::nullopt;
}

}  // namespace signpost::model
