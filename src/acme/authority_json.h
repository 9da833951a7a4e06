// SPDX-License-Identifier: Apache-2.0
//
// The JSON that goes to an authority and comes from it (RFC 8555 7, RFC 9773). The floor's door to Boost.JSON. Pure;
// any thread. What comes is a stranger's: bounded, its URLs made whole and checked, its words made printable, or
// refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acme/account.h"
#include "acme/directory.h"
#include "acme/order.h"
#include "acme/problem.h"
#include "acme/renewal_info.h"
#include "net/url.h"

namespace signpost::acme {

// Each takes a document and the URL that it came from: references in it are resolved against that. Members that we do
// not know are ignored. kProtocol with what is wrong, kTooLarge for a list over its limit.
Result<Directory> parse_directory(std::string_view json, const net::Url& from);
Result<AccountState> parse_account(std::string_view json, std::string url);
Result<Order> parse_order(std::string_view json, const net::Url& from);  // its url: `from`
Result<Authorization> parse_authorization(std::string_view json, const net::Url& from);
Result<Challenge> parse_challenge(std::string_view json, const net::Url& from);
Result<RenewalInfo> parse_renewal_info(std::string_view json);
/// Forgiving, because it is about a failure already: what cannot be read is left out. Nothing if it is no JSON object.
std::optional<Problem> parse_problem(std::string_view json);

/// `binding` is a JWS (crypto::bind_external_account); empty: none.
std::string new_account_json(const NewAccount& wanted, std::string_view binding);
std::string existing_account_json();
std::string contacts_json(const std::vector<std::string>& contacts);
std::string key_change_json(std::string_view account_url, std::string_view old_public_jwk);
std::string new_order_json(const NewOrder& wanted);
std::string finalize_json(std::string_view request_der);
std::string revocation_json(std::string_view certificate_der, int reason);

}  // namespace signpost::acme
