// SPDX-License-Identifier: Apache-2.0
#include "cloud/indexnow.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/http_date.h"
#include "base/text.h"

namespace signpost::cloud {
namespace {

namespace json = boost::json;

/// The codes of indexnow.org's documentation; what it does not name is no answer to the submission.
UrlVerdict verdict_of(int status) {
  switch (status) {
    case 200:
      return UrlVerdict::kAccepted;
    case 202:
      return UrlVerdict::kKeyPending;
    case 400:
      return UrlVerdict::kBadFormat;
    case 403:
      return UrlVerdict::kKeyNotValid;
    case 422:
      return UrlVerdict::kNotOnHost;
    case 429:
      return UrlVerdict::kTooMany;
    default:
      return UrlVerdict::kTryLater;
  }
}

std::string explanation_of(UrlVerdict verdict, int status) {
  switch (verdict) {
    case UrlVerdict::kAccepted:
    case UrlVerdict::kKeyPending:
      return {};
    case UrlVerdict::kBadFormat:
      return "IndexNow finds the submission malformed (400): report it as a bug";
    case UrlVerdict::kKeyNotValid:
      return "IndexNow does not find the key in the key file (403): let the file hold search.indexnow_key and nothing "
             "else";
    case UrlVerdict::kNotOnHost:
      return "IndexNow says that a URL is not on the host, or that the key is not one (422): check "
             "search.indexnow_key and search.indexnow_key_path";
    case UrlVerdict::kTooMany:
      return "IndexNow has had too many submissions (429): it is tried again later";
    case UrlVerdict::kTryLater:
      return format("IndexNow answered with {}, which says nothing of the submission: it is tried again later", status);
  }
  return {};
}

}  // namespace

bool is_indexnow_key(std::string_view text) {
  return text.size() >= kIndexNowKeyBytesMin && text.size() <= kIndexNowKeyBytesMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::string_view name_of(UrlVerdict verdict) {
  switch (verdict) {
    case UrlVerdict::kAccepted:
      return "accepted";
    case UrlVerdict::kKeyPending:
      return "key_pending";
    case UrlVerdict::kBadFormat:
      return "bad_format";
    case UrlVerdict::kKeyNotValid:
      return "key_not_valid";
    case UrlVerdict::kNotOnHost:
      return "not_on_host";
    case UrlVerdict::kTooMany:
      return "too_many";
    case UrlVerdict::kTryLater:
      return "try_later";
  }
  return "";
}

std::string submission_json(const UrlSubmission& submission, std::string_view key) {
  json::array urls;
  urls.reserve(submission.urls.size());
  for (const auto& url : submission.urls) urls.emplace_back(url);
  const json::object body{{"host", submission.host},
                          {"key", json::string_view(key.data(), key.size())},
                          {"keyLocation", submission.key_location},
                          {"urlList", std::move(urls)}};
  return json::serialize(body);
}

Task<UrlReply> IndexNow::submit(UrlSubmission submission) {
  if (submission.urls.empty() || submission.urls.size() > kIndexNowUrlsMax) {
    co_return UrlReply{UrlVerdict::kBadFormat, 0,
                       format("a submission has 1 to {} URLs, not {}", kIndexNowUrlsMax, submission.urls.size()),
                       std::nullopt};
  }
  net::HttpCall call;
  call.method = "POST";
  call.url = settings_.endpoint;
  call.headers.push_back({"Content-Type", "application/json; charset=utf-8"});
  call.body = submission_json(submission, settings_.key);
  call.timeout = settings_.budget;
  call.body_bytes_max = kAnswerBytesMax;
  const auto reply = co_await http_.send(std::move(call));
  if (!reply) {
    co_return UrlReply{UrlVerdict::kTryLater, 0, format("IndexNow: {}; it is tried again later", reply.error().message),
                       std::nullopt};
  }
  const auto verdict = verdict_of(reply->status);
  co_return UrlReply{verdict, reply->status, explanation_of(verdict, reply->status),
                     parse_retry_after(reply->header("Retry-After"), clock_.now(), kRetryAfterMax)};
}

}  // namespace signpost::cloud
