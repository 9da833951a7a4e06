// SPDX-License-Identifier: Apache-2.0
#include "services/directory.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "net/wait.h"
#include "services/endpoint_headers.h"
#include "services/entri_receiver.h"
#include "store/api_keys.h"
#include "store/application_secrets.h"
#include "store/applications.h"
#include "store/directory_revision.h"
#include "store/entri_receivers.h"

namespace signpost::services {
namespace {

Result<crypto::Secret> opened(const model::ApplicationSecret& row, const crypto::MasterKey& master_key) {
  const auto sealed = from_base64(row.sealed);
  if (!sealed) return fail(Kind::kUnprocessable, "the sealed secret is not base64");
  return master_key.unseal(*sealed, row.id.text());
}

std::optional<SigningSecrets> signing_secrets(const std::vector<OpenSecret>& newest_first, Time now) {
  SigningSecrets secrets;
  const OpenSecret* entri = nullptr;  // the newest promoted live one, else the oldest live one (model::entri_secret)
  for (const auto& secret : newest_first) {
    if (!secret.is_live(now)) continue;
    secrets.live_newest_first.push_back(secret.secret.expose());
    if (entri == nullptr || !entri->is_promoted) entri = &secret;
  }
  if (entri == nullptr) return std::nullopt;
  secrets.entri = entri->secret.expose();
  return secrets;
}

/// V2 in the one form that was chosen. Standard Webhooks is not Entri's, so what claims to be it is not looked at.
AcceptedForms forms_of(const model::EntriReceiver& receiver) {
  const bool is_hmac = receiver.form == model::EntriForm::kHmac;
  return {.v2 = !is_hmac,
          .v2_hmac = is_hmac,
          .standard = false,
          .v1 = receiver.allows_v1,
          .v1_of_body = receiver.allows_v1};
}

Result<OpenEntriReceiver> opened(ApplicationId application, const model::EntriReceiver& receiver,
                                 const crypto::MasterKey& master_key) {
  OpenEntriReceiver open{.secret = TRY(master_key.unseal(receiver.sealed_secret, entri_secret_identity(application))),
                         .accepted = forms_of(receiver),
                         .sources = {}};
  for (const auto& text : receiver.source_addresses) open.sources.push_back(TRY(net::Network::parse(text)));
  return open;
}

}  // namespace

void DirectorySnapshot::add(model::Application application) {
  const auto id = application.id;
  if (!application.identity.issuer.empty()) by_issuer_[application.identity.issuer].push_back(id);
  origins_.insert(application.allowed_origins.begin(), application.allowed_origins.end());
  entries_.emplace(id, DirectoryEntry{std::move(application), {}, {}, {}});
}

Result<DirectorySnapshot> DirectorySnapshot::load(store::Tx& tx, const crypto::MasterKey& master_key) {
  DirectorySnapshot snapshot;
  snapshot.revision_ = TRY(store::directory_revision::current(tx));
  for (auto& application : TRY(store::applications::load_all_across_applications(tx)))
    snapshot.add(std::move(application));
  for (const auto& row : TRY(store::application_secrets::load_all_across_applications(tx))) {
    const auto entry = snapshot.entries_.find(row.application);
    if (entry == snapshot.entries_.end()) continue;
    auto secret = opened(row, master_key);
    if (!secret) {
      log::error("a client secret does not open; was the master key changed?", {{"secret", row.id.text()}});
      continue;
    }
    auto& secrets = row.endpoint ? entry->second.endpoint_secrets[*row.endpoint] : entry->second.secrets;
    secrets.push_back({row.id, *std::move(secret), row.is_promoted, row.expires_at});
  }
  for (auto& [id, entry] : snapshot.entries_) {
    std::ranges::sort(entry.secrets, std::greater{}, &OpenSecret::id);
    for (auto& [endpoint, secrets] : entry.endpoint_secrets)
      std::ranges::sort(secrets, std::greater{}, &OpenSecret::id);
  }
  for (const auto& [application, receiver] : TRY(store::entri_receivers::load_all_across_applications(tx))) {
    const auto entry = snapshot.entries_.find(application);
    if (entry == snapshot.entries_.end()) continue;
    auto open = opened(application, receiver, master_key);
    if (open) {
      entry->second.entri_receiver = *std::move(open);
    } else {
      log::error("an Entri secret does not open; was the master key changed?", {{"application", application.text()}});
    }
  }
  for (auto& key : TRY(store::api_keys::load_all_across_applications(tx))) {
    if (key.application && !snapshot.entries_.contains(*key.application)) continue;
    auto digest = key.digest;
    snapshot.keys_.emplace(std::move(digest), std::move(key));
  }
  return snapshot;
}

const DirectoryEntry* DirectorySnapshot::find(ApplicationId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

const model::ApiKey* DirectorySnapshot::key_of(const std::string& digest) const {
  const auto found = keys_.find(digest);
  return found == keys_.end() ? nullptr : &found->second;
}

std::span<const ApplicationId> DirectorySnapshot::of_issuer(std::string_view issuer) const {
  const auto found = by_issuer_.find(issuer);
  if (found == by_issuer_.end()) return {};
  return found->second;
}

Directory::Directory(Storage& storage, const crypto::MasterKey& master_key, const Clock& clock)
    : storage_(storage),
      master_key_(master_key),
      clock_(clock),
      current_(std::shared_ptr<const DirectorySnapshot>(std::make_shared<DirectorySnapshot>())) {}

std::shared_ptr<const DirectorySnapshot> Directory::snapshot() const {
  return current_.with([](const auto& current) { return current; });
}

Task<Result<void>> Directory::reload() {
  const auto known = snapshot()->revision();
  using Loaded = std::shared_ptr<const DirectorySnapshot>;
  auto loaded = CO_TRY(co_await storage_.read<Loaded>([this, known](store::Tx& tx) -> Result<Loaded> {
    if (TRY(store::directory_revision::current(tx)) == known) return Loaded();
    return Loaded(std::make_shared<const DirectorySnapshot>(TRY(DirectorySnapshot::load(tx, master_key_))));
  }));
  if (!loaded) co_return Result<void>{};
  // Two loads may end in the other order than they began: the newer state stays.
  current_.with([&](auto& current) {
    if (loaded->revision() > current->revision()) current = std::move(loaded);
  });
  co_return Result<void>{};
}

void Directory::start(net::TaskGroup& tasks) { tasks.spawn(poll(), "directory"); }

Task<void> Directory::poll() {
  bool is_failing = false;
  while (co_await net::sleep_until(std::chrono::steady_clock::now() + kPollPause)) {
    const auto done = co_await reload();
    if (!done && !is_failing)
      log::warn("applications and keys could not be read anew", {{"error", done.error().message}});
    is_failing = !done;
  }
}

std::optional<SigningSecrets> Directory::secrets_of(ApplicationId application) const {
  const auto directory = snapshot();
  const auto* entry = directory->find(application);
  if (entry == nullptr) return std::nullopt;
  return signing_secrets(entry->secrets, clock_.now());
}

std::optional<SigningSecrets> Directory::secrets_for(const model::Endpoint& endpoint) const {
  if (!endpoint.has_own_secret) return secrets_of(endpoint.application);
  const auto directory = snapshot();
  const auto* entry = directory->find(endpoint.application);
  if (entry == nullptr) return std::nullopt;
  const auto own = entry->endpoint_secrets.find(endpoint.id);
  if (own == entry->endpoint_secrets.end()) return std::nullopt;
  return signing_secrets(own->second, clock_.now());
}

Result<std::vector<net::Header>> Directory::headers_for(const model::Endpoint& endpoint) const {
  return opened_headers(endpoint, master_key_);
}

}  // namespace signpost::services
