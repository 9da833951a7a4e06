// SPDX-License-Identifier: Apache-2.0
#include "cloud/aws_caller.h"

#include <algorithm>

#include "base/text.h"
#include "net/wait.h"

namespace signpost::cloud {
namespace {

constexpr std::chrono::seconds kRetryAfterMax{60};

bool is_about_credentials(AwsTrouble trouble) {
  return trouble == AwsTrouble::kCredentialsExpired || trouble == AwsTrouble::kCredentialsRefused;
}

/// AWS has not begun what it throttles; what it failed at, or what broke on the way, may be done.
bool may_try_again(AwsTrouble trouble, AwsRequest::Again again) {
  if (trouble == AwsTrouble::kThrottled) return true;
  const bool is_passing = trouble == AwsTrouble::kUnavailable || trouble == AwsTrouble::kUnreachable;
  return is_passing && again == AwsRequest::Again::kAsOften;
}

std::optional<std::chrono::seconds> retry_after_of(const net::HttpReply& reply) {
  const auto seconds = parse_integer(trim(reply.header("Retry-After")));
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::min(std::chrono::seconds(*seconds), kRetryAfterMax);
}

}  // namespace

Task<AwsResult<net::HttpReply>> AwsCaller::call(AwsRequest request, net::Deadline deadline) {
  Milliseconds pause = settings_.pause_first;
  bool is_renewed = false;
  std::optional<AwsError> said;  // the last that AWS answered
  while (true) {
    auto answer = co_await once(request, deadline);
    if (answer) co_return answer;
    const AwsError& error = answer.error();
    // A try that the deadline cut short says less than the answer before it.
    if (said && error.code.empty() && std::chrono::steady_clock::now() >= deadline) co_return std::unexpected(*said);
    if (!error.code.empty()) said = error;
    if (is_about_credentials(error.trouble) && !std::exchange(is_renewed, true)) continue;
    if (!may_try_again(error.trouble, request.again)) co_return answer;
    const auto half = pause.count() / 2;
    Milliseconds wait{half + random_.below(static_cast<std::uint32_t>(half + 1))};
    if (error.error.retry_after) wait = std::max<Milliseconds>(wait, *error.error.retry_after);
    const auto until = std::chrono::steady_clock::now() + wait;
    if (until >= deadline) co_return answer;
    CO_TRY_VOID(co_await net::sleep_until(until));
    pause = std::min(pause * 2, settings_.pause_max);
  }
}

Task<AwsResult<net::HttpReply>> AwsCaller::once(AwsRequest request, net::Deadline deadline) {
  const auto credentials = CO_TRY(co_await credentials_.credentials());
  const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left <= Milliseconds{0})
    co_return std::unexpected(aws_error(AwsTrouble::kUnreachable, "", "", request.action + " within its time"));
  net::HttpCall call;
  call.method = request.method;
  call.url = settings_.endpoint + request.target;
  call.headers = request.headers;
  call.body = request.body;
  call.timeout = std::min(left, settings_.call_timeout);
  call.body_bytes_max = settings_.answer_bytes_max;
  call.is_sent_once = request.again == AwsRequest::Again::kNever;
  call.aws_signature = net::AwsSignature{settings_.region, settings_.service, credentials.access_key_id,
                                         credentials.secret_access_key, credentials.session_token};
  auto reply = co_await http_.send(std::move(call));
  if (!reply) {
    AwsError error(std::move(reply).error());
    error.error.message = format("{} failed: {}", request.action, error.error.message);
    co_return std::unexpected(std::move(error));
  }
  if (reply->status < 300) co_return std::move(*reply);
  const auto fault = read_fault_(*reply);
  auto error = aws_error_of(reply->status, fault.code, fault.message, request.action);
  error.error.retry_after = retry_after_of(*reply);
  if (is_about_credentials(error.trouble)) credentials_.refused(credentials.access_key_id);
  co_return std::unexpected(std::move(error));
}

}  // namespace signpost::cloud
