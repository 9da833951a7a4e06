// SPDX-License-Identifier: Apache-2.0
//
// Reads one response of a stranger, under limits and without I/O. Beast parses; nothing outside `net` includes this.
// A local of one exchange; its loop only. Keeps a bounded part of head and body and counts the rest.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::net {

struct ResponseLimits {
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t headers_max = 100;
  std::size_t body_bytes_max = 64 * 1024;
  std::size_t kept_bytes_max = 8 * 1024;
};

/// What is known of the response so far.
struct SeenResponse {
  int status = 0;
  std::string head;
  std::string body;
  std::size_t body_bytes = 0;
  std::string retry_after;
  std::string location;
  std::string webhook_delivery;
};

class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  ResponseParser(const ResponseLimits& limits, SeenResponse& seen);
  /// Why the response is refused, if Beast itself found nothing.
  const std::string& refusal() const { return refusal_; }
  bool is_over_the_limit() const { return seen_.body_bytes > limits_.body_bytes_max; }

 private:
  void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override { seen_.status = status; }
  void on_field_impl(boost::beast::http::field field, string_view name, string_view value, error_code& error) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
    return on_body_impl(body, error);
  }
  void on_finish_impl(error_code&) override {}

  const ResponseLimits& limits_;
  SeenResponse& seen_;
  std::string refusal_;
  std::size_t headers_ = 0;
};

class ResponseReader {
 public:
  enum class Step {
    kNeedMore,  // read into room() and call received(), or at_end()
    kComplete,
    kEnough,  // the head is whole, the body over the limit: hang up
    kBroken,  // not HTTP, or over a limit before its head ended: why()
  };
  explicit ResponseReader(const ResponseLimits& limits) : limits_(limits) {}
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  Step advance();
  /// The peer has closed: kComplete if that is how this body ends, else kBroken.
  Step at_end();
  std::span<char> room();
  void received(std::size_t bytes) { end_ += bytes, total_ += bytes; }

  bool has_bytes() const { return total_ > 0; }
  bool has_head() const { return has_head_; }
  bool has_ended() const { return has_ended_; }
  SeenResponse& seen() { return seen_; }
  const std::string& why() const { return why_; }
  /// After kComplete: the connection may serve another request (nothing beyond the response has arrived, and both sides
  /// keep it).
  bool is_reusable() const { return parser_->keep_alive() && begin_ == end_; }

 private:
  Step read_head();
  Step read_body();
  Step broken(std::string why);
  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }

  const ResponseLimits& limits_;
  SeenResponse seen_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t total_ = 0;
  std::size_t head_bytes_ = 0;  // of all heads, interim ones included
  std::size_t scanned_ = 0;
  std::size_t wanted_ = 1;  // bytes of a body that the parser needs to go on
  std::optional<ResponseParser> parser_;
  std::string why_;
  bool has_head_ = false;
  bool has_ended_ = false;
};

}  // namespace signpost::net
