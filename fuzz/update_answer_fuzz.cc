// SPDX-License-Identifier: Apache-2.0
//
// Any octets as the answer to a signed update: reading ends, and never believes what is not signed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dns/update_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  using namespace signpost::dns;
  static const auto zone = DnsName::parse("acme.example").value();
  static const std::optional<TsigKey> key =
      make_tsig_key(DnsName::parse("signpost").value(), TsigAlgorithm::kHmacSha256,
                    "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0")
          .value();
  static const SignedUpdate update{.octets = {}, .id = 0x1234, .mac = std::string(34, '\0')};
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (read_update_answer(octets, update, zone, key, "server", from_ms(1'800'000'000'000))) std::abort();
  (void)read_update_answer(octets, update, zone, std::nullopt, "server", from_ms(1'800'000'000'000));
  return 0;
}
