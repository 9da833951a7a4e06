// SPDX-License-Identifier: Apache-2.0
#include "crypto/sealed.h"

#include <optional>
#include <stdexcept>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/key_file.h"
#include "crypto/openssl_handle.h"

namespace signpost::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;  // NIST SP 800-38D 8.2.2: random, at most 2^32 seals under one key
constexpr std::size_t kTagBytes = 16;
constexpr char kVersion = 1;

const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = checked(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), "AES-256-GCM");
  return cipher;
}

CipherContext new_cipher_context() { return CipherContext(checked(EVP_CIPHER_CTX_new(), "a cipher context")); }

int size_of(std::string_view bytes) {
  if (bytes.size() > (1U << 30)) throw std::length_error("sealed values are small: this one is over 1 GiB");
  return static_cast<int>(bytes.size());
}

std::optional<std::string> read_key(std::string_view text) {
  for (const auto& read : {from_hex(text), from_base64(text), from_base64url(text)}) {
    if (read && read->size() == kKeyBytes) return read;
  }
  return std::nullopt;
}

}  // namespace

MasterKey::MasterKey(Secret key)
    : key_(std::move(key)), sealing_key_(hkdf_sha256(key_.expose(), "signpost", "sealed 1", kKeyBytes)) {}

Result<MasterKey> MasterKey::from_text(std::string_view text) {
  auto key = read_key(trim(text));
  if (!key) {
    return fail(Kind::kUnprocessable,
                "a master key is 32 octets in base64 or hexadecimal digits: make one with `openssl rand -base64 32`");
  }
  return MasterKey(Secret(*std::move(key)));
}

Result<MasterKey> MasterKey::open_or_create(const std::filesystem::path& path, Random& random) {
  const Secret fresh(to_base64(random.bytes(kKeyBytes)) + "\n");
  const Secret text = TRY(read_or_create_key_file(path, fresh));
  auto key = from_text(text.expose());
  if (!key) return fail(Kind::kUnprocessable, path.string() + ": " + key.error().message);
  return key;
}

std::string MasterKey::seal(std::string_view plain, std::string_view associated_data) const {
  const auto nonce = SystemRandom().bytes(kNonceBytes);
  const auto context = new_cipher_context();
  auto* const cipher = context.get();
  require(EVP_EncryptInit_ex2(cipher, aes_256_gcm(), octets(sealing_key_.expose()), octets(nonce), nullptr), "AES-GCM");
  std::string sealed = kVersion + nonce;
  const std::size_t text_at = sealed.size();
  sealed.resize(text_at + plain.size() + kTagBytes);
  int written = 0;
  // The version is authenticated too, so that a later format can never be passed off as this one.
  require(EVP_EncryptUpdate(cipher, nullptr, &written, octets(std::string_view(&kVersion, 1)), 1), "AES-GCM");
  require(EVP_EncryptUpdate(cipher, nullptr, &written, octets(associated_data), size_of(associated_data)), "AES-GCM");
  require(EVP_EncryptUpdate(cipher, octets(sealed) + text_at, &written, octets(plain), size_of(plain)), "AES-GCM");
  auto* const tag = octets(sealed) + text_at + plain.size();
  require(EVP_EncryptFinal_ex(cipher, tag, &written), "AES-GCM");
  require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag), "AES-GCM");
  return sealed;
}

Result<Secret> MasterKey::unseal(std::string_view sealed, std::string_view associated_data) const {
  const auto broken =
      fail(Kind::kUnprocessable,
           "a sealed secret does not open: it was changed, belongs to another row, or the master key is "
           "not the one it was sealed with");
  if (sealed.size() < 1 + kNonceBytes + kTagBytes || sealed[0] != kVersion) return broken;
  const auto nonce = sealed.substr(1, kNonceBytes);
  const auto text = sealed.substr(1 + kNonceBytes, sealed.size() - 1 - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  const ErrorQueueGuard guard;
  const auto context = new_cipher_context();
  auto* const cipher = context.get();
  require(EVP_DecryptInit_ex2(cipher, aes_256_gcm(), octets(sealing_key_.expose()), octets(nonce), nullptr), "AES-GCM");
  std::string plain(text.size(), '\0');
  int written = 0;
  require(EVP_DecryptUpdate(cipher, nullptr, &written, octets(sealed.substr(0, 1)), 1), "AES-GCM");
  require(EVP_DecryptUpdate(cipher, nullptr, &written, octets(associated_data), size_of(associated_data)), "AES-GCM");
  require(EVP_DecryptUpdate(cipher, octets(plain), &written, octets(text), size_of(text)), "AES-GCM");
  require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()), "AES-GCM");
  Secret opened(std::move(plain));  // wiped also when the tag is wrong
  unsigned char none[EVP_MAX_BLOCK_LENGTH];
  if (EVP_DecryptFinal_ex(cipher, none, &written) != 1) return broken;
  return opened;
}

std::string MasterKey::derive(std::string_view purpose) const {
  return hkdf_sha256(key_.expose(), "signpost", format("purpose {}", purpose), kKeyBytes);
}

}  // namespace signpost::crypto
