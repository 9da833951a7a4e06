// SPDX-License-Identifier: Apache-2.0
#include "services/entri_receiver.h"

#include <algorithm>

#include "base/text.h"
#include "net/address_policy.h"
#include "services/connection_change.h"
#include "services/webhook_signature.h"
#include "store/connections.h"
#include "store/entri_receivers.h"
#include "store/received_webhooks.h"

namespace signpost::services {
namespace {

constexpr std::size_t kProviderBytesMax = 100;

std::unexpected<Error> unprocessable(std::string_view member, std::string_view sentence) {
  const std::string path = "entri_receiver." + std::string(member);
  return fail(Kind::kUnprocessable, path + " " + std::string(sentence), path);
}

Result<void> check_secret(std::string_view secret) {
  if (secret.size() < model::kEntriSecretBytesMin || secret.size() > model::kEntriSecretBytesMax) {
    return unprocessable("secret", format("is the client secret of your application at Entri: {} to {} bytes",
                                          model::kEntriSecretBytesMin, model::kEntriSecretBytesMax));
  }
  if (trim(secret).size() != secret.size()) {
    return unprocessable("secret", "has blanks or a line end around it; paste it without");
  }
  if (const auto problem = webhooks::secret_problem(secret); !problem.empty()) {
    return unprocessable("secret", "is none that anything could be verified with: " + problem);
  }
  return {};
}

Result<std::vector<std::string>> parse_networks(const std::vector<std::string>& texts) {
  if (texts.size() > model::kSourceAddressesMax) {
    return unprocessable("source_addresses", format("may have at most {} items", model::kSourceAddressesMax));
  }
  std::vector<std::string> networks;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto network = net::Network::parse(texts[i]);
    if (!network)
      return unprocessable(format("source_addresses[{}]", i), "is no address or network: " + network.error().message);
    networks.push_back(network->text());
  }
  return networks;
}

}  // namespace

std::string entri_secret_identity(ApplicationId application) { return "entri_receiver " + application.text(); }

Result<void> change_entri_receiver(store::Tx& tx, const Administration& by, ApplicationId application,
                                   const EntriReceiverChange& change) {
  const auto before = TRY(store::entri_receivers::find(tx, application));
  if (!before && !change.secret) {
    return unprocessable("secret", "is needed first: the client secret of your application at Entri");
  }
  auto receiver = before.value_or(model::EntriReceiver{});
  if (change.secret) {
    TRY_VOID(check_secret(*change.secret));
    receiver.sealed_secret = by.master_key.seal(*change.secret, entri_secret_identity(application));
  }
  receiver.form = change.form.value_or(receiver.form);
  receiver.allows_v1 = change.allows_v1.value_or(receiver.allows_v1);
  if (change.source_addresses) receiver.source_addresses = TRY(parse_networks(*change.source_addresses));
  receiver.updated_at = by.now;
  return store::entri_receivers::save(tx, application, receiver);
}

// ── what a type does ────────────────────────────────────────────────────────────────────────────────────────

namespace {

using Happenings = std::vector<model::Happening>;

/// A word that seed 001 does not have counts as manual, which promises least.
model::FlowEnded flow_end(const EntriWebhook& webhook) {
  const bool is_name = webhook.provider.size() <= kProviderBytesMax && printable(webhook.provider) == webhook.provider;
  return {.setup_type = model::parse_setup_type(webhook.setup_type).value_or(model::SetupType::kManual),
          .provider = is_name ? webhook.provider : std::string(),
          .dmarc_updated = model::parse_dmarc_update(webhook.dmarc_updated)};
}

/// Secure, Power and Monitor are Entri's own work, of which its word is all there is.
void add_facets(Happenings& happenings, const EntriWebhook& webhook) {
  using Facet = model::FacetReported::Facet;
  const auto add = [&](Facet facet, std::string_view word) {
    const auto state = model::parse_facet_state(word);
    if (!state || state == model::FacetState::kAbsent || state == model::FacetState::kExempt) return;
    happenings.emplace_back(model::FacetReported{facet, *state});
  };
  add(Facet::kSecure, webhook.secure_status);
  add(Facet::kPower, webhook.power_status);
  add(Facet::kMonitor, webhook.monitor_status);
}

Happenings flow_ended(const model::Connection&, const EntriWebhook& webhook) { return {flow_end(webhook)}; }

/// It comes again with every status that changes: the flow ends once, and each time we look for ourselves.
Happenings records_added(const model::Connection& connection, const EntriWebhook& webhook) {
  Happenings happenings;
  if (connection.flow_ended_at) {
    happenings.emplace_back(model::CheckRequested{});
  } else {
    happenings.emplace_back(flow_end(webhook));
  }
  add_facets(happenings, webhook);
  return happenings;
}

Happenings look(const model::Connection&, const EntriWebhook&) { return {model::CheckRequested{}}; }

/// What is no domain name is left out.
Happenings purchased(const model::Connection&, const EntriWebhook& webhook) {
  model::DomainPurchased purchase{.domains = {}, .is_free_domain = webhook.is_free_domain};
  for (const auto& text : webhook.purchased_domains) {
    if (const auto domain = HostName::parse(text)) purchase.domains.push_back(*domain);
  }
  return {std::move(purchase)};
}

Happenings purchase_failed(const model::Connection&, const EntriWebhook&) { return {model::PurchaseFailed{}}; }
Happenings purchase_expired(const model::Connection&, const EntriWebhook&) { return {model::PurchaseExpired{}}; }

template <model::TransferMoved::To to>
Happenings transfer_moved(const model::Connection&, const EntriWebhook&) {
  return {model::TransferMoved{to}};
}

}  // namespace

