// SPDX-License-Identifier: Apache-2.0
//
// Any octets as what a certificate authority answers, in each of its documents and in its Link header: what is taken
// lies within the limits, leads only to places that we go to, and can be shown to people.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "acme/authority_json.h"
#include "acme/link.h"
#include "base/text.h"
#include "net/url_reference.h"

namespace {

using namespace signpost;
using namespace signpost::acme;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

bool is_shown(std::string_view text) {
  return is_valid_utf8(text) && std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void goes_on(const std::string& url) {
  const auto parsed = net::Url::parse(url);
  expect(parsed.has_value() && parsed->text() == url && !parsed->target.contains("/../"));
}

void is_bounded(const std::optional<Problem>& problem) {
  if (!problem) return;
  expect(problem->subproblems.size() <= Problem::subproblems_max &&
         problem->in_words().size() <= Problem::text_bytes_max);
  expect(is_shown(problem->in_words()) && is_shown(problem->instance));
  expect(parse_trouble(name_of(problem->trouble())) == problem->trouble());
}

void is_challenge(const Challenge& challenge) {
  goes_on(challenge.url);
  is_bounded(challenge.problem);
  expect(challenge.token.find_first_of("/.+=") == std::string::npos);
}

void read_all(std::string_view text, const net::Url& from) {
  is_bounded(parse_problem(text));
  if (const auto directory = parse_directory(text, from)) {
    for (const auto& url : {directory->new_nonce, directory->new_account, directory->new_order}) goes_on(url);
    for (const auto& url : {directory->revoke_cert, directory->key_change, directory->renewal_info}) {
      if (!url.empty()) goes_on(url);
    }
    expect(directory->profiles.size() <= Directory::profiles_max);
    expect(directory->caa_identities.size() <= Directory::caa_identities_max);
  }
  if (const auto order = parse_order(text, from)) {
    expect(!order->names.empty() && order->names.size() <= Order::names_max);
    expect(order->authorizations.size() <= Order::names_max);
    for (const auto& url : order->authorizations) goes_on(url);
    goes_on(order->finalize_url);
    expect(order->status != OrderStatus::kValid || !order->certificate_url.empty());
    is_bounded(order->problem);
  }
  if (const auto authorization = parse_authorization(text, from)) {
    expect(authorization->challenges.size() <= Authorization::challenges_max);
    for (const auto& challenge : authorization->challenges) is_challenge(challenge);
  }
  if (const auto challenge = parse_challenge(text, from)) is_challenge(*challenge);
  if (const auto account = parse_account(text, from.text()))
    expect(account->contacts.size() <= AccountState::contacts_max);
  if (const auto info = parse_renewal_info(text)) expect(info->start < info->end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto from = net::Url::parse("https://ca.example:8443/acme/order?number=1").value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_all(text, from);
  const auto links = links_of({{"Link", std::string(text)}}, "alternate");
  expect(links.size() <= kLinksMax);
  for (const auto& link : links) {
    if (const auto url = net::resolve(from, link)) goes_on(url->text());
  }
  if (const auto url = net::resolve(from, text)) goes_on(url->text());
  return 0;
}
