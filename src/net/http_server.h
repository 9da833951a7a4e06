// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 for our own listeners: keep-alive, pipelining in order, every input limited in bytes and time.
// Owned by app/wiring; opened and stopped by the main thread, the connections live on the loops, one acceptor each
// (SO_REUSEPORT). Stopped before the loops; the Loops and what the handler uses outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/http_message.h"
#include "net/loops.h"
#include "net/task.h"

namespace signpost::net {

/// What one listener takes from its clients; everything beyond is answered with a problem and the connection ends.
struct HttpLimits {
  std::size_t body_bytes_max = 64 * 1024;               // decoded; over it: 413; see larger_body_max
  std::size_t header_bytes_max = 16 * 1024;             // request line and header fields; over it: 431
  std::size_t headers_max = 100;                        // fields; over it: 431
  std::size_t connections_max = 4096;                   // of this server, all loops together; over it: 503
  std::size_t requests_per_connection_max = 1'000'000;  // then Connection: close, so that connections spread anew
  Milliseconds head_budget{10'000};                     // from the first byte of a head to its last (slow loris)
  Milliseconds body_budget{15'000};                     // from the end of the head to the end of the body
  Milliseconds idle_budget{60'000};                     // between two requests, and from the accept to the first byte
  Milliseconds write_budget{15'000};                    // for the client to take the whole response
  // What a request with this head may have instead of body_bytes_max, if that is more: for callers whom the head
  // proves. Asked before the body is read, of requests alone whose body is longer or has no length yet. On the loop of
  // the connection; must not throw. Unset: nothing more.
  std::function<std::size_t(const Request& head)> larger_body_max{};
  std::size_t larger_bodies_max = 32;  // such requests under way, of this server, all loops together; over it: 503
};

/// Runs on the loop of the connection. May throw only as a bug: it is logged and answered with a 500 refusal.
/// HEAD reaches it as it is; what it puts into the body is counted and not sent.
using HttpHandler = std::function<Task<Response>(Request)>;

/// Why a request is not served: the answer's status and a sentence.
struct Refusal {
  int status = 400;
  std::string detail;
};

/// Makes the answer to what the server refuses by itself. The request is what could be read of it, often nothing but
/// its peer, never a body. On the loop of the connection; what it throws is logged and answered plainly.
using HttpRefuser = std::function<Response(const Refusal&, Request)>;
/// A problem of type about:blank; 503 says when to try again.
Response plain_refusal(const Refusal& refusal, Request seen);

class HttpServer {
 public:
  using Limits = HttpLimits;
  using Handler = HttpHandler;

  /// Listens on "127.0.0.1:8080" or "[::1]:0" (port 0: the system picks one, the same on every loop).
  /// kUnprocessable for another spelling, kUnavailable if the address cannot be had. Serves as soon as the loops run.
  static Result<std::unique_ptr<HttpServer>> open(Loops& loops, std::string_view address, Limits limits,
                                                  Handler handler, HttpRefuser refuser = plain_refusal);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  TcpEndpoint endpoint() const;
  /// Connections open now, over all loops. Any thread.
  std::size_t connections() const;

  /// Accepts no more, closes idle connections, lets requests under way end within the budget (their responses say
  /// `Connection: close`), then cancels the rest and returns when nothing is left. Blocks: never call it on a loop.
  /// Idempotent.
  void stop(Milliseconds budget);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