const std::vector<ReceivedType>& received_types() {
  using To = model::TransferMoved::To;
  static const std::vector<ReceivedType> kTypes{
      {"domain.flow.completed", flow_ended},
      {"domain.added", records_added},
      {"domain.propagation.timeout", look},
      {"domain.record_missing", look},
      {"domain.record_restored", look},
      {"domain.purchased", purchased},
      {"domain.transfer.in.initiated", transfer_moved<To::kInInitiated>},
      {"domain.transfer.in.started", transfer_moved<To::kInStarted>},
      {"domain.transfer.in.ack", transfer_moved<To::kInAck>},
      {"domain.transfer.in.failed", transfer_moved<To::kInFailed>},
      {"domain.transfer.out.initiated", transfer_moved<To::kOutInitiated>},
      {"purchase.error", purchase_failed},
      {"purchase.confirmation.expired", purchase_expired},
  };
  return kTypes;
}

// ── taking one ──────────────────────────────────────────────────────────────────────────────────────────────

namespace {

struct Taken {
  ReceivedOutcome outcome = ReceivedOutcome::kApplied;
  Rings rings;
};

std::optional<HostName> host_of(const EntriWebhook& webhook) {
  const bool is_apex = webhook.subdomain.empty() || webhook.subdomain == "@";
  auto host = HostName::parse(is_apex ? webhook.domain : webhook.subdomain + "." + webhook.domain);
  if (!host) return std::nullopt;
  return *std::move(host);
}

/// Live ones on the host; several organizations may claim it, and then the user tells them apart.
Result<std::optional<model::Connection>> find_on_host(store::Tx& tx, ApplicationId application,
                                                      const EntriWebhook& webhook) {
  const auto host = host_of(webhook);
  if (!host) return std::nullopt;
  auto claims = TRY(store::connections::find_on_host_across_applications(tx, *host));
  std::erase_if(claims, [&](const model::Connection& one) { return one.application != application; });
  if (claims.size() > 1 && !webhook.user_id.empty()) {
    std::erase_if(claims, [&](const model::Connection& one) { return one.user_id != webhook.user_id; });
  }
  if (claims.size() != 1) return std::nullopt;
  return std::move(claims.front());
}

Result<std::optional<model::Connection>> find_connection(store::Tx& tx, ApplicationId application,
                                                         const EntriWebhook& webhook) {
  for (const auto& job_id : webhook.job_ids) {
    auto found = TRY(store::connections::find_by_job(tx, application, job_id));
    if (found) return found;
  }
  return find_on_host(tx, application, webhook);
}

class Taking {
 public:
  Taking(store::Tx& tx, IdMaker& ids, Time now, ApplicationId application, const EntriWebhook& webhook)
      : tx_(tx), ids_(ids), now_(now), application_(application), webhook_(webhook) {}

  Result<Taken> run() {
    if (!TRY(store::received_webhooks::insert_if_absent(tx_, application_, webhook_.replay_key, now_))) {
      return Taken{ReceivedOutcome::kDuplicate, {}};
    }
    const auto connection = TRY(find_connection(tx_, application_, webhook_));
    if (!connection) return Taken{ReceivedOutcome::kUnknownFlow, {}};
    const auto& types = received_types();
    const auto row = std::ranges::find(types, webhook_.type, &ReceivedType::type);
    const auto happenings =
        row == types.end() ? std::vector<model::Happening>{} : row->happenings(*connection, webhook_);
    if (happenings.empty()) return Taken{ReceivedOutcome::kNoEffect, {}};
    return let_happen(connection->id, happenings);
  }

 private:
  Result<Taken> let_happen(ConnectionId id, const std::vector<model::Happening>& happenings) {
    ConnectionChange step(tx_, ids_, now_);
    for (const auto& happening : happenings) {
      const auto after = step.apply([&](store::Tx& in) { return load_connection(in, application_, id); }, happening);
      if (after) continue;
      // Refused by the decision, before anything of it was written; the webhook stays remembered.
      if (after.error().kind == Kind::kConflict && !tx_.failure())
        return Taken{ReceivedOutcome::kConflict, step.rings()};
      return std::unexpected(after.error());
    }
    return Taken{ReceivedOutcome::kApplied, step.rings()};
  }

  store::Tx& tx_;
  IdMaker& ids_;
  const Time now_;
  const ApplicationId application_;
  const EntriWebhook& webhook_;
};

}  // namespace

Task<Result<ReceivedOutcome>> EntriReceiver::take(ApplicationId application, EntriWebhook webhook) {
  const Time now = clock_.now();
  const auto taken =
      CO_TRY(co_await storage_.write<Taken>([this, now, application, webhook = std::move(webhook)](store::Tx& tx) {
        return Taking(tx, ids_, now, application, webhook).run();
      }));
  ring(bell_, taken.rings);
  co_return taken.outcome;
}

}  // namespace signpost::services
