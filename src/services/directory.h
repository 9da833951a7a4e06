// SPDX-License-Identifier: Apache-2.0
//
// What every request and every delivery must know at once: applications, their live secrets, API keys, identity rules.
// Owned by app/wiring; any thread. Storage, master key and clock outlive it.
// An immutable snapshot that is swapped whole; a change, also one that another process makes, is seen after kPollPause
// at most.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "crypto/sealed.h"
#include "model/application.h"
#include "net/address_policy.h"
#include "net/task_group.h"
#include "services/courier.h"
#include "services/storage.h"

namespace signpost::services {

/// A client secret, opened.
struct OpenSecret {
  SecretId id;
  crypto::Secret secret;
  bool is_promoted = false;
  std::optional<Time> expires_at;
  bool is_live(Time now) const { return !expires_at || now < *expires_at; }
};

/// How the application takes webhooks of the hosted Entri.
struct OpenEntriReceiver {
  crypto::Secret secret;
  AcceptedForms accepted;
  std::vector<net::Network> sources;  // empty: any
};

struct DirectoryEntry {
  model::Application application;
  std::vector<OpenSecret> secrets;  // newest first; an expired one may still be here: ask is_live
  std::unordered_map<EndpointId, std::vector<OpenSecret>> endpoint_secrets;  // the same, of endpoints with own ones
  std::optional<OpenEntriReceiver> entri_receiver;
};

/// One state of the directory. Never changes.
class DirectorySnapshot {
 public:
  /// Everything, in one read transaction. A secret that does not open (another master key) is left out and logged.
  static Result<DirectorySnapshot> load(store::Tx& tx, const crypto::MasterKey& master_key);

  std::int64_t revision() const { return revision_; }
  /// Null if there is no such application.
  const DirectoryEntry* find(ApplicationId id) const;
  /// The key with this SHA-256 (64 hex digits), if it is not revoked and its application exists; else null.
  const model::ApiKey* key_of(const std::string& digest) const;
  /// The applications whose identity rule names this issuer.
  std::span<const ApplicationId> of_issuer(std::string_view issuer) const;
  /// Some application allows this origin.
  bool is_allowed_origin(std::string_view origin) const { return origins_.contains(origin); }
  std::size_t size() const { return entries_.size(); }

 private:
  void add(model::Application application);

  std::int64_t revision_ = -1;
  std::unordered_map<ApplicationId, DirectoryEntry> entries_;
  std::unordered_map<std::string, model::ApiKey> keys_;
  std::map<std::string, std::vector<ApplicationId>, std::less<>> by_issuer_;
  std::set<std::string, std::less<>> origins_;
};

class Directory final : public SecretSource {
 public:
  static constexpr Milliseconds kPollPause{500};  // the command line writes to the same database from another process

  Directory(Storage& storage, const crypto::MasterKey& master_key, const Clock& clock);

  /// Reads everything anew if the revision has changed. Awaited after every administrative write of our own, and once
  /// at start.
  Task<Result<void>> reload() override;
  /// Polls until the group stops. A failing database is logged once per failure streak; the old snapshot stays.
  void start(net::TaskGroup& tasks);

  /// Never null; empty before the first reload.
  std::shared_ptr<const DirectorySnapshot> snapshot() const;

  /// The live secrets as signatures need them; nothing for an unknown application or one without a live secret.
  std::optional<SigningSecrets> secrets_of(ApplicationId application) const override;
  std::optional<SigningSecrets> secrets_for(const model::Endpoint& endpoint) const override;
  Result<std::vector<net::Header>> headers_for(const model::Endpoint& endpoint) const override;

 private:
  Task<void> poll();

  Storage& storage_;
  const crypto::MasterKey& master_key_;
  const Clock& clock_;
  Guarded<std::shared_ptr<const DirectorySnapshot>> current_;
};

}  // namespace signpost::services
