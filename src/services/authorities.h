// SPDX-License-Identifier: Apache-2.0
//
// The certificate authorities of the settings, in order of preference, each with our account there.
// Owned by app/wiring; any loop; storage, master key, clock outlive it. An account is made once for ever: its key is
// saved, sealed, before the authority hears of it, so a crash never leaves an account whose key is lost.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "acme/client.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "crypto/sealed.h"
#include "model/issuance_limit.h"
#include "services/storage.h"
#include "store/acme_accounts.h"

namespace signpost::services {

struct AuthoritySettings {
  std::string name;  // stands in rows: another name is another authority
  acme::Client::Settings client;
  acme::NewAccount account;
  std::string profile;         // empty: the authority's choice
  std::string preferred_root;  // empty: the authority's first chain
  std::vector<model::IssuanceLimit> limits;
};

class Authority {
 public:
  Authority(AuthoritySettings settings, Storage& storage, const crypto::MasterKey& master_key, const Clock& clock);

  const std::string& name() const { return settings_.name; }
  const std::string& profile() const { return settings_.profile; }
  const std::string& preferred_root() const { return settings_.preferred_root; }
  std::span<const model::IssuanceLimit> limits() const { return settings_.limits; }
  acme::Client& client() { return client_; }

  /// Our account: remembered, else found or made. Concurrent callers make one and the same. The outer error is ours:
  /// the database, or a key that cannot be opened; the inner one the authority's.
  Task<Result<acme::Outcome<acme::Account>>> account();
  /// The authority does not know `gone` any more: the next account() makes another, with a new key. Nothing happens if
  /// another job has done so already.
  Task<Result<void>> forget_account(acme::Account gone);

 private:
  /// As its row says; its url is empty until it is opened.
  Task<Result<store::acme_accounts::Account>> saved_account();
  /// False if the row has another key by now: nothing is saved.
  Task<Result<bool>> save(store::acme_accounts::Account opened);
  std::string seal_fresh_key() const;
  Result<crypto::AccountKey> open_key(const store::acme_accounts::Account& account) const;
  std::string associated_data() const { return "acme account " + settings_.name; }

  const AuthoritySettings settings_;
  Storage& storage_;
  const crypto::MasterKey& master_key_;
  const Clock& clock_;
  acme::Client client_;
  Guarded<std::optional<acme::Account>> account_;
};

class Authorities {
 public:
  Authorities(std::vector<AuthoritySettings> settings, Storage& storage, const crypto::MasterKey& master_key,
              const Clock& clock);

  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  /// By preference.
  Authority& at(std::size_t index) { return *all_.at(index); }
  /// Null if the settings have it no more.
  Authority* find(std::string_view name);

 private:
  std::vector<std::unique_ptr<Authority>> all_;
};

}  // namespace signpost::services
