// SPDX-License-Identifier: Apache-2.0
//
// Turns the bytes of one connection into requests, under limits and without I/O. Beast parses; nothing outside `net`
// includes this. A member of a server connection; its loop only. Bytes of the next request stay in the buffer until it
// is asked for (pipelining).
#pragma once

#include <atomic>
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"
#include "net/http_server.h"

namespace signpost::net {

/// Beast's parser writing straight into a Request.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  RequestParser(const HttpLimits& limits, Request& request);

  Refusal refusal_for(const error_code& error) const;
  /// After the head: refuses what Beast lets through (Host, methods, targets).
  std::optional<Refusal> check_head() const;
  /// Then: how much body may follow, and whether that is less than the head announces.
  std::optional<Refusal> limit_body();
  bool may_be_larger() const { return body_bytes_max_ > limits_.body_bytes_max; }
  bool expects_continue() const { return expects_continue_; }
  bool is_version_1_0() const { return version_ == 10; }

 private:
  void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                       error_code&) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field field, string_view name, string_view value, error_code& error) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override;
  std::size_t on_body_impl(string_view body, error_code&) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
    return on_body_impl(body, error);
  }
  void on_finish_impl(error_code&) override {}

  void refuse(int status, std::string detail, error_code& error);
  Refusal too_large() const;

  const HttpLimits& limits_;
  Request& request_;
  std::optional<Refusal> refusal_;
  std::size_t body_bytes_max_;
  std::size_t hosts_ = 0;
  std::size_t transfer_encodings_ = 0;
  int version_ = 11;
  bool expects_continue_ = false;
};

class RequestReader {
 public:
  enum class Step {
    kNeedMore,      // read into room() and call received()
    kSendContinue,  // the client waits for "100 Continue" before its body; then go on
    kComplete,      // take()
    kRefused,       // refusal(); nothing can be read on this connection any more
  };
  enum class Phase { kIdle, kHead, kBody };

  /// `larger_bodies` counts, over all connections of a server, requests under way that HttpLimits::larger_body_max has
  /// let in; null: nobody counts.
  RequestReader(const HttpLimits& limits, const IpAddress& peer, std::atomic<std::size_t>* larger_bodies = nullptr);

  Step advance();
  std::span<char> room();
  void received(std::size_t bytes);
  Phase phase() const;
  /// The complete request; the reader is ready for the next.
  Request take();
  /// Whether the client keeps the connection (valid between kComplete and take()).
  bool keeps_alive() const { return parser_->keep_alive(); }
  bool is_version_1_0() const { return parser_->is_version_1_0(); }
  const Refusal& refusal() const { return refusal_; }
  /// What could be read of a request that is refused, without its body.
  Request take_refused();

 private:
  Step read_head();
  Step read_body();
  Step refuse(Refusal refusal);
  bool take_place();
  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }

  const HttpLimits& limits_;
  IpAddress peer_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;    // of what is not yet parsed
  std::size_t end_ = 0;      // of what has been received
  std::size_t scanned_ = 0;  // bytes of unread() known to hold no end of head
  std::size_t wanted_ = 1;   // bytes of a body that the parser needs to go on
  std::optional<Request> request_;
  std::optional<RequestParser> parser_;
  struct Leave {
    void operator()(std::atomic<std::size_t>* count) const { --*count; }
  };
  std::atomic<std::size_t>* larger_bodies_;
  std::unique_ptr<std::atomic<std::size_t>, Leave> place_;  // among them, until the request has been answered
  Refusal refusal_;
  bool is_in_body_ = false;
};

}  // namespace signpost::net
