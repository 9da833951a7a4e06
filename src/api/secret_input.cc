// SPDX-License-Identifier: Apache-2.0
#include "api/secret_input.h"

#include "api/desk.h"
#include "base/text.h"

namespace signpost::api {
namespace {

std::string text_or_null(const std::string& text) { return text.empty() ? "null" : "\"" + text + "\""; }

}  // namespace

Result<std::optional<std::string>> given_secret(const ObjectReader& body) {
  auto secret = TRY(body.optional_text("secret", {.bytes_max = services::kSecretTextBytesMax}));
  if (secret) TRY_VOID(services::check_secret(*secret));
  return secret;
}

Result<services::SecretWish> secret_wish_of(const ObjectReader& body) {
  TRY_VOID(body.only({"overlap", "secret"}));
  services::SecretWish wish;
  if (const auto text = TRY(body.optional_text("overlap")))
    wish.overlap = TRY(at_member(parse_duration(*text), "overlap"));
  wish.given = TRY(given_secret(body));
  return wish;
}

net::Response answer_with_secret(const services::NewSecret& made) {
  const auto end = made.old_end_at ? to_rfc3339(*made.old_end_at) : std::string();
  return json_response(201, format(R"({{"id":"{}","secret":{},"old_secrets_end_at":{}}})", made.id.text(),
                                   text_or_null(made.secret), text_or_null(end)));
}

}  // namespace signpost::api
