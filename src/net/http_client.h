// SPDX-License-Identifier: Apache-2.0
//
// Calls to APIs that the operator configured (JWKS, our own API from the command line). The door to libcurl.
// Owned by app/wiring or a command; any loop, any thread. Not for addresses that customers choose: no address policy
// here. Connections are kept for the next call, at most five a thread; a call that meets a kept one which broke without
// a byte is sent once more, as HTTP allows.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/aws_signature.h"
#include "net/http_message.h"
#include "net/task.h"

namespace signpost::net {

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<Header> headers;
  std::string body;
  Milliseconds timeout{10'000};  // the whole call, name lookup included
  std::size_t body_bytes_max = 1024 * 1024;
  bool is_sent_once = false;  // on a connection of its own: a kept one that breaks would have libcurl send it again
  std::optional<AwsSignature> aws_signature;  // the call is signed; what cannot be signed truly is kUnprocessable
};

struct HttpReply {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
  std::string_view header(std::string_view name) const { return header_of(headers, name); }
};

class HttpClient {
 public:
  struct Settings {
    std::size_t threads = 2;        // calls at the same time
    std::size_t waiting_max = 256;  // calls not yet begun; over it: kUnavailable
    std::string ca_file;            // PEM; empty: the system's authorities
    std::string user_agent = "signpost";
  };
  HttpClient() : HttpClient(Settings{}) {}
  explicit HttpClient(Settings settings);
  /// Ends calls under way within a second and answers all that wait with kUnavailable.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Any status is a reply. http and https only, redirects are not followed, no proxy. kTimeout, kNetwork, kTooLarge
  /// (body over the limit), kUnprocessable (URL or header), kProtocol, kUnavailable (too many calls, or closing).
  Task<Result<HttpReply>> send(HttpCall call);
  Task<Result<HttpReply>> get(std::string url, std::vector<Header> headers = {});
  /// The same on the calling thread, for commands.
  Result<HttpReply> call_blocking(const HttpCall& call);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
