// SPDX-License-Identifier: Apache-2.0
#include "acme/account.h"

namespace signpost::acme {

std::string_view name_of(AccountStatus status) {
  switch (status) {
    case AccountStatus::kValid:
      return "valid";
    case AccountStatus::kDeactivated:
      return "deactivated";
    case AccountStatus::kRevoked:
      return "revoked";
  }
  return "";
}

}  // namespace signpost::acme
