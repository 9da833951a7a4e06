// SPDX-License-Identifier: Apache-2.0
//
// The master key, and secrets sealed under it for the database.
// Owned by app/wiring; any thread, immutable. Every purpose has its own subkey; the key itself never leaves.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace signpost::crypto {

class MasterKey {
 public:
  /// Reads the file, or makes it with mode 0600. Whoever loses it loses every sealed secret: back it up apart from the
  /// database. Two processes that start at once end with the same key, and no crash leaves half a file. kForbidden with
  /// the way out if the group or others may read it, kUnprocessable if it holds no key, kUnavailable if the disk fails.
  static Result<MasterKey> open_or_create(const std::filesystem::path& path, Random& random);

  /// 32 octets as 64 hexadecimal digits, base64 or base64url; blanks around it are ignored. kUnprocessable otherwise;
  /// the message never repeats the text.
  static Result<MasterKey> from_text(std::string_view text);

  /// AES-256-GCM with a random 96-bit nonce: version 0x01, nonce, ciphertext, tag; 29 octets longer than `plain`. Give
  /// the identity of the row as associated data, so that a value copied into another row does not open there.
  std::string seal(std::string_view plain, std::string_view associated_data) const;

  /// kUnprocessable, without more detail, if it was sealed by another key, for another row, or changed.
  Result<Secret> unseal(std::string_view sealed, std::string_view associated_data) const;

  /// A subkey of 32 octets for one purpose, such as "auth token" (HKDF-SHA256); the same as long as the key is.
  std::string derive(std::string_view purpose) const;

 private:
  explicit MasterKey(Secret key);
  Secret key_;
  Secret sealing_key_;
};

}  // namespace signpost::crypto
