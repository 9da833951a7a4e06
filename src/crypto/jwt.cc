// SPDX-License-Identifier: Apache-2.0
#include "crypto/jwt.h"

#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/json_members.h"
#include "crypto/secret.h"

namespace signpost::crypto {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kArenaBytes = 8 * 1024;  // an ordinary token's JSON, without the heap
constexpr std::int64_t kSecondsMax = 1LL << 53;

std::unexpected<Error> refuse(std::string why) { return fail(Kind::kUnauthenticated, std::move(why)); }

/// The three parts of the compact form (RFC 7515 7.1), decoded, and the text that was signed.
struct Parts {
  std::string header;
  std::string claims;
  std::string signature;
  std::string_view message;
};

Result<std::string> decode(std::string_view part, std::string_view name) {
  auto bytes = from_base64url(part);
  if (!bytes) return refuse(format("the token's {} is not base64url without padding", name));
  return *std::move(bytes);
}

Result<Parts> take_apart(std::string_view compact) {
  if (compact.size() > kTokenBytesMax) return refuse("the token is longer than 16 KiB");
  const auto first = compact.find('.');
  const auto second = first == compact.npos ? first : compact.find('.', first + 1);
  if (second == compact.npos || compact.find('.', second + 1) != compact.npos) {
    return refuse("the token is not a JWT: three parts joined by dots");
  }
  Parts parts;
  parts.header = TRY(decode(compact.substr(0, first), "header"));
  parts.claims = TRY(decode(compact.substr(first + 1, second - first - 1), "payload"));
  parts.signature = TRY(decode(compact.substr(second + 1), "signature"));
  parts.message = compact.substr(0, second);
  return parts;
}

/// One JSON object in memory of its own: mostly the arena, the heap for a large one.
class Document {
 public:
  static Result<void> read(Document& into, std::string_view text, std::string_view name) {
    json::parse_options options;
    options.max_depth = kDepthMax;
    boost::system::error_code problem;
    into.value_ = json::parse({text.data(), text.size()}, problem, &into.memory_, options);
    if (problem || !into.value_.is_object()) return refuse(format("the token's {} is not a JSON object", name));
    if (count_members_kept(into.value_) != count_members_written(text)) {
      return refuse(format("the token's {} names a member twice", name));
    }
    return {};
  }
  const json::object& object() const { return value_.get_object(); }

 private:
  std::array<unsigned char, kArenaBytes> arena_;
  json::monotonic_resource memory_{arena_.data(), arena_.size()};
  json::value value_ = json::value(json::storage_ptr(&memory_));
};

/// U+0000 is valid JSON, but cuts text short in places that come later.
Result<std::string> to_text(const json::value& value, std::string_view name) {
  const auto* text = value.if_string();
  if (text == nullptr) return refuse(format("the token's \"{}\" is not a string", name));
  if (text->find('\0') != text->npos) return refuse(format("the token's \"{}\" contains U+0000", name));
  return std::string(text->data(), text->size());
}

Result<std::string> optional_text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::string();
  return to_text(*value, name);
}

Result<std::vector<std::string>> audience_of(const json::object& claims) {
  std::vector<std::string> audience;
  const auto* value = claims.if_contains("aud");
  if (value == nullptr) return audience;
  if (const auto* list = value->if_array()) {
    for (const auto& one : *list) audience.push_back(TRY(to_text(one, "aud")));
  } else {
    audience.push_back(TRY(to_text(*value, "aud")));
  }
  return audience;
}

/// RFC 7519 2, NumericDate: a JSON number, perhaps with a fraction.
Result<std::optional<std::int64_t>> date_of(const json::object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code problem;
  const auto seconds = value->is_number() ? value->to_number<double>(problem) : std::nan("");
  if (problem || !(std::abs(seconds) < static_cast<double>(kSecondsMax))) {
    return refuse(format("the token's \"{}\" is not a number of seconds", name));
  }
  return static_cast<std::int64_t>(std::floor(seconds));
}

void collect_texts(const json::object& object, const std::string& prefix, TokenClaims& into) {
  for (const auto& member : object) {
    auto path = prefix + std::string(member.key());
    if (const auto* text = member.value().if_string()) {
      if (text->find('\0') == text->npos)
        into.texts.emplace_back(std::move(path), std::string(text->data(), text->size()));
    } else if (const auto* inner = member.value().if_object()) {
      collect_texts(*inner, path + '.', into);
    }
  }
}

