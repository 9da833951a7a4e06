// SPDX-License-Identifier: Apache-2.0
//
// Dynamic updates of TXT records as messages (RFC 2136), with TSIG (RFC 8945). Values; any thread.
// Whatever the octets of an answer are, reading ends and never throws. update_message.cc is a door to ldns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/host_name.h"
#include "base/result.h"
#include "dns/message.h"

namespace signpost::dns {

enum class TsigAlgorithm { kHmacSha256, kHmacSha512 };
/// "hmac-sha256", "hmac-sha512".
std::string_view name_of(TsigAlgorithm algorithm);
std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text);

/// A secret that we share with a server.
struct TsigKey {
  DnsName name;
  TsigAlgorithm algorithm = TsigAlgorithm::kHmacSha256;
  std::string secret;  // base64, checked by make_tsig_key
};
/// kUnprocessable for a secret that is no base64 of 16 to 512 octets. Never says the secret.
Result<TsigKey> make_tsig_key(DnsName name, TsigAlgorithm algorithm, std::string_view secret);

struct TextUpdate {
  enum class Act { kAdd, kRemove };
  Act act;
  DnsName name;
  std::string value;  // 1 to 255 octets
};

/// An update as it leaves; `mac` is what the answer's signature covers too.
struct SignedUpdate {
  std::string octets;
  std::uint16_t id = 0;
  std::string mac;  // raw; empty if unsigned
};
Result<SignedUpdate> encode_update(const DnsName& zone, const TextUpdate& update, std::uint32_t ttl, std::uint16_t id,
                                   const std::optional<TsigKey>& key);

/// What the server made of it: nothing if it did. kProtocol for what is no answer to this update, or is not signed as
/// it must be (the server's reason for not signing counts: its BADKEY, BADSIG and BADTIME are kForbidden).
/// `server` is what sentences call it.
Result<void> read_update_answer(std::string_view octets, const SignedUpdate& update, const DnsName& zone,
                                const std::optional<TsigKey>& key, std::string_view server, Time now);

}  // namespace signpost::dns
