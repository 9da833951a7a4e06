// SPDX-License-Identifier: Apache-2.0
#include "acme/testing/signed_request.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/public_key.h"

namespace signpost::acme::testing {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

json::value parsed(std::string_view text) {
  boost::system::error_code problem;
  auto value = json::parse({text.data(), text.size()}, problem);
  return problem ? json::value() : value;
}

}  // namespace

Result<std::string> canonical_jwk(const json::value& jwk) {
  if (text_of(jwk, "kty") != "EC" || text_of(jwk, "crv") != "P-256") return fail(Kind::kInvalid, "no key on P-256");
  if (jwk.get_object().contains("d")) return fail(Kind::kInvalid, "a private key was sent");
  return format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", text_of(jwk, "x"), text_of(jwk, "y"));
}

bool SignedRequest::is_signed_by(std::string_view jwk_of_signer) const {
  const auto key = parsed(jwk_of_signer);
  const auto verifier = crypto::PublicKey::p256("", from_base64url(text_of(key, "x")).value_or(""),
                                                from_base64url(text_of(key, "y")).value_or(""));
  return verifier && verifier->verifies(message, signature);
}

Result<SignedRequest> read_signed_request(std::string_view text) {
  const auto jws = parsed(text);
  if (!jws.is_object() || jws.get_object().size() != 3) return fail(Kind::kInvalid, "no flattened JWS");
  const auto encoded = text_of(jws, "protected");
  const auto header = parsed(from_base64url(encoded).value_or(""));
  const auto payload = from_base64url(text_of(jws, "payload"));
  const auto signature = from_base64url(text_of(jws, "signature"));
  if (!header.is_object() || !payload || !signature) return fail(Kind::kInvalid, "the JWS is not base64url");
  if (text_of(header, "alg") != "ES256") return fail(Kind::kInvalid, "only ES256 is taken");
  SignedRequest request;
  request.url = text_of(header, "url");
  request.nonce = text_of(header, "nonce");
  request.account_url = text_of(header, "kid");
  const auto* jwk = header.get_object().if_contains("jwk");
  if ((jwk != nullptr) == !request.account_url.empty()) return fail(Kind::kInvalid, "one of jwk and kid is needed");
  if (jwk != nullptr) request.jwk = TRY(canonical_jwk(*jwk));
  request.payload = *payload;
  request.message = encoded + "." + text_of(jws, "payload");
  request.signature = *signature;
  return request;
}

bool is_bound(const json::value& binding, std::string_view mac_key, std::string_view url, std::string_view jwk) {
  const auto encoded = text_of(binding, "protected");
  const auto header = parsed(from_base64url(encoded).value_or(""));
  const auto payload = text_of(binding, "payload");
  const auto bound = canonical_jwk(parsed(from_base64url(payload).value_or("")));
  return text_of(header, "alg") == "HS256" && text_of(header, "url") == url && bound && *bound == jwk &&
         from_base64url(text_of(binding, "signature")) ==
             crypto::hmac_sha256(from_base64url(mac_key).value_or(""), encoded + "." + payload);
}

}  // namespace signpost::acme::testing
