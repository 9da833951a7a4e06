// SPDX-License-Identifier: Apache-2.0
#include "crypto/json_members.h"

namespace signpost::crypto {

std::size_t count_members_written(std::string_view json) {
  std::size_t count = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (is_in_string && json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      is_in_string = !is_in_string;
    } else if (json[i] == ':' && !is_in_string) {
      ++count;
    }
  }
  return count;
}

}  // namespace signpost::crypto
