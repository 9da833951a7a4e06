// SPDX-License-Identifier: Apache-2.0
#include "services/authorities.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace signpost::services {

Authority::Authority(AuthoritySettings settings, Storage& storage, const crypto::MasterKey& master_key,
                     const Clock& clock)
    : settings_(std::move(settings)),
      storage_(storage),
      master_key_(master_key),
      clock_(clock),
      client_(settings_.client, clock) {}

Task<Result<crypto::AccountKey>> Authority::saved_key(std::string* url) {
  // Whoever comes second finds the first one's key: the row is written in the transaction that found none.
  const auto fresh = crypto::AccountKey::generate();
  const auto sealed = master_key_.seal(fresh.to_jwk().expose(), associated_data());
  const Time now = clock_.now();
  using store::acme_accounts::Account;
  const auto account = CO_TRY(co_await storage_.write<Account>([&](store::Tx& tx) -> Result<Account> {
    auto found = TRY(store::acme_accounts::find(tx, settings_.name));
    if (found && found->directory_url == settings_.client.directory_url) return *std::move(found);
    Account made{settings_.name, settings_.client.directory_url, "", sealed, now};
    TRY_VOID(store::acme_accounts::save(tx, made));
    return made;
  }));
  *url = account.url;
  const auto jwk = CO_TRY(master_key_.unseal(account.sealed_key, associated_data()));
  co_return crypto::AccountKey::from_jwk(jwk);
}

Task<Result<void>> Authority::save(const crypto::AccountKey& key, std::string url) {
  const auto sealed = master_key_.seal(key.to_jwk().expose(), associated_data());
  const Time now = clock_.now();
  co_return co_await storage_.write<void>([&](store::Tx& tx) -> Result<void> {
    return store::acme_accounts::save(tx, {settings_.name, settings_.client.directory_url, url, sealed, now});
  });
}

Task<acme::Outcome<acme::Account>> Authority::account() {
  if (auto known = account_.with([](const auto& account) { return account; })) co_return *std::move(known);
  std::string url;
  auto key = CO_TRY(co_await saved_key(&url));
  if (url.empty()) {
    url = CO_TRY(co_await client_.open_account(key, settings_.account)).url;
    CO_TRY_VOID(co_await save(key, url));
    log::info("an account at a certificate authority is ready", {{"authority", settings_.name}, {"account", url}});
  }
  acme::Account account{std::move(key), std::move(url)};
  account_.with([&](auto& known) { known = account; });
  co_return account;
}

Task<Result<void>> Authority::forget_account() {
  account_.with([](auto& known) { known.reset(); });
  log::warn("a certificate authority does not know our account any more: another one is made",
            {{"authority", settings_.name}});
  co_return co_await save(crypto::AccountKey::generate(), "");
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
