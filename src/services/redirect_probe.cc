// SPDX-License-Identifier: Apache-2.0
#include "services/redirect_probe.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dns/together.h"

namespace signpost::services {
namespace {

using net::Url;

bool is_redirection(int status) {
  constexpr std::array kRedirections{301, 302, 303, 307, 308};  // RFC 9110 15.4; the others lead nowhere
  return std::ranges::find(kRedirections, status) != kRedirections.end();
}

/// Where a Location leads (RFC 9110 10.2.2): relative ones stay on the host that was asked.
Result<Url> destination_of(const Url& asked, std::string_view location) {
  location = trim(location.substr(0, location.find('#')));
  if (location.find("://") != std::string_view::npos) return Url::parse(location);
  const auto scheme = std::string(name_of(asked.scheme));
  if (location.starts_with("//")) return Url::parse(format("{}:{}", scheme, location));
  const auto slash = location.starts_with('/') ? "" : "/";
  return Url::parse(format("{}://{}{}{}", scheme, asked.authority(), slash, location));
}

}  // namespace

RedirectReply reply_of(const Url& asked, const Url& wanted, const net::PostOutcome& outcome) {
  if (outcome.cause == net::kSenderFull) return RedirectReply::kUnseen;
  if (outcome.status == 0) return RedirectReply::kSilent;
  if (!is_redirection(outcome.status)) return RedirectReply::kDisagrees;
  const auto destination = destination_of(asked, outcome.location);
  if (!destination) return RedirectReply::kDisagrees;
  if (destination->text() == wanted.text()) return RedirectReply::kAgrees;
  const bool is_upgrade = asked.scheme == net::Scheme::kHttp && destination->scheme == net::Scheme::kHttps;
  return is_upgrade && destination->host == asked.host ? RedirectReply::kUpgrades : RedirectReply::kDisagrees;
}

std::optional<bool> is_there(RedirectReply http, RedirectReply https) {
  constexpr auto kAgrees = RedirectReply::kAgrees;
  constexpr auto kDisagrees = RedirectReply::kDisagrees;
  const bool is_unseen = http == RedirectReply::kUnseen || https == RedirectReply::kUnseen;
  if (is_unseen && http != kDisagrees && https != kDisagrees) return std::nullopt;
  return (http == kAgrees || https == kAgrees) && http != kDisagrees && https != kDisagrees;
}

Task<void> RedirectProbe::ask(const Url& url, net::PostOutcome& outcome) {
  const auto deadline = std::chrono::steady_clock::now() + settings_.budget;
  outcome = co_await sender_.get(url, {{"User-Agent", settings_.user_agent}}, deadline);
}

Task<std::optional<bool>> RedirectProbe::is_redirected(std::string host, std::string to) {
  const auto wanted = Url::parse(to);
  const auto http = Url::parse(format("http://{}:{}/", host, settings_.http_port));
  const auto https = Url::parse(format("https://{}:{}/", host, settings_.https_port));
  if (!wanted || !http || !https) co_return false;
  std::array<net::PostOutcome, 2> outcomes;
  std::vector<Task<void>> questions;
  questions.push_back(ask(*http, outcomes[0]));
  questions.push_back(ask(*https, outcomes[1]));
  co_await dns::together(std::move(questions));
  co_return is_there(reply_of(*http, *wanted, outcomes[0]), reply_of(*https, *wanted, outcomes[1]));
}

}  // namespace signpost::services
