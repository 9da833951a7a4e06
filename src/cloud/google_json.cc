// SPDX-License-Identifier: Apache-2.0
#include "cloud/google_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"

namespace signpost::cloud {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kAccessTokenBytesMax = 8 * 1024;
constexpr std::size_t kMessageBytesMax = 300;
constexpr std::size_t kReasonBytesMax = 60;
constexpr std::chrono::seconds kLifetimeMax = std::chrono::hours(24);

std::unexpected<Error> refuse(std::string why) { return fail(Kind::kProtocol, std::move(why)); }
json::string_view word(std::string_view text) { return {text.data(), text.size()}; }

Result<json::object> read(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code problem;
  auto value = json::parse(word(text), problem, {}, options);
  if (problem || !value.is_object()) return refuse("Google's answer is no JSON object");
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(word(name));
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::object site_of(std::string_view domain) { return {{"type", "INET_DOMAIN"}, {"identifier", word(domain)}}; }

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// The first of "errors", where Google's older APIs say why.
const json::object* first_reason(const json::object& error) {
  const auto* errors = error.if_contains("errors");
  if (errors == nullptr || !errors->is_array() || errors->get_array().empty()) return nullptr;
  return errors->get_array().front().if_object();
}

}  // namespace

std::string token_request_json(std::string_view domain) {
  return json::serialize(json::object{{"site", site_of(domain)}, {"verificationMethod", "DNS_TXT"}});
}

std::string verify_request_json(std::string_view domain) {
  return json::serialize(json::object{{"site", site_of(domain)}});
}

Result<std::string> parse_verification_token(std::string_view text, std::size_t bytes_max) {
  const auto object = TRY(read(text));
  auto token = text_of(object, "token");
  if (token.empty() || token.size() > bytes_max || !is_visible(token)) {
    return refuse("Google's answer holds no verification token that a TXT record could hold");
  }
  return token;
}

Result<TokenAnswer> parse_token_answer(std::string_view text) {
  const auto object = TRY(read(text));
  crypto::Secret token(text_of(object, "access_token"));
  const auto& shown = token.expose();
  if (shown.empty() || shown.size() > kAccessTokenBytesMax || !is_visible(shown)) {
    return refuse("Google's answer holds no access token");
  }
  const auto* lifetime = object.if_contains("expires_in");
  if (lifetime == nullptr || !lifetime->is_int64() || lifetime->get_int64() <= 0) {
    return refuse("Google's answer does not say how long its access token is valid");
  }
  return TokenAnswer{std::move(token), std::min(std::chrono::seconds(lifetime->get_int64()), kLifetimeMax)};
}

GoogleError parse_google_error(std::string_view text) {
  const auto object = read(text);
  if (!object) return {};
  const auto* error = object->if_contains("error");
  GoogleError found;
  if (error != nullptr && error->is_string()) {  // the token endpoint (RFC 6749 5.2)
    found.reason = text_of(*object, "error");
    found.message = text_of(*object, "error_description");
  } else if (error != nullptr && error->is_object()) {
    found.message = text_of(error->get_object(), "message");
    const auto* first = first_reason(error->get_object());
    found.reason = first != nullptr ? text_of(*first, "reason") : text_of(error->get_object(), "status");
  }
  found.reason = printable(found.reason, kReasonBytesMax);
  found.message = printable(found.message, kMessageBytesMax);
  return found;
}

}  // namespace signpost::cloud
