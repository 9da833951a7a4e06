// SPDX-License-Identifier: Apache-2.0
//
// Where an authority has what, and what it says of itself (RFC 8555 7.1.1). Value; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace signpost::acme {

struct Directory {
  static constexpr std::size_t profiles_max = 64;
  static constexpr std::size_t caa_identities_max = 64;

  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string revoke_cert;  // empty if it has none, as the following
  std::string key_change;
  std::string renewal_info;  // RFC 9773; empty: the authority has no ARI

  std::string terms_of_service;  // as the authority writes it, most often a URL; empty if there are none
  std::string website;
  std::vector<std::string> caa_identities;  // what CAA records name: "letsencrypt.org"; lower case
  bool needs_external_account = false;
  std::vector<std::pair<std::string, std::string>> profiles;  // name and what it is, in its order

  bool has_profile(std::string_view name) const;
};

}  // namespace signpost::acme
