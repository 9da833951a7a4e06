// SPDX-License-Identifier: Apache-2.0
#include "services/organization_slug.h"

#include <algorithm>

#include "base/text.h"
#include "model/connection.h"

namespace signpost::services {

Result<void> check_organization(std::string_view slug) {
  const bool is_slug = std::ranges::all_of(slug, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (is_slug && !slug.empty() && slug.size() <= model::kOrganizationBytesMax) return {};
  return fail(
      Kind::kUnprocessable,
      format("an organization is named by 1 to {} characters of A-Z, a-z, 0-9, _ and -", model::kOrganizationBytesMax),
      "organization");
}

}  // namespace signpost::services
