// SPDX-License-Identifier: Apache-2.0
#include "cloud/google_credential.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/text.h"
#include "cloud/percent.h"
#include "crypto/private_key.h"
#include "crypto/signed_jwt.h"
#include "net/url.h"

namespace signpost::cloud {
namespace {

namespace json = boost::json;

constexpr std::string_view kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr std::size_t kTextBytesMax = 2048;
constexpr std::chrono::seconds kGrantLifetime = std::chrono::minutes(60);  // the longest that Google takes

std::unexpected<Error> refuse(std::string_view why) {
  return fail(Kind::kUnprocessable, format("the Google credential {}", why));
}

Result<std::string> text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string() || value->get_string().empty()) {
    return refuse(format("has no text \"{}\": take the file as Google hands it out", name));
  }
  return std::string(value->get_string());
}

/// What will stand inside JSON or a form.
Result<std::string> plain_text_of(const json::object& object, std::string_view name) {
  auto text = TRY(text_of(object, name));
  const auto is_plain = [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (text.size() > kTextBytesMax || !std::ranges::all_of(text, is_plain)) {
    return refuse(format("has a \"{}\" that is none", name));
  }
  return text;
}

}  // namespace

struct GoogleCredential::State {
  std::string name;
  std::string token_url{kTokenUrl};
  // A service account …
  std::string key_id;
  std::optional<crypto::PrivateKey> key;
  // … or an account of people.
  crypto::Secret client_secret;
  crypto::Secret refresh_token;
};

Result<GoogleCredential> GoogleCredential::parse(const crypto::Secret& text) {
  if (text.expose().size() > bytes_max) return refuse(format("is over {} bytes", bytes_max));
  boost::system::error_code problem;
  const auto value = json::parse(text.expose(), problem);
  if (problem || !value.is_object()) return refuse("is no JSON object: take the file as Google hands it out");
  const auto& object = value.get_object();
  const auto type = TRY(text_of(object, "type"));
  auto state = std::make_shared<State>();
  if (type == "service_account") {
    state->name = TRY(plain_text_of(object, "client_email"));
    state->key_id = TRY(plain_text_of(object, "private_key_id"));
    state->token_url = TRY(plain_text_of(object, "token_uri"));
    const auto url = net::Url::parse(state->token_url);
    if (!url) return refuse(format("has a \"token_uri\" that is none: {}", url.error().message));
    auto key = crypto::PrivateKey::from_pem(crypto::Secret(TRY(text_of(object, "private_key"))));
    if (!key) return refuse(format("has a \"private_key\" that is none: {}", key.error().message));
    state->key = *std::move(key);
    // Whether the key and its id can sign at all is known here, once.
    if (const auto signed_once = crypto::sign_rs256("{}", state->key_id, *state->key); !signed_once) {
      return refuse(format("cannot sign: {}", signed_once.error().message));
    }
  } else if (type == "authorized_user") {
    state->name = TRY(plain_text_of(object, "client_id"));
    state->client_secret = crypto::Secret(TRY(plain_text_of(object, "client_secret")));
    state->refresh_token = crypto::Secret(TRY(plain_text_of(object, "refresh_token")));
  } else {
    return refuse(format("is of the type \"{}\": it must be service_account or authorized_user", printable(type, 40)));
  }
  return GoogleCredential(std::move(state));
}

const std::string& GoogleCredential::name() const { return state_->name; }
const std::string& GoogleCredential::token_url() const { return state_->token_url; }

crypto::Secret GoogleCredential::grant(Time now, std::string_view token_url) const {
  if (!state_->key) {
    return crypto::Secret(format("grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
                                 percent_encoded(state_->name), percent_encoded(state_->client_secret.expose()),
                                 percent_encoded(state_->refresh_token.expose())));
  }
  const auto claims = format(R"({{"iss":"{}","scope":"{}","aud":"{}","iat":{},"exp":{}}})", state_->name, kGoogleScopes,
                             token_url, to_seconds(now), to_seconds(now + kGrantLifetime));
  const auto assertion = crypto::sign_rs256(claims, state_->key_id, *state_->key);
  return crypto::Secret(format("grant_type={}&assertion={}",
                               percent_encoded("urn:ietf:params:oauth:grant-type:jwt-bearer"), assertion.value()));
}

}  // namespace signpost::cloud
