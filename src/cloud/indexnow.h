// SPDX-License-Identifier: Apache-2.0
//
// Tells search engines which URLs of a host are new, changed or gone, by the protocol IndexNow (indexnow.org): one
// engine is told, it tells the others.
// Owned by app/wiring; any loop; the HTTP client outlives it. Holds nothing that must survive. What an engine answers
// is bounded, and of it only the status counts: 200 means received, no more.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"
#include "net/task.h"

namespace signpost::cloud {

/// Of one request.
constexpr std::size_t kIndexNowUrlsMax = 10'000;
constexpr std::size_t kIndexNowKeyBytesMin = 8;
constexpr std::size_t kIndexNowKeyBytesMax = 128;
/// 8 to 128 characters of a-z, A-Z, 0-9 and '-'.
bool is_indexnow_key(std::string_view text);

struct UrlSubmission {
  std::string host;               // "www.shop.example"
  std::string key_location;       // URL of the key file, on the host
  std::vector<std::string> urls;  // 1…kIndexNowUrlsMax, whole, on the host, escaped (RFC 3986)
};

/// What an engine made of a submission.
enum class UrlVerdict {
  kAccepted,     // 200
  kKeyPending,   // 202: received, the key is still to be checked; not to be sent again
  kBadFormat,    // 400: a bug of ours
  kKeyNotValid,  // 403: the key file is not there, or says otherwise
  kNotOnHost,    // 422: a URL of another host, or a key that does not fit the protocol
  kTooMany,      // 429
  kTryLater,     // no answer, or one that says nothing of the submission: another time
};
std::string_view name_of(UrlVerdict verdict);  // "accepted"
constexpr bool is_taken(UrlVerdict verdict) {
  return verdict == UrlVerdict::kAccepted || verdict == UrlVerdict::kKeyPending;
}

struct UrlReply {
  UrlVerdict verdict = UrlVerdict::kTryLater;
  int http_status = 0;      // 0: no answer
  std::string explanation;  // a sentence with the way out; empty if it was taken
  std::optional<std::chrono::seconds> retry_after;
};

class IndexNow {
 public:
  struct Settings {
    std::string endpoint;         // "https://api.indexnow.org/indexnow"
    std::string key;              // as is_indexnow_key wants it
    Milliseconds budget{20'000};  // one submission
  };
  static constexpr std::size_t kAnswerBytesMax = 64 * 1024;
  static constexpr std::chrono::seconds kRetryAfterMax = std::chrono::hours(24);

  IndexNow(net::HttpClient& http, const Clock& clock, Settings settings)
      : http_(http), clock_(clock), settings_(std::move(settings)) {}

  const std::string& key() const { return settings_.key; }
  /// One POST. Fails not otherwise than by its verdict.
  Task<UrlReply> submit(UrlSubmission submission);

 private:
  net::HttpClient& http_;
  const Clock& clock_;
  const Settings settings_;
};

/// The body of the POST.
std::string submission_json(const UrlSubmission& submission, std::string_view key);

}  // namespace signpost::cloud
