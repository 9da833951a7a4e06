// SPDX-License-Identifier: Apache-2.0
#include "cloud/google.h"

#include "base/http_date.h"
#include "base/text.h"
#include "cloud/google_json.h"
#include "cloud/percent.h"

namespace signpost::cloud {
namespace {

constexpr std::chrono::seconds kRetryAfterMax = std::chrono::hours(24);

Kind kind_of(GoogleTrouble trouble) {
  switch (trouble) {
    case GoogleTrouble::kNotSeen:
      return Kind::kConflict;
    case GoogleTrouble::kCredentialRefused:
    case GoogleTrouble::kForbidden:
      return Kind::kForbidden;
    case GoogleTrouble::kQuota:
      return Kind::kRateLimited;
    case GoogleTrouble::kTryLater:
      return Kind::kUnavailable;
    case GoogleTrouble::kRefused:
      return Kind::kUnprocessable;
    case GoogleTrouble::kNonsense:
      return Kind::kProtocol;
  }
  return Kind::kUnprocessable;
}

std::string_view way_out_of(GoogleTrouble trouble) {
  switch (trouble) {
    case GoogleTrouble::kNotSeen:
      return "let the domain's TXT record at @ hold the verification token, and wait until it has spread";
    case GoogleTrouble::kCredentialRefused:
      return "put a new credential into search.google_credentials_file (a refresh token dies unused after six months), "
             "and see that this machine's clock is right";
    case GoogleTrouble::kForbidden:
      return "enable the Site Verification API and the Search Console API for the credential's project, and let its "
             "account own the property";
    case GoogleTrouble::kQuota:
      return "it is tried again later; an account may have 1,000 properties";
    case GoogleTrouble::kTryLater:
      return "it is tried again later";
    case GoogleTrouble::kRefused:
    case GoogleTrouble::kNonsense:
      return "report it as a bug if it stays so";
  }
  return "";
}

GoogleFailure failure_of(GoogleTrouble trouble, std::string_view what,
                         std::optional<std::chrono::seconds> retry_after = std::nullopt) {
  return {trouble, Error{kind_of(trouble), format("Google: {}; {}", what, way_out_of(trouble)), {}, retry_after}};
}

GoogleTrouble trouble_of(int status, const GoogleError& error) {
  if (error.reason == "rateLimitExceeded" || error.reason == "userRateLimitExceeded" ||
      error.reason == "quotaExceeded" || error.reason == "dailyLimitExceeded" || status == 429) {
    return GoogleTrouble::kQuota;
  }
  if (status == 401) return GoogleTrouble::kCredentialRefused;
  if (status == 403) return GoogleTrouble::kForbidden;
  if (status == 408 || status >= 500) return GoogleTrouble::kTryLater;
  if (status >= 400) return GoogleTrouble::kRefused;
  return GoogleTrouble::kNonsense;
}

std::string words_of(int status, const GoogleError& error) {
  return error.message.empty() ? format("it answered with {}", status)
                               : format("it answered with {}, {}", status, error.message);
}

GoogleFailure failure_of(Error below) {
  const auto trouble = below.kind == Kind::kTooLarge || below.kind == Kind::kProtocol ? GoogleTrouble::kNonsense
                                                                                      : GoogleTrouble::kTryLater;
  return failure_of(trouble, below.message);
}

std::string site_path(std::string_view domain) {
  return format("/webmasters/v3/sites/{}", percent_encoded(format("sc-domain:{}", domain)));
}

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

Google::Google(net::HttpClient& http, const Clock& clock, GoogleCredential credential, Settings settings)
    : http_(http), clock_(clock), credential_(std::move(credential)), settings_(std::move(settings)) {}

Task<GoogleOutcome<crypto::Secret>> Google::access_token() {
  const Time now = clock_.now();
  auto kept = token_.with([&](const auto& token) {
    return token && token->ends_at > now + kTokenMargin ? std::optional(token->text) : std::nullopt;
  });
  if (kept) co_return *std::move(kept);
  const auto url = settings_.token_url.empty() ? credential_.token_url() : settings_.token_url;
  net::HttpCall call;
  call.method = "POST";
  call.url = url;
  call.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  call.body = credential_.grant(now, url).expose();
  call.timeout = settings_.budget;
  call.body_bytes_max = kAnswerBytesMax;
  const auto reply = co_await http_.send(std::move(call));
  if (!reply) co_return std::unexpected(failure_of(reply.error()));
  if (!is_success(reply->status)) {
    const auto error = parse_google_error(reply->body);
    const bool is_refusal = reply->status == 400 || reply->status == 401 || reply->status == 403;
    const auto trouble = is_refusal ? GoogleTrouble::kCredentialRefused : trouble_of(reply->status, error);
    co_return std::unexpected(
        failure_of(trouble, format("no access token for {}: {} {}", printable(credential_.name(), 100), error.reason,
                                   words_of(reply->status, error))));
  }
  auto answer = parse_token_answer(reply->body);
  if (!answer) co_return std::unexpected(failure_of(answer.error()));
  token_.with([&](auto& token) { token = AccessToken{answer->access_token, now + answer->lifetime}; });
  co_return std::move(answer->access_token);
}

Task<Result<net::HttpReply>> Google::send(const crypto::Secret& token, std::string method, std::string path,
                                          std::string body) {
  net::HttpCall call;
  call.method = std::move(method);
  call.url = settings_.api_url + path;
  call.headers.push_back({"Authorization", "Bearer " + token.expose()});
  if (!body.empty()) call.headers.push_back({"Content-Type", "application/json"});
  call.body = std::move(body);
  call.timeout = settings_.budget;
  call.body_bytes_max = kAnswerBytesMax;
  return http_.send(std::move(call));
}

/// The body of a success. An access token that is refused was withdrawn before its end: it is had anew, once.
Task<GoogleOutcome<std::string>> Google::call(std::string method, std::string path, std::string body) {
  for (int tries = 0;; ++tries) {
    const auto token = CO_TRY(co_await access_token());
    const auto reply = co_await send(token, method, path, body);
    if (!reply) co_return std::unexpected(failure_of(reply.error()));
    if (is_success(reply->status)) co_return reply->body;
    if (reply->status == 401) token_.with([](auto& kept) { kept.reset(); });
    if (reply->status == 401 && tries == 0) continue;
    const auto error = parse_google_error(reply->body);
    co_return std::unexpected(
        failure_of(trouble_of(reply->status, error), words_of(reply->status, error),
                   parse_retry_after(reply->header("Retry-After"), clock_.now(), kRetryAfterMax)));
  }
}

Task<GoogleOutcome<std::string>> Google::verification_token(std::string domain) {
  const auto body = CO_TRY(co_await call("POST", "/siteVerification/v1/token", token_request_json(domain)));
  auto token = parse_verification_token(body, kVerificationTokenBytesMax);
  if (!token) co_return std::unexpected(failure_of(token.error()));
  co_return *std::move(token);
}

Task<GoogleOutcome<void>> Google::verify(std::string domain) {
  const auto done =
      co_await call("POST", "/siteVerification/v1/webResource?verificationMethod=DNS_TXT", verify_request_json(domain));
  if (done) co_return GoogleOutcome<void>{};
  // 400 is how Google says that the token is not there; nothing else can be wrong with this request.
  if (done.error().trouble != GoogleTrouble::kRefused) co_return std::unexpected(done.error());
  co_return std::unexpected(
      failure_of(GoogleTrouble::kNotSeen, format("{} is not verified yet, its TXT record was not seen", domain)));
}

Task<GoogleOutcome<void>> Google::add_site(std::string domain) {
  CO_TRY_VOID(co_await call("PUT", site_path(domain), ""));
  co_return GoogleOutcome<void>{};
}

Task<GoogleOutcome<void>> Google::submit_sitemap(std::string domain, std::string sitemap) {
  const auto path = format("{}/sitemaps/{}", site_path(domain), percent_encoded(sitemap));
  CO_TRY_VOID(co_await call("PUT", path, ""));
  co_return GoogleOutcome<void>{};
}

}  // namespace signpost::cloud
