// SPDX-License-Identifier: Apache-2.0
//
// The certificate authorities of the settings, in order of preference, each with our account there.
// Owned by app/wiring; any loop; storage, master key, clock outlive it. An account is made once for ever: its key is
// saved, sealed, before the authority hears of it, and so is another that is to follow, so a crash never leaves an
// account whose key is lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "acme/client.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/text.h"
#include "crypto/sealed.h"
#include "model/issuance_limit.h"
#include "services/also_in_tx.h"
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

/// Our account at an authority, for readers.
struct AuthorityAccount {
  std::string url;
  std::string contact;  // as the authority was told last: "mailto:ops@saas.example"; empty: none
  Time created_at{};
  std::optional<Time> key_changed_at;
  bool is_key_changing = false;  // begun, and not known to be done
};
struct AuthorityView {
  std::string name;
  std::string directory_url;
  std::string profile;                      // empty: the authority's choice
  std::optional<AuthorityAccount> account;  // empty: none has been made yet
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

  Task<Result<AuthorityView>> view();
  /// The account gets another key (RFC 8555 7.3.5), and orders that are not proven yet another challenge. kConflict
  /// without an account, or while another change is on its way. Where the authority's answer is lost, the change is
  /// gone on with by whoever needs the account next: the error says so.
  Task<Result<AuthorityView>> change_key(AlsoInTx also);
  /// After a start: goes on with a change of the key that was begun, and tells a contact that the settings have
  /// changed. What fails is logged, and done at the next start.
  Task<void> settle();
  /// So far. While one is under way, what was signed with the key before may be refused, and that means nothing.
  std::uint64_t key_changes() const { return key_changes_; }
  bool is_changing_key() const { return is_changing_key_; }

 private:
  using Opened = Result<acme::Outcome<acme::Account>>;

  /// Of a row whose next key is on its way: asks the authority which of the two it knows, changes the key if it is the
  /// old one, and saves what is true then.
  Task<Opened> finish_key_change(store::acme_accounts::Account saved);
  Task<acme::Outcome<void>> move_to(acme::Account account, crypto::AccountKey next);
  Task<Result<std::optional<store::acme_accounts::Account>>> find_row();
  /// As its row says; its url is empty until it is opened.
  Task<Result<store::acme_accounts::Account>> saved_account();
  /// False if the row has another key by now: nothing is saved.
  Task<Result<bool>> save(store::acme_accounts::Account opened);
  std::string seal_fresh_key() const;
  Result<crypto::AccountKey> open_key(const std::string& sealed) const;
  std::string contact() const { return format("{}", fmt::join(settings_.account.contacts, " ")); }
  std::string associated_data() const { return "acme account " + settings_.name; }

  const AuthoritySettings settings_;
  Storage& storage_;
  const crypto::MasterKey& master_key_;
  const Clock& clock_;
  acme::Client client_;
  Guarded<std::optional<acme::Account>> account_;
  std::atomic<std::uint64_t> key_changes_{0};
  std::atomic<bool> is_changing_key_{false};  // by one caller at a time
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
  Task<Result<std::vector<AuthorityView>>> list();
  /// kNotFound for a name that the settings do not have.
  Task<Result<AuthorityView>> change_key(std::string name, AlsoInTx also);
  /// Of all of them, one after the other.
  Task<void> settle();
  /// Of all of them; has a key changed since it was `before`, or is one changing now?
  std::uint64_t key_changes() const;
  bool has_key_changed_since(std::uint64_t before) const;

 private:
  std::vector<std::unique_ptr<Authority>> all_;
};

}  // namespace signpost::services
