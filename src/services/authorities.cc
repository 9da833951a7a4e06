// SPDX-License-Identifier: Apache-2.0
#include "services/authorities.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace signpost::services {
namespace {

constexpr int kTriesMax = 8;  // of several jobs that find an account gone at once

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
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (auto known = account_.with([](const auto& account) { return account; })) {
      co_return acme::Outcome<acme::Account>(*std::move(known));
    }
    auto saved = CO_TRY(co_await saved_account());
    auto key = CO_TRY(open_key(saved));
    if (saved.url.empty()) {
      const auto opened = co_await client_.open_account(key, settings_.account);
      if (!opened) co_return acme::Outcome<acme::Account>(std::unexpected(opened.error()));
      saved.url = opened->url;
      // Another job has given the key up meanwhile: what it made instead is taken.
      if (!CO_TRY(co_await save(saved))) continue;
      log::info("an account at a certificate authority is ready",
                {{"authority", settings_.name}, {"account", saved.url}});
    }
    acme::Account account{std::move(key), std::move(saved.url)};
    account_.with([&](auto& known) { known = account; });
    co_return acme::Outcome<acme::Account>(std::move(account));
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

Result<crypto::AccountKey> Authority::open_key(const store::acme_accounts::Account& account) const {
  const auto jwk = TRY(master_key_.unseal(account.sealed_key, associated_data()));
  return crypto::AccountKey::from_jwk(jwk);
}

Authorities::Authorities(std::vector<AuthoritySettings> settings, Storage& storage, const crypto::MasterKey& master_key,
                         const Clock& clock) {
  for (auto& one : settings) all_.push_back(std::make_unique<Authority>(std::move(one), storage, master_key, clock));
}

Authority* Authorities::find(std::string_view name) {
  const auto found = std::ranges::find_if(all_, [&](const auto& one) { return one->name() == name; });
  return found == all_.end() ? nullptr : found->get();
}

}  // namespace signpost::services
