// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a DNS answer: parsing ends, stays within its limits and what it keeps can be looked through.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dns/comparison.h"
#include "dns/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost::dns;
  const auto answer = parse_answer({reinterpret_cast<const char*>(data), size});
  if (!answer) return 0;
  if (answer->answer.size() + answer->authority.size() + answer->additional.size() > kRrsMax) std::abort();
  for (const auto& rr : answer->answer) {
    const auto seen = see(*answer, Question{rr.owner, rr.type});
    if (seen.aliases.size() > kAliasesMax) std::abort();
  }
  return 0;
}
