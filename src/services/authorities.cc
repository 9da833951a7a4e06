// SPDX-License-Identifier: Apache-2.0
#include "services/authorities.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "store/certificates.h"

namespace signpost::services {
namespace {

constexpr int kTriesMax = 8;  // of several jobs that find an account gone at once

/// Says nothing of the keys: the same request may go well another time.
bool is_passing(acme::Trouble trouble) {
  return trouble == acme::Trouble::kTryLater || trouble == acme::Trouble::kUnreachable ||
         trouble == acme::Trouble::kNonsense || trouble == acme::Trouble::kRateLimited;
}

}  // namespace

Authority::Authority(AuthoritySettings settings, Storage& storage, const crypto::MasterKey& master_key,
                     const Clock& clock)
    : settings_(std::move(settings)),
      storage_(storage),
      master_key_(master_key),
      clock_(clock),
      client_(settings_.client, clock) {}

Task<Result<store::acme_accounts::Account>> Authority::saved_account() {
  // Whoever comes second finds the first one's key: the row is written in the transaction that found none.
  const auto sealed = seal_fresh_key();
  const Time now = clock_.now();
  using store::acme_accounts::Account;
  co_return co_await storage_.write<Account>([&](store::Tx& tx) -> Result<Account> {
    auto found = TRY(store::acme_accounts::find(tx, settings_.name));
    if (found && found->directory_url == settings_.client.directory_url) return *std::move(found);
    Account made{settings_.name, settings_.client.directory_url, "", sealed, now};
    TRY_VOID(store::acme_accounts::save(tx, made));
    return made;
  });
}

Task<Result<bool>> Authority::save(store::acme_accounts::Account opened) {
  co_return co_await storage_.write<bool>([&](store::Tx& tx) -> Result<bool> {
    const auto found = TRY(store::acme_accounts::find(tx, settings_.name));
    if (!found || found->sealed_key != opened.sealed_key) return false;
    TRY_VOID(store::acme_accounts::save(tx, opened));
    return true;
  });
}

Task<Result<acme::Outcome<acme::Account>>> Authority::account() {
  using Answer = acme::Outcome<acme::Account>;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (auto known = account_.with([](const auto& account) { return account; })) co_return Answer(*std::move(known));
    auto saved = CO_TRY(co_await saved_account());
    if (!saved.next_sealed_key.empty()) co_return co_await finish_key_change(std::move(saved));
    auto key = CO_TRY(open_key(saved.sealed_key));
    if (saved.url.empty()) {
      const auto opened = co_await client_.open_account(key, settings_.account);
      if (!opened) co_return Answer(std::unexpected(opened.error()));
      saved.url = opened->url;
      saved.contact = contact();
      // Another job has given the key up meanwhile: what it made instead is taken.
      if (!CO_TRY(co_await save(saved))) continue;
      log::info("an account at a certificate authority is ready",
                {{"authority", settings_.name}, {"account", saved.url}});
    }
    acme::Account account{std::move(key), std::move(saved.url)};
    account_.with([&](auto& known) { known = account; });
    co_return Answer(std::move(account));
  }
  co_return fail(Kind::kUnavailable, format("our account at {} changes all the time: try again", settings_.name));
}

Task<Result<void>> Authority::forget_account(acme::Account gone) {
  account_.with([&](auto& known) {
    if (known && known->url == gone.url) known.reset();
  });
  const auto sealed = seal_fresh_key();
  const Time now = clock_.now();
  const bool is_forgotten = CO_TRY(co_await storage_.write<bool>([&](store::Tx& tx) -> Result<bool> {
    const auto found = TRY(store::acme_accounts::find(tx, settings_.name));
    if (!found || found->url != gone.url) return false;
    // What was signed with a key that is the account's no more says nothing of the account.
    if (TRY(open_key(found->sealed_key)).thumbprint() != gone.key.thumbprint()) return false;
    TRY_VOID(store::acme_accounts::save(tx, {settings_.name, settings_.client.directory_url, "", sealed, now}));
    return true;
  }));
  if (is_forgotten) {
    log::warn("a certificate authority does not know our account any more: another one is made",
              {{"authority", settings_.name}});
  }
  co_return Result<void>{};
}

std::string Authority::seal_fresh_key() const {
  return master_key_.seal(crypto::AccountKey::generate().to_jwk().expose(), associated_data());
}

