// SPDX-License-Identifier: Apache-2.0
//
// How an application takes webhooks of the hosted Entri: with which secret they are signed, in which form, and from
// where. Plain values; any thread. The secret is here only as sealed bytes: crypto opens them, services decide when.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace signpost::model {

/// How Entri-Signature-V2 is made: seed 001 computes a digest, and calls it an HMAC.
enum class EntriForm { kDigest, kHmac };
constexpr std::string_view name_of(EntriForm form) { return form == EntriForm::kDigest ? "digest" : "hmac"; }
constexpr std::optional<EntriForm> parse_entri_form(std::string_view text) {
  if (text == "digest") return EntriForm::kDigest;
  if (text == "hmac") return EntriForm::kHmac;
  return std::nullopt;
}

struct EntriReceiver {
  std::string sealed_secret;  // of the application at Entri; crypto::MasterKey::seal
  EntriForm form = EntriForm::kDigest;
  bool allows_v1 = false;                     // V1 has no timestamp: whoever sees one can send it again
  std::vector<std::string> source_addresses;  // networks that may send; empty: any
  Time updated_at{};
};

// Entri makes these secrets, we do not: ours have 24 bytes at least, theirs are refused only below what nobody could
// guess in the life of a webhook (16 characters of hexadecimal are 64 bits).
constexpr std::size_t kEntriSecretBytesMin = 16;
constexpr std::size_t kEntriSecretBytesMax = 512;
constexpr std::size_t kSourceAddressesMax = 20;

}  // namespace signpost::model
