// SPDX-License-Identifier: Apache-2.0
#include "services/site_probe.h"

#include "base/text.h"
#include "net/url.h"

namespace signpost::services {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr int kOk = 200;

std::string_view content_of(std::string_view body) {
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  return trim(body);
}

FileSight other(std::string detail) { return {FileSight::What::kOther, std::move(detail)}; }

}  // namespace

FileSight sight_of(std::string_view url, std::string_view wanted, const net::PostOutcome& outcome) {
  if (outcome.cause == net::kSenderFull) {
    return {FileSight::What::kUnseen, "too much is under way on this machine: the key file is looked at later"};
  }
  if (outcome.status == 0) return other(format("{} cannot be reached: {}", url, printable(outcome.detail, 300)));
  if (!outcome.location.empty() && outcome.status >= 300 && outcome.status < 400) {
    return other(format("{} redirects to {} ({}): serve the key file itself there", url,
                        printable(outcome.location, 200), outcome.status));
  }
  if (outcome.status != kOk) {
    return other(format("{} answers with {}: let it hold the IndexNow key", url, outcome.status));
  }
  if (outcome.body_truncated || content_of(outcome.response_body) != wanted) {
    return other(format("{} holds other text than the IndexNow key: let it hold that and nothing else", url));
  }
  return {FileSight::What::kThere, ""};
}

Task<FileSight> SiteProbe::look(std::string url, std::string wanted) {
  const auto parsed = net::Url::parse(url);
  if (!parsed) co_return other(parsed.error().message);
  const auto deadline = std::chrono::steady_clock::now() + settings_.budget;
  std::vector<net::Header> headers{{"User-Agent", settings_.user_agent}};
  const auto outcome = co_await sender_.get(*parsed, std::move(headers), deadline);
  co_return sight_of(url, wanted, outcome);
}

}  // namespace signpost::services
