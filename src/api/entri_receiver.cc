// SPDX-License-Identifier: Apache-2.0
//
// POST /webhooks/entri/{application_id}: webhooks of the hosted Entri come in. Whoever is not proven gets one answer,
// whatever was wrong and whether there is such an application; what it was stands in the metrics and the log.
#include "services/entri_receiver.h"

#include <algorithm>

#include "api/desk.h"
#include "api/received_json.h"
#include "api/surfaces.h"
#include "base/log.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using Answer = Task<Result<net::Response>>;

constexpr std::size_t kReceivedBytesMax = 64 * 1024;

/// For applications that are not there or take no webhooks: the same work, so that the time does not tell.
const services::OpenEntriReceiver& nobody() {
  static const services::OpenEntriReceiver kNobody{
      .secret = crypto::Secret("a secret that signs for nobody at all"),
      .accepted = {.v2 = true, .v2_hmac = false, .standard = false, .v1 = false, .v1_of_body = false},
      .sources = {}};
  return kNobody;
}

const services::OpenEntriReceiver* receiver_of(const Exchange& exchange, const Result<ApplicationId>& id) {
  const auto* entry = id ? exchange.directory->find(*id) : nullptr;
  return entry != nullptr && entry->entri_receiver ? &*entry->entri_receiver : nullptr;
}

bool may_send(const services::OpenEntriReceiver& receiver, const net::IpAddress& client) {
  return receiver.sources.empty() ||
         std::ranges::any_of(receiver.sources, [&](const auto& network) { return network.contains(client); });
}

Received outcome_of(const services::Finding* fault) {
  if (fault->part == "headers") return Received::kBadHeaders;
  if (fault->part == "timestamp") return Received::kBadTimestamp;
  return Received::kBadSignature;
}

Received outcome_of(services::ReceivedOutcome outcome) {
  switch (outcome) {
    case services::ReceivedOutcome::kApplied:
      return Received::kApplied;
    case services::ReceivedOutcome::kDuplicate:
      return Received::kDuplicate;
    case services::ReceivedOutcome::kNoEffect:
      return Received::kNoEffect;
    case services::ReceivedOutcome::kUnknownFlow:
      return Received::kUnknownFlow;
    case services::ReceivedOutcome::kConflict:
      return Received::kConflict;
  }
  return Received::kApplied;
}

/// The one answer to whoever is not proven.
std::unexpected<Error> refused(Desk& desk, const Exchange& exchange, Received outcome, std::string_view why) {
  desk.metrics.count(outcome);
  log::info("an incoming webhook was refused", {{"request_id", exchange.request_id},
                                                {"application", printable(exchange.captures.at(0), 40)},
                                                {"outcome", name_of(outcome)},
                                                {"reason", why}});
  return fail(Kind::kUnauthenticated,
              "this webhook is not accepted: Entri-Signature-V2 must be made with this application's client secret at "
              "Entri, and Entri-Timestamp be at most 5 minutes old");
}

Answer take_webhook(Desk& desk, Exchange& exchange) {
  const auto& request = exchange.request;
  if (request.body.size() > kReceivedBytesMax) {
    desk.metrics.count(Received::kTooLarge);
    co_return fail(Kind::kTooLarge, format("a webhook has at most {} bytes", kReceivedBytesMax));
  }
  const auto id = ApplicationId::parse(exchange.captures.at(0));
  const auto* receiver = receiver_of(exchange, id);
  const auto& known = receiver != nullptr ? *receiver : nobody();
  const auto verification =
      services::verify(request.headers, request.body, {known.secret.expose()}, desk.parts.clock.now(), known.accepted);
  const bool is_source = may_send(known, exchange.client);
  if (receiver == nullptr)
    co_return refused(desk, exchange, Received::kUnknownApplication, "it takes no such webhooks");
  if (!is_source) co_return refused(desk, exchange, Received::kForeignSource, exchange.client.to_string());
  if (!verification.ok) {
    co_return refused(desk, exchange, outcome_of(verification.fault()), verification.fault()->sentence);
  }
  exchange.application = *id;
  CO_TRY_VOID(desk.take_request_of(id->text()));
  auto webhook = read_received(request.body);
  if (!webhook) {
    desk.metrics.count(Received::kBadBody);
    co_return std::unexpected(std::move(webhook).error());
  }
  webhook->replay_key = verification.replay_key;
  const auto outcome = outcome_of(CO_TRY(co_await desk.parts.entri_receiver.take(*id, *std::move(webhook))));
  desk.metrics.count(outcome);
  const bool is_taken = outcome == Received::kApplied || outcome == Received::kDuplicate;
  co_return json_response(is_taken ? 200 : 202, format(R"({{"outcome":"{}"}})", name_of(outcome)));
}

}  // namespace

std::vector<Route> entri_receiver_routes() {
  return {
      {"POST", "/webhooks/entri/{application_id}", "receiveEntriWebhook", Surface::kEntri, Access::kSignature,
       take_webhook},
  };
}

}  // namespace signpost::api