Result<crypto::AccountKey> Authority::open_key(const std::string& sealed) const {
  const auto jwk = TRY(master_key_.unseal(sealed, associated_data()));
  return crypto::AccountKey::from_jwk(jwk);
}

// ── another key, another contact ────────────────────────────────────────────────────────────────────────────────

Task<Result<std::optional<store::acme_accounts::Account>>> Authority::find_row() {
  using Row = std::optional<store::acme_accounts::Account>;
  co_return co_await storage_.read<Row>([&](store::Tx& tx) -> Result<Row> {
    auto found = TRY(store::acme_accounts::find(tx, settings_.name));
    if (!found || found->directory_url != settings_.client.directory_url || found->url.empty()) return Row{};
    return found;
  });
}

Task<Result<AuthorityView>> Authority::view() {
  AuthorityView view{.name = settings_.name,
                     .directory_url = settings_.client.directory_url,
                     .profile = settings_.profile,
                     .account = std::nullopt};
  auto row = CO_TRY(co_await find_row());
  if (!row) co_return view;
  view.account = AuthorityAccount{.url = std::move(row->url),
                                  .contact = std::move(row->contact),
                                  .created_at = row->created_at,
                                  .key_changed_at = row->key_changed_at,
                                  .is_key_changing = !row->next_sealed_key.empty()};
  co_return view;
}

Task<Result<AuthorityView>> Authority::change_key(AlsoInTx also) {
  const auto sealed = seal_fresh_key();
  const auto begun = CO_TRY(co_await storage_.write<bool>([&](store::Tx& tx) -> Result<bool> {
    auto row = TRY(store::acme_accounts::find(tx, settings_.name));
    if (!row || row->directory_url != settings_.client.directory_url || row->url.empty()) return false;
    if (!row->next_sealed_key.empty()) {
      return fail(Kind::kConflict, format("the account's key at {} is being changed already: `signpost authority list` "
                                          "says when it is done",
                                          settings_.name));
    }
    row->next_sealed_key = sealed;
    TRY_VOID(store::acme_accounts::save(tx, *row));
    if (also) TRY_VOID(also(tx));
    return true;
  }));
  if (!begun) {
    co_return fail(Kind::kConflict, format("there is no account at {} yet: one is made, with a key of its own, at the "
                                           "first order",
                                           settings_.name));
  }
  account_.with([](auto& known) { known.reset(); });
  const auto changed = CO_TRY(co_await account());
  auto after = CO_TRY(co_await view());
  if (changed) co_return after;
  const bool goes_on = after.account && after.account->is_key_changing;
  co_return fail(goes_on ? Kind::kUnavailable : Kind::kConflict,
                 format("{}: {}; {}", settings_.name, changed.error().error.message,
                        goes_on ? "which of the two keys the account has is found out as soon as it answers, and the "
                                  "change goes on by itself"
                                : "the key stays as it was"));
}

Task<Authority::Opened> Authority::finish_key_change(store::acme_accounts::Account saved) {
  using Answer = acme::Outcome<acme::Account>;
  if (is_changing_key_.exchange(true)) {
    co_return Answer(std::unexpected(acme::Failure(
        acme::Trouble::kTryLater,
        Error{Kind::kUnavailable, "the key of our account is being changed: ask again in some seconds", {}, {}})));
  }
  const auto finish = [&]() -> Task<Opened> {
    acme::Account account{CO_TRY(open_key(saved.sealed_key)), saved.url};
    auto next = CO_TRY(open_key(saved.next_sealed_key));
    const auto before = saved.sealed_key;
    const auto moved = co_await move_to(account, next);
    // What says nothing of the keys, or comes from a broken way there, leaves both: one of them is the account's.
    if (!moved && is_passing(moved.error().trouble)) co_return Answer(std::unexpected(moved.error()));
    if (moved) {
      saved.sealed_key = saved.next_sealed_key;
      saved.key_changed_at = clock_.now();
      account.key = std::move(next);
    }
    saved.next_sealed_key.clear();
    const bool is_saved = CO_TRY(co_await storage_.write<bool>([&](store::Tx& tx) -> Result<bool> {
      const auto row = TRY(store::acme_accounts::find(tx, settings_.name));
      if (!row || row->sealed_key != before || row->url != saved.url) return false;
      saved.contact = row->contact;
      TRY_VOID(store::acme_accounts::save(tx, saved));
      if (moved) TRY_VOID(store::certificates::forget_challenges_across_applications(tx, settings_.name));
      return true;
    }));
    if (!is_saved) {
      co_return fail(Kind::kUnavailable, format("our account at {} changes all the time: try again", settings_.name));
    }
    if (!moved) {
      log::warn("a certificate authority refuses another key for our account: the key stays as it was",
                {{"authority", settings_.name}, {"cause", moved.error().error.message}});
      co_return Answer(std::unexpected(moved.error()));
    }
    log::info("our account at a certificate authority has another key",
              {{"authority", settings_.name}, {"account", account.url}});
    account_.with([&](auto& known) { known = account; });
    ++key_changes_;
    co_return Answer(std::move(account));
  };
  auto finished = co_await finish();
  is_changing_key_ = false;
  co_return finished;
}

