// SPDX-License-Identifier: Apache-2.0
//
// Sends one webhook attempt: a POST to an address that a customer chose, and reports what happened. Also a GET, for who
// only looks.
// Owned by app/wiring, some of each loop; that loop only. Every address is vetted before we connect and again before a
// pooled connection is reused; redirects are never followed; bytes and time are bounded whatever the receiver does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/address_policy.h"
#include "net/address_resolver.h"
#include "net/http_message.h"
#include "net/target_policy.h"
#include "net/task.h"
#include "net/url.h"

namespace signpost::net {

/// The `cause` of what was never begun, because too much was under way here: it says nothing of the receiver.
inline constexpr std::string_view kSenderFull = "sender_full";

struct PostOutcome {
  enum class Failure {
    kNone,            // a status arrived; whether it is a success is the caller's decision
    kDns,             // the name has no address, or no resolver answered
    kConnect,         // no vetted address took the connection
    kTls,             // handshake or certificate
    kTimeout,         // a budget ran out before the head of the response
    kProtocol,        // the answer is not HTTP/1.1, or over a limit before its head ended
    kRefusedAddress,  // the address policy forbids one of the addresses, or the settings the port
    kReset,           // the connection broke before the head of the response
  };
  struct Timing {
    Milliseconds dns{0};
    Milliseconds connect{0};
    Milliseconds tls{0};
    Milliseconds first_byte{0};  // from the request's last byte to the response's first
    Milliseconds total{0};
  };

  int status = 0;  // 0 if there is none
  Failure failure = Failure::kNone;
  std::string cause;           // a stable code that says more than `failure`: "tls_expired"; may be empty
  std::string detail;          // a sentence for the endpoint's owner; may be empty after a complete response
  std::string remote_address;  // "192.0.2.1:443"
  std::string response_head;   // status line and fields as received, at most 8 KiB
  std::string response_body;   // decoded, at most 8 KiB
  std::string retry_after;     // the Retry-After field's text, if any
  std::string location;        // the Location field's text, if any
  std::string wish;            // the Webhook-Delivery field's text, if any: "disable", "abort-message"
  Timing timing;
  bool reused_connection = false;
  bool retried_on_new_connection = false;
  bool body_truncated = false;  // the body went on beyond what is kept, or did not end
};

/// "timeout": stable, for metrics and the API.
std::string_view name_of(PostOutcome::Failure failure);

struct PostSettings {
  Milliseconds connect_budget{5'000};               // resolving, connecting and TLS together
  std::size_t response_body_bytes_max = 64 * 1024;  // read at most; then the connection is closed
  std::size_t response_kept_bytes_max = 8 * 1024;   // of the head and of the body, each
  std::size_t response_head_bytes_max = 16 * 1024;
  std::size_t response_headers_max = 100;
  std::size_t idle_per_key_max = 16;         // kept open to one scheme, host and port
  std::size_t idle_max = 1024;               // kept open in total; the oldest goes first
  Milliseconds idle_budget{30'000};          // how long one is kept without use
  Milliseconds connection_age_max{300'000};  // then a new one, so that changed addresses are noticed
  std::size_t exchanges_max = 4096;          // under way at once; over it the attempt fails
  // Bind to the one of the family; addresses of a family without one are not tried. Empty: the system's choice.
  std::vector<IpAddress> source_addresses{};
  std::vector<PortRange> ports{{1, 65535}};  // where posts may go, whatever was allowed when the URL was given
  std::string ca_file;                       // PEM; empty: the system's authorities
};

class PostSender {
 public:
  using Settings = PostSettings;

  /// Policy and resolver outlive the sender. Throws at start-up if the CA file cannot be read.
  PostSender(Loop& loop, const AddressPolicy& policy, AddressResolver& resolver, Settings settings);
  /// After stop().
  ~PostSender();
  PostSender(const PostSender&) = delete;
  PostSender& operator=(const PostSender&) = delete;

  /// `headers` hold neither Host, Content-Length, Connection, Transfer-Encoding nor CDN-Loop: those are written here.
  /// Never fails otherwise than by its outcome; cancelling the task closes the connection.
  Task<PostOutcome> post(Url url, std::vector<Header> headers, std::string body, Deadline deadline);

  /// The same with GET and without a body.
  Task<PostOutcome> get(Url url, std::vector<Header> headers, Deadline deadline);

  /// Closes everything, ends what is under way (as kReset) and waits for it. No post afterwards.
  Task<void> stop();

  std::size_t idle_connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
