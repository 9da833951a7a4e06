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
  return promoted != live_newest_first.end() ? &*promoted : &live_newest_first.back();
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

std::string_view name_of(DisabledReason reason) {
  switch (reason) {
    case DisabledReason::kNone:
      return "none";
    case DisabledReason::kByHand:
      return "by_hand";
    case DisabledReason::kGone:
      return "gone";
    case DisabledReason::kFailing:
      return "failing";
  }
  return "";
}

std::optional<DisabledReason> parse_disabled_reason(std::string_view text) {
  for (const auto reason :
       {DisabledReason::kNone, DisabledReason::kByHand, DisabledReason::kGone, DisabledReason::kFailing}) {
    if (text == name_of(reason)) return reason;
  }
  return std::nullopt;
}

std::string paused_reason(const Endpoint& endpoint, Role owner_role) {
  const bool is_unexplained = !endpoint.is_enabled && endpoint.disabled_reason == DisabledReason::kNone;
  switch (is_unexplained ? DisabledReason::kByHand : endpoint.disabled_reason) {
    case DisabledReason::kNone:
      break;
    case DisabledReason::kByHand:
      return "the endpoint was disabled by hand; enable it to receive again";
    case DisabledReason::kGone:
      return "the endpoint asked for no more webhooks (410 Gone, or the header Webhook-Delivery: disable) and was "
             "disabled; "
             "enable it once it takes webhooks again";
    case DisabledReason::kFailing:
      return "the endpoint was disabled after 5 days of nothing but failures; enable it once it takes webhooks again";
  }
  if (may_receive_deliveries(owner_role)) return "";
  return format(
      "the endpoint's owner has the role {}, deliveries go to Admin and Developer; give the owner another role, or the "
      "endpoint another owner",
      name_of(owner_role));
}

}  // namespace signpost::model
