// SPDX-License-Identifier: Apache-2.0
#include "services/certificate_cause.h"

#include "base/text.h"
#include "model/connection.h"

namespace signpost::services {
namespace {

std::string prefixed(std::string_view word) { return format("{}{}", model::kCertificateCausePrefix, word); }

}  // namespace

std::string cause_of(CertificateCause cause) { return prefixed(cause.word()); }
std::string cause_of(acme::Trouble trouble) { return prefixed(acme::name_of(trouble)); }
std::string cause_seen(std::string_view cause) { return prefixed(cause); }

std::string certificate_causes_page() {
  std::string page =
      "# Causes of certificates\n\n"
      "Why a certificate does not come or is not renewed, as `attention` of a connection and `trouble` of a "
      "certificate\n"
      "name it, with an explanation that has the exact values and who said what. A code never changes its meaning; "
      "new\n"
      "ones may be added. `signpost certificate causes` prints this page.\n\n"
      "What keeps the challenge from being seen in DNS has the code of [causes.md](../causes.md) after "
      "`certificate_`:\n"
      "`certificate_name_missing`, `certificate_servers_disagree`, `certificate_dnssec_bogus`. What to do is said "
      "there.\n\n"
      "| Code | What it means | What to do |\n|---|---|---|\n";
  for (const auto& row : kCertificateCauses) {
    page += format("| `{}` | {} | {} |\n", prefixed(row.word), row.meaning, row.fix);
  }
  return page;
}

}  // namespace signpost::services