Result<TokenClaims> read_claims(std::string_view text) {
  Document document;
  TRY_VOID(Document::read(document, text, "payload"));
  const auto& object = document.object();
  TokenClaims claims;
  claims.issuer = TRY(optional_text(object, "iss"));
  claims.audience = TRY(audience_of(object));
  claims.authorized_party = TRY(optional_text(object, "azp"));
  claims.subject = TRY(optional_text(object, "sub"));
  claims.expires_at = TRY(date_of(object, "exp"));
  claims.not_before = TRY(date_of(object, "nbf"));
  claims.issued_at = TRY(date_of(object, "iat"));
  collect_texts(object, "", claims);
  return claims;
}

struct Header {
  std::string algorithm;
  std::string key_id;
};

Result<Header> read_header(std::string_view text) {
  Document document;
  TRY_VOID(Document::read(document, text, "header"));
  const auto& object = document.object();
  // RFC 7515 4.1.11: whoever does not know a critical extension must refuse. We know none.
  if (object.contains("crit"))
    return refuse("the token's header demands extensions (\"crit\"), which are not supported");
  Header header;
  header.algorithm = TRY(optional_text(object, "alg"));
  header.key_id = TRY(optional_text(object, "kid"));
  return header;
}

}  // namespace

std::optional<std::string> TokenClaims::text_claim(std::string_view path) const {
  const std::string* found = nullptr;
  for (const auto& [name, text] : texts) {
    if (name != path) continue;
    if (found != nullptr) return std::nullopt;
    found = &text;
  }
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<UnverifiedToken> UnverifiedToken::parse(std::string_view compact) {
  auto parts = TRY(take_apart(compact));
  auto header = TRY(read_header(parts.header));
  const bool is_rs256 = header.algorithm == "RS256";
  if (!is_rs256 && header.algorithm != "ES256") {
    return refuse("the token's algorithm (\"alg\") is not RS256 or ES256, the two that are accepted");
  }
  auto claims = TRY(read_claims(parts.claims));
  claims.key_id = std::move(header.key_id);
  claims.algorithm = is_rs256 ? Algorithm::kRs256 : Algorithm::kEs256;
  return UnverifiedToken(std::move(claims), std::string(parts.message), std::move(parts.signature));
}

Result<void> UnverifiedToken::verify(const PublicKey& key) const {
  if (key.algorithm() != claims_.algorithm) return refuse("the token's algorithm is not that of its key");
  if (!key.verifies(message_, signature_)) return refuse("the token's signature is wrong");
  return {};
}

Result<void> check_times(const TokenClaims& claims, Time now, std::chrono::seconds leeway) {
  const auto seconds = to_seconds(now);
  if (!claims.expires_at) return refuse("the token never expires (it has no \"exp\"), which is not accepted");
  if (seconds - leeway.count() >= *claims.expires_at) return refuse("the token has expired (\"exp\"): get a new one");
  if (claims.not_before && seconds + leeway.count() < *claims.not_before) {
    return refuse("the token is not valid yet (\"nbf\"): do the clocks agree?");
  }
  return {};
}

std::string sign_hs256(std::string_view claims_json, std::string_view key) {
  auto token = format("{}.{}", to_base64url(R"({"alg":"HS256","typ":"JWT"})"), to_base64url(claims_json));
  return token + '.' + to_base64url(hmac_sha256(key, token));
}

Result<TokenClaims> verify_hs256(std::string_view compact, std::string_view key) {
  const auto parts = TRY(take_apart(compact));
  // The signature first: nothing else of a token that is not ours deserves reading.
  if (!equals_in_constant_time(parts.signature, hmac_sha256(key, parts.message))) {
    return refuse("the token's signature is wrong");
  }
  auto header = TRY(read_header(parts.header));
  if (header.algorithm != "HS256") return refuse("the token's algorithm (\"alg\") is not HS256");
  auto claims = TRY(read_claims(parts.claims));
  claims.key_id = std::move(header.key_id);
  claims.algorithm = Algorithm::kHs256;
  return claims;
}

}  // namespace signpost::crypto
