// SPDX-License-Identifier: Apache-2.0
#include "api/problem.h"

#include <boost/json.hpp>
#include <string>

namespace signpost::api {

int status_of(Kind kind) {
  switch (kind) {
    case Kind::kInvalid:
      return 400;
    case Kind::kUnauthenticated:
      return 401;
    case Kind::kForbidden:
      return 403;
    case Kind::kNotFound:
      return 404;
    case Kind::kMethodNotAllowed:
      return 405;
    case Kind::kConflict:
      return 409;
    case Kind::kTooLarge:
      return 413;
    case Kind::kUnsupportedMedia:
      return 415;
    case Kind::kUnprocessable:
      return 422;
    case Kind::kRefused:
      return 422;  // a target that our policy forbids is a value that breaks a rule
    case Kind::kRateLimited:
      return 429;
    case Kind::kInternal:
      return 500;
    case Kind::kNetwork:
      return 502;
    case Kind::kProtocol:
      return 502;
    case Kind::kUnavailable:
      return 503;
    case Kind::kTimeout:
      return 504;
  }
  return 500;
}

namespace {

std::string detail_of(const Error& error) {
  if (error.kind == Kind::kInternal) return "something is wrong on our side; the request id finds it in the log";
  return error.message;
}

std::optional<std::chrono::seconds> pause_of(const Error& error) {
  if (error.retry_after) return error.retry_after;
  if (error.kind == Kind::kUnavailable || error.kind == Kind::kRateLimited) return kRetrySoon;
  return std::nullopt;
}

net::Response problem(const Error& error, int status) {
  net::Response response;
  response.status = status;
  boost::json::object body{{"type", "urn:signpost:problem:" + std::string(name_of(error.kind))},
                           {"title", std::string(net::reason_of(response.status))},
                           {"status", response.status},
                           {"detail", detail_of(error)}};
  if (!error.member.empty()) body["member"] = error.member;
  response.body = boost::json::serialize(body);
  response.set("Content-Type", "application/problem+json");
  if (const auto pause = pause_of(error)) response.set("Retry-After", std::to_string(pause->count()));
  if (error.kind == Kind::kUnauthenticated) response.set("WWW-Authenticate", "Bearer");
  return response;
}

Kind kind_of(const net::Refusal& refusal) {
  switch (refusal.status) {
    case 413:
    case 431:
      return Kind::kTooLarge;
    case 500:
      return Kind::kInternal;
    case 503:
      return Kind::kUnavailable;
    default:
      return Kind::kInvalid;
  }
}

}  // namespace

net::Response problem(const Error& error) { return problem(error, status_of(error.kind)); }

net::Response problem(const net::Refusal& refusal) {
  return problem(Error{kind_of(refusal), refusal.detail, "", {}}, refusal.status);
}

}  // namespace signpost::api
