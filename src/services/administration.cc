// SPDX-License-Identifier: Apache-2.0
#include "services/administration.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::services {

Result<void> check_name(std::string_view name) {
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto characters = static_cast<std::size_t>(std::ranges::count_if(name, is_start));
  const auto has_control = std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (trim(name).empty() || characters > kNameCharactersMax || has_control) {
    return fail(Kind::kUnprocessable,
                format("name must have 1 to {} characters and no control characters", kNameCharactersMax), "name");
  }
  return {};
}

Result<void> audit(store::Tx& tx, const Administration& by, std::optional<ApplicationId> application,
                   std::string action, std::string subject, std::string detail) {
  return store::audit_log::insert(tx, {by.ids.make<AuditId>(), application, by.actor, std::move(action),
                                       std::move(subject), std::move(detail), by.now});
}

Result<store::Page<AuditEntry>> list_audit_log(store::Tx& tx, std::optional<ApplicationId> application,
                                               const store::PageRequest<AuditId>& page) {
  return application ? store::audit_log::list(tx, *application, page)
                     : store::audit_log::list_across_applications(tx, page);
}

}  // namespace signpost::services
