// SPDX-License-Identifier: Apache-2.0
#include "api/certificate_json.h"

#include <boost/json.hpp>

#include "api/json_words.h"

namespace signpost::api {
namespace {

namespace json = boost::json;

json::array names_of(const model::Certificate& certificate) {
  json::array names;
  for (const auto& name : certificate.names) names.emplace_back(name.text());
  return names;
}

json::value order_of(const model::Certificate& certificate) {
  if (!certificate.order) return nullptr;
  const auto& order = *certificate.order;
  json::array challenges;
  for (const auto& challenge : order.challenges) {
    challenges.emplace_back(json::object{{"identifier", challenge.identifier.text()},
                                         {"authorization_url", challenge.authorization_url},
                                         {"challenge_url", text_or_null(challenge.challenge_url)},
                                         {"txt_value", text_or_null(challenge.text)}});
  }
  return {{"authority", order.authority},
          {"url", order.url},
          {"step", word(name_of(order.step))},
          {"placed_at", to_rfc3339(order.placed_at)},
          {"expires_at", to_rfc3339(order.expires_at)},
          {"challenges", std::move(challenges)}};
}

json::value issued_of(const model::Certificate& certificate) {
  if (!certificate.held) return nullptr;
  const auto& held = *certificate.held;
  return {{"authority", held.authority},
          {"serial", held.serial},
          {"not_before", to_rfc3339(held.not_before)},
          {"not_after", to_rfc3339(held.not_after)},
          {"issued_at", to_rfc3339(held.issued_at)},
          {"revoked_at", time_or_null(held.revoked_at)},
          {"renew_at", time_or_null(certificate.renew_at)},
          {"chain", held.chain_pem}};
}

json::value trouble_of(const model::Certificate& certificate) {
  if (!certificate.trouble) return nullptr;
  return {{"cause", certificate.trouble->cause},
          {"explanation", certificate.trouble->explanation},
          {"since", to_rfc3339(certificate.trouble->since)}};
}

}  // namespace

std::string to_json(const CertificateView& view) {
  const auto& certificate = view.certificate;
  return json::serialize(json::object{{"id", certificate.id.text()},
                                      {"application", certificate.application.text()},
                                      {"connection", certificate.connection.text()},
                                      {"by", word(name_of(certificate.by))},
                                      {"names", names_of(certificate)},
                                      {"state", word(name_of(state_of(certificate, view.now)))},
                                      {"issued", issued_of(certificate)},
                                      {"order", order_of(certificate)},
                                      {"missing", text_or_null(certificate.missing)},
                                      {"trouble", trouble_of(certificate)},
                                      {"failures", certificate.failures},
                                      {"next_attempt_at", time_or_null(certificate.not_before)},
                                      {"created_at", to_rfc3339(certificate.created_at)},
                                      {"updated_at", to_rfc3339(certificate.updated_at)}});
}

}  // namespace signpost::api
