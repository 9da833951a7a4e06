// SPDX-License-Identifier: Apache-2.0
#include "app/authority_settings.h"

#include "app/secret_file.h"
#include "app/version.h"
#include "base/text.h"

namespace signpost::app {
namespace {

Result<services::AuthoritySettings> one_of(const Settings::Authority& authority) {
  services::AuthoritySettings one{.name = authority.name};
  one.client.directory_url = authority.directory_url;
  one.client.ca_file = authority.ca_file.string();
  one.client.calls_max = authority.calls_max;
  one.client.user_agent = format("Signpost/{}", kVersion);
  if (authority.contact) one.account.contacts.push_back("mailto:" + authority.contact->text());
  one.account.agrees_to_terms = authority.agree_to_terms;
  if (!authority.eab_key_id.empty()) {
    auto key = TRY(read_secret_file(authority.eab_mac_key_file, "authorities.eab_mac_key_file", "the MAC key"));
    one.account.external = crypto::ExternalAccount{authority.eab_key_id, std::move(key)};
  }
  one.profile = authority.profile;
  one.preferred_root = authority.preferred_root;
  switch (authority.limits) {
    case Settings::Authority::Limits::kLetsEncrypt:
      one.limits.assign(model::kLetsEncryptLimits.begin(), model::kLetsEncryptLimits.end());
      break;
    case Settings::Authority::Limits::kNone:
      break;
  }
  return one;
}

}  // namespace

Result<std::vector<services::AuthoritySettings>> authority_settings(const Settings& settings) {
  std::vector<services::AuthoritySettings> all;
  for (const auto& authority : settings.authorities) all.push_back(TRY(one_of(authority)));
  return all;
}

}  // namespace signpost::app
