// SPDX-License-Identifier: Apache-2.0
#include "crypto/jwks.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/text.h"
#include "crypto/json_members.h"

namespace signpost::crypto {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 8;

/// The member's text; empty if it is absent or no string.
std::string_view text_of(const json::object& key, std::string_view name) {
  const auto* value = key.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

/// RFC 7517 4.2 to 4.4: a key says what it is for, or may be used for anything.
bool may_verify(const json::object& key, std::string_view algorithm) {
  if (key.contains("use") && text_of(key, "use") != "sig") return false;
  if (key.contains("alg") && text_of(key, "alg") != algorithm) return false;
  const auto* operations = key.if_contains("key_ops");
  if (operations == nullptr) return true;
  const auto* list = operations->if_array();
  return list != nullptr && std::ranges::any_of(*list, [](const json::value& operation) {
           return operation.is_string() && operation.get_string() == "verify";
         });
}

Result<std::string> octets_of(const json::object& key, std::string_view name) {
  auto bytes = from_base64url(text_of(key, name));
  if (!bytes || bytes->empty()) {
    return fail(Kind::kProtocol, format("its member \"{}\" is not a number in base64url without padding", name));
  }
  return *std::move(bytes);
}

/// Nothing for a key that is not meant for us.
Result<std::optional<PublicKey>> read_key(const json::object& key) {
  const auto type = text_of(key, "kty");
  std::string id(text_of(key, "kid"));
  if (type == "RSA" && may_verify(key, "RS256")) {
    const auto modulus = TRY(octets_of(key, "n"));
    const auto exponent = TRY(octets_of(key, "e"));
    return TRY(PublicKey::rsa(std::move(id), modulus, exponent));
  }
  if (type == "EC" && text_of(key, "crv") == "P-256" && may_verify(key, "ES256")) {
    const auto x = TRY(octets_of(key, "x"));
    const auto y = TRY(octets_of(key, "y"));
    return TRY(PublicKey::p256(std::move(id), x, y));
  }
  return std::optional<PublicKey>();
}

Result<json::value> read_json(std::string_view text) {
  if (text.size() > kJwksBytesMax) return fail(Kind::kTooLarge, "the key set is larger than 256 KiB");
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code problem;
  auto value = json::parse({text.data(), text.size()}, problem, {}, options);
  if (problem) return fail(Kind::kProtocol, "the key set is not JSON: " + problem.message());
  if (count_members_kept(value) != count_members_written(text)) {
    return fail(Kind::kProtocol, "the key set names a member twice in one object");
  }
  return value;
}

bool is_known(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::ranges::any_of(keys, [&](const PublicKey& other) {
    return !key.id().empty() && other.id() == key.id() && other.algorithm() == key.algorithm();
  });
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view jwks_json) {
  const auto document = TRY(read_json(jwks_json));
  const auto* set = document.if_object();
  const auto* list = set == nullptr ? nullptr : set->if_contains("keys");
  if (list == nullptr || !list->is_array()) {
    return fail(Kind::kProtocol, R"(a key set is a JSON object with an array "keys" (RFC 7517 5))");
  }
  const auto& array = list->get_array();
  if (array.size() > kJwksKeysMax) return fail(Kind::kTooLarge, "the key set has more than 64 keys");
  std::vector<PublicKey> keys;
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (!array[i].is_object()) return fail(Kind::kProtocol, format("keys[{}] is not an object", i));
    auto key = read_key(array[i].get_object());
    if (!key) return fail(Kind::kProtocol, format("keys[{}] is unusable: {}", i, key.error().message));
    if (!*key) continue;
    if (is_known(keys, **key)) return fail(Kind::kProtocol, format("keys[{}] has the kid of a key before it", i));
    keys.push_back(**std::move(key));
  }
  if (keys.empty()) return fail(Kind::kProtocol, "the key set has no key for RS256 or ES256");
  return KeySet(std::move(keys));
}

const PublicKey* KeySet::find(std::string_view kid, Algorithm algorithm) const {
  const PublicKey* found = nullptr;
  for (const auto& key : keys_) {
    if (key.algorithm() != algorithm || (!kid.empty() && key.id() != kid)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace signpost::crypto
