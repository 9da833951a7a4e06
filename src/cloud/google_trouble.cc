// SPDX-License-Identifier: Apache-2.0
#include "cloud/google_trouble.h"

namespace signpost::cloud {

std::string_view name_of(GoogleTrouble trouble) {
  switch (trouble) {
    case GoogleTrouble::kNotSeen:
      return "not_seen";
    case GoogleTrouble::kCredentialRefused:
      return "credential_refused";
    case GoogleTrouble::kForbidden:
      return "forbidden";
    case GoogleTrouble::kQuota:
      return "quota";
    case GoogleTrouble::kTryLater:
      return "try_later";
    case GoogleTrouble::kRefused:
      return "refused";
    case GoogleTrouble::kNonsense:
      return "nonsense";
  }
  return "";
}

}  // namespace signpost::cloud
