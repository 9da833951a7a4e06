// SPDX-License-Identifier: Apache-2.0
#include "net/cdn_loop.h"

#include "base/text.h"

namespace signpost::net {

std::size_t count_hops(const std::vector<Header>& headers) {
  std::size_t hops = 0;
  for (const auto& header : headers) {
    if (!equals_ignoring_case(header.name, kLoopHeader)) continue;
    for (const auto member : split(header.value, ',')) {
      hops += equals_ignoring_case(trim(member.substr(0, member.find(';'))), kLoopName) ? 1 : 0;
    }
  }
  return hops;
}

}  // namespace signpost::net