Task<acme::Outcome<void>> Authority::move_to(acme::Account account, crypto::AccountKey next) {
  // The answer to a change may have been lost, and a program may have ended before its row was saved.
  const auto known = co_await client_.find_account(next);
  if (known) co_return acme::Outcome<void>();
  if (known.error().trouble != acme::Trouble::kAccountGone) co_return std::unexpected(known.error());
  auto changed = co_await client_.change_key(std::move(account), next);
  if (changed || is_passing(changed.error().trouble)) co_return changed;
  // Refused, perhaps because a change that was still under way when we looked has come first.
  const auto late = co_await client_.find_account(std::move(next));
  if (late) co_return acme::Outcome<void>();
  if (late.error().trouble != acme::Trouble::kAccountGone) co_return std::unexpected(late.error());
  co_return changed;
}

Task<void> Authority::settle() {
  auto row = co_await find_row();
  if (row && *row && !(*row)->next_sealed_key.empty()) {
    const auto changed = co_await account();
    if (!changed) log::warn("a change of an account's key cannot go on", {{"cause", changed.error().message}});
    row = co_await find_row();
  }
  if (!row || !*row || (*row)->contact == contact()) co_return;
  const auto account = co_await this->account();
  if (!account || !*account) co_return;  // whoever needs it says why
  const auto told = co_await client_.set_contacts(**account, settings_.account.contacts);
  if (!told) {
    log::warn("a certificate authority does not take the contact of the settings: it is told again at the next start",
              {{"authority", settings_.name}, {"cause", told.error().error.message}});
    co_return;
  }
  const auto saved = co_await storage_.write<void>([&](store::Tx& tx) -> Result<void> {
    auto found = TRY(store::acme_accounts::find(tx, settings_.name));
    if (!found || found->url != (*account)->url) return {};
    found->contact = contact();
    return store::acme_accounts::save(tx, *found);
  });
  if (saved) log::info("a certificate authority knows the contact of the settings", {{"authority", settings_.name}});
}

Authorities::Authorities(std::vector<AuthoritySettings> settings, Storage& storage, const crypto::MasterKey& master_key,
                         const Clock& clock) {
  for (auto& one : settings) all_.push_back(std::make_unique<Authority>(std::move(one), storage, master_key, clock));
}

Authority* Authorities::find(std::string_view name) {
  const auto found = std::ranges::find_if(all_, [&](const auto& one) { return one->name() == name; });
  return found == all_.end() ? nullptr : found->get();
}

Task<Result<std::vector<AuthorityView>>> Authorities::list() {
  std::vector<AuthorityView> views;
  for (const auto& one : all_) views.push_back(CO_TRY(co_await one->view()));
  co_return views;
}

Task<Result<AuthorityView>> Authorities::change_key(std::string name, AlsoInTx also) {
  auto* const authority = find(name);
  if (authority == nullptr) co_return fail(Kind::kNotFound, format("the settings have no authority {}", name));
  co_return co_await authority->change_key(std::move(also));
}

Task<void> Authorities::settle() {
  for (const auto& one : all_) co_await one->settle();
}

std::uint64_t Authorities::key_changes() const {
  std::uint64_t all = 0;
  for (const auto& one : all_) all += one->key_changes();
  return all;
}

bool Authorities::has_key_changed_since(std::uint64_t before) const {
  const bool is_changing = std::ranges::any_of(all_, [](const auto& one) { return one->is_changing_key(); });
  return is_changing || key_changes() != before;
}

}  // namespace signpost::services
