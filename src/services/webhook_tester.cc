// SPDX-License-Identifier: Apache-2.0
#include "services/webhook_tester.h"

#include "base/text.h"
#include "model/delivery.h"
#include "model/event_sample.h"
#include "services/endpoints.h"
#include "services/event_schema_json.h"
#include "services/webhook_signature.h"
#include "store/endpoints.h"
#include "store/saved_text.h"

namespace signpost::services {
namespace {

std::string sentence_of(const net::PostOutcome& outcome) {
  if (outcome.failure != net::PostOutcome::Failure::kNone) return outcome.detail;
  auto sentence = format("answered {} {}", outcome.status, net::reason_of(outcome.status));
  if (outcome.status >= 300 && outcome.status < 400) sentence += "; redirects are not followed";
  if (!outcome.detail.empty()) sentence += "; " + outcome.detail;
  return sentence;
}

/// What strangers sent, as text that JSON can hold.
void clean(net::PostOutcome& outcome) {
  for (auto* text : {&outcome.response_head, &outcome.response_body, &outcome.detail, &outcome.location})
    *text = store::storable(*text);
}

}  // namespace

WebhookTester::WebhookTester(Storage& storage, const Clock& clock, IdMaker& ids, SecretSource& secrets,
                             net::Loops& loops, std::vector<net::PostSender*> senders, Settings settings)
    : storage_(storage),
      clock_(clock),
      ids_(ids),
      secrets_(secrets),
      loops_(loops),
      senders_(std::move(senders)),
      settings_(std::move(settings)),
      rate_(settings_.rate),
      application_rate_(settings_.application_rate) {}

std::vector<net::Header> WebhookTester::headers_for(const model::Endpoint& endpoint, const SigningSecrets& secrets,
                                                    EventId id, const std::string& body) const {
  auto headers = sign({endpoint.sends_v1, endpoint.v1_covers_body, endpoint.v2_is_hmac}, secrets, model::kSampleJobId,
                      id.text(), body, clock_.now());
  headers.push_back({"Content-Type", "application/json"});
  headers.push_back({"User-Agent", settings_.user_agent});
  headers.push_back({std::string(kTestHeader), "true"});
  return headers;
}

Task<Result<WebhookTest>> WebhookTester::test(ApplicationId application, EndpointId id, model::EventType type) {
  const auto endpoint = CO_TRY(co_await storage_.read<std::optional<model::Endpoint>>(
      [application, id](store::Tx& tx) { return store::endpoints::find(tx, application, id); }));
  if (!endpoint) co_return fail(Kind::kNotFound, "there is no endpoint " + id.text() + " of this application");
  CO_TRY_VOID(rate_.take(static_cast<std::uint64_t>(id.value())));
  CO_TRY_VOID(application_rate_.take(static_cast<std::uint64_t>(application.value())));
  auto secrets = secrets_.secrets_for(*endpoint);
  if (!secrets && co_await secrets_.reload()) secrets = secrets_.secrets_for(*endpoint);
  if (!secrets) {
    co_return fail(Kind::kConflict, "there is no live secret to sign with: make one with rotate-secret");
  }
  const auto own_headers = CO_TRY(secrets_.headers_for(*endpoint));
  auto url = CO_TRY(net::Url::parse(endpoint->url));
  const auto event_id = ids_.make<EventId>();
  WebhookTest test;
  test.url = url.text();
  test.body = sample_body(type, event_id, clock_.now());
  test.headers = headers_for(*endpoint, *secrets, event_id, test.body);
  auto sent = test.headers;
  sent.insert(sent.end(), own_headers.begin(), own_headers.end());
  for (const auto& header : own_headers) test.headers.push_back({header.name, std::string(kMaskedValue)});
  const auto deadline = std::chrono::steady_clock::now() + endpoint->timeout;
  test.outcome = co_await senders_.at(loops_.here())->post(std::move(url), std::move(sent), test.body, deadline);
  clean(test.outcome);
  test.is_success = test.outcome.failure == net::PostOutcome::Failure::kNone && model::is_success(test.outcome.status);
  test.sentence = sentence_of(test.outcome);
  co_return test;
}

}  // namespace signpost::services
