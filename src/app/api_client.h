// SPDX-License-Identifier: Apache-2.0
//
// Our own API as the command line calls it.
// Owned by a command; the main thread. The key goes into the Authorization header and nowhere else.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/console.h"
#include "net/http_client.h"

namespace signpost::app {

struct ApiOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string key;  // empty: SIGNPOST_KEY
};

class ApiClient {
 public:
  /// kUnauthenticated with the way out if there is no key, kUnprocessable for what is no http(s) address.
  static Result<ApiClient> open(const Console& console, const ApiOptions& options);

  /// The body of a 2xx answer; otherwise the problem's own sentence with the kind of its status, or why there was no
  /// answer.
  Result<std::string> get(std::string_view path);
  Result<std::string> post(std::string_view path, std::string body);

 private:
  ApiClient(std::string server, std::string key) : server_(std::move(server)), key_(std::move(key)) {}
  Result<std::string> call(std::string_view method, std::string_view path, std::string body);

  std::string server_;
  std::string key_;
  std::unique_ptr<net::HttpClient> http_ = std::make_unique<net::HttpClient>();
};

/// The `detail` of a problem (RFC 9457), with its member; a sentence of ours if the body is none.
Error error_of(int status, std::string_view body);

}  // namespace signpost::app
