// SPDX-License-Identifier: Apache-2.0
#include "cloud/percent.h"

#include "base/text.h"

namespace signpost::cloud {

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const unsigned char c : text) {
    const bool is_unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                               c == '.' || c == '_' || c == '~';
    if (is_unreserved) {
      encoded += static_cast<char>(c);
    } else {
      encoded += format("%{:02X}", c);
    }
  }
  return encoded;
}

}  // namespace signpost::cloud
