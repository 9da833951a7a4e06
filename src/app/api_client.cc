// SPDX-License-Identifier: Apache-2.0
#include "app/api_client.h"

#include <boost/json.hpp>

#include "base/text.h"
#include "net/url.h"

namespace signpost::app {
namespace {

// The answer that takes longest is that of an endpoint's test: its receiver has 30 s at most.
constexpr Milliseconds kAnswerBudget = std::chrono::seconds(40);

Kind kind_of(int status) {
  switch (status) {
    case 401:
      return Kind::kUnauthenticated;
    case 403:
      return Kind::kForbidden;
    case 404:
      return Kind::kNotFound;
    case 409:
      return Kind::kConflict;
    case 422:
      return Kind::kUnprocessable;
    case 429:
      return Kind::kRateLimited;
    case 503:
      return Kind::kUnavailable;
    default:
      return status / 100 == 4 ? Kind::kInvalid : Kind::kInternal;
  }
}

}  // namespace

Error error_of(int status, std::string_view body) {
  boost::system::error_code error;
  const auto value = boost::json::parse({body.data(), body.size()}, error);
  const auto* problem = !error && value.is_object() ? &value.as_object() : nullptr;
  const auto* detail = problem ? problem->if_contains("detail") : nullptr;
  if (!detail || !detail->is_string())
    return {kind_of(status), format("the server answered with status {}", status), "", {}};
  return {kind_of(status), printable(std::string_view(detail->as_string()), 1000), "", {}};
}

Result<ApiClient> ApiClient::open(const Console& console, const ApiOptions& options) {
  auto key = options.key.empty() ? console.environment("SIGNPOST_KEY") : options.key;
  if (key.empty()) {
    return fail(Kind::kUnauthenticated,
                "an API key is needed: set SIGNPOST_KEY, or give --key. The first start of signpost serve prints one; "
                "signpost key create makes another");
  }
  std::string server = options.server;
  while (server.ends_with('/')) server.pop_back();
  if (const auto url = net::Url::parse(server); !url) {
    return fail(Kind::kUnprocessable, format("--server: {}", url.error().message));
  }
  return ApiClient(std::move(server), std::move(key));
}

Result<std::string> ApiClient::get(std::string_view path) { return call("GET", path, ""); }
Result<std::string> ApiClient::post(std::string_view path, std::string body) {
  return call("POST", path, std::move(body));
}

Result<std::string> ApiClient::call(std::string_view method, std::string_view path, std::string body) {
  net::HttpCall call;
  call.method = method;
  call.url = server_ + std::string(path);
  call.headers = {{"Authorization", "Bearer " + key_}, {"Accept", "application/json"}};
  if (!body.empty()) call.headers.push_back({"Content-Type", "application/json"});
  call.body = std::move(body);
  call.timeout = kAnswerBudget;
  auto reply = http_->call_blocking(call);
  if (!reply) {
    return fail(reply.error().kind,
                format("{} cannot be reached ({}): is signpost serve running there? Name another with --server",
                       server_, reply.error().message));
  }
  if (reply->status / 100 != 2) return std::unexpected(error_of(reply->status, reply->body));
  return std::move(reply->body);
}

}  // namespace signpost::app
