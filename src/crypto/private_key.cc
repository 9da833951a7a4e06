// SPDX-License-Identifier: Apache-2.0
#include "crypto/private_key.h"

#include <array>

#include "base/text.h"
#include "crypto/private_key_state.h"
#include "crypto/x509_handle.h"

namespace signpost::crypto {
namespace {

constexpr std::array kTypes{KeyType::kEcdsaP256, KeyType::kRsa2048};
constexpr std::size_t kPemBytesMax = 16 * 1024;
constexpr int kRsaBits = 2048;

/// Without this OpenSSL would ask at the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

std::optional<KeyType> type_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) == kRsaBits) return KeyType::kRsa2048;
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (EVP_PKEY_is_a(key, "EC") != 1 || EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1)
    return std::nullopt;
  if (std::string_view(group.data(), length) != "prime256v1") return std::nullopt;
  return KeyType::kEcdsaP256;
}

}  // namespace

std::string_view name_of(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256:
      return "ecdsa-p256";
    case KeyType::kRsa2048:
      return "rsa-2048";
  }
  return "";
}

std::optional<KeyType> parse_key_type(std::string_view name) {
  for (const auto type : kTypes) {
    if (name_of(type) == name) return type;
  }
  return std::nullopt;
}

PrivateKey::PrivateKey(KeyType type, std::unique_ptr<State> state) : type_(type), state_(std::move(state)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

PrivateKey PrivateKey::generate(KeyType type) {
  KeyHandle key;
  switch (type) {
    case KeyType::kEcdsaP256:
      key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
      break;
    case KeyType::kRsa2048:
      key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(kRsaBits)));
      break;
  }
  checked(key.get(), "a key pair");
  return PrivateKey(type, std::make_unique<State>(std::move(key)));
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem) {
  const auto& text = pem.expose();
  if (text.size() > kPemBytesMax) return fail(Kind::kUnprocessable, "the private key is longer than 16 KiB");
  const ErrorQueueGuard guard;
  const Memory in(checked(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "memory"));
  KeyHandle key(PEM_read_bio_PrivateKey(in.get(), nullptr, &no_passphrase, nullptr));
  if (!key) {
    return fail(Kind::kUnprocessable,
                "the private key is not PEM without a passphrase, \"-----BEGIN PRIVATE KEY-----\" and so on");
  }
  const auto type = type_of(key.get());
  if (!type) {
    return fail(Kind::kUnprocessable, "the private key is neither ECDSA on P-256 nor RSA with 2048 bits");
  }
  return PrivateKey(*type, std::make_unique<State>(std::move(key)));
}

Secret PrivateKey::to_pem() const {
  const Memory out(checked(BIO_new(BIO_s_secmem()), "memory"));
  require(PEM_write_bio_PKCS8PrivateKey(out.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr), "PEM");
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return Secret(std::string(text, static_cast<std::size_t>(length)));
}

}  // namespace signpost::crypto
