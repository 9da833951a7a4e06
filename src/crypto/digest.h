// SPDX-License-Identifier: Apache-2.0
//
// SHA-256, and what is made of it: HMAC and HKDF. Pure; any thread. Results are raw octets: to_hex and to_base64 are in
// base/text.h. Algorithms are fetched once and contexts kept per thread, because OpenSSL 3 spends more on looking them
// up than on hashing a short text.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace signpost::crypto {

/// 32 octets.
std::string sha256(std::string_view bytes);
/// Of the parts one after the other, without joining them in memory.
std::string sha256_joined(std::initializer_list<std::string_view> parts);

/// RFC 2104 with SHA-256: 32 octets.
std::string hmac_sha256(std::string_view key, std::string_view message);
std::string hmac_sha256_joined(std::string_view key, std::initializer_list<std::string_view> parts);

/// RFC 5869 with SHA-256; `length` up to 8160 octets. An empty salt is the RFC's default.
std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, std::size_t length);

}  // namespace signpost::crypto
