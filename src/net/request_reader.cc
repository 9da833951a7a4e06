// SPDX-License-Identifier: Apache-2.0
#include "net/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"

namespace signpost::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kFirstBufferBytes = 4096;
// "0", CRLF, CRLF: where a chunk's header is awaited at least so much follows. Beast 1.81 asserts it when it is asked
// to go on with less (boostorg/beast pull request 2861).
constexpr std::size_t kLastChunkBytes = 5;
constexpr std::size_t kBodyReservedMax = 64 * 1024;

std::string_view view(RequestParser::string_view text) { return {text.data(), text.size()}; }

/// True if a line ends in a bare LF: the end of such a head would never be found.
bool has_bare_newline(std::string_view head) {
  for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    if (at == 0 || head[at - 1] != '\r') return true;
  }
  return false;
}

}  // namespace

RequestParser::RequestParser(const HttpLimits& limits, Request& request)
    : limits_(limits), request_(request), body_bytes_max_(limits.body_bytes_max) {
  eager(true);
  header_limit(
      std::numeric_limits<std::uint32_t>::max());  // the reader holds the limit: Beast would count only the last read
  body_limit(boost::none);                         // until the head says whose it is: limit_body
}

void RequestParser::refuse(int status, std::string detail, error_code& error) {
  refusal_ = Refusal{status, std::move(detail)};
  error = http::error::bad_value;
}

void RequestParser::on_request_impl(http::verb, string_view method, string_view target, int version,
                                    error_code& error) {
  version_ = version;
  request_.method = view(method);
  request_.target = view(target);
  auto parts = split_target(request_.method, request_.target);
  if (!parts) return refuse(400, std::move(parts.error().message), error);
  request_.path = std::move(parts->path);
  request_.query = std::move(parts->query);
}

void RequestParser::on_field_impl(http::field field, string_view name, string_view value, error_code& error) {
  if (is_header_done()) return;  // trailers are read and dropped
  if (request_.headers.size() >= limits_.headers_max) {
    return refuse(431, format("the request has over {} header fields", limits_.headers_max), error);
  }
  if (field == http::field::host) ++hosts_;
  if (field == http::field::transfer_encoding) {
    if (version_ < 11) return refuse(400, "an HTTP/1.0 request cannot have a Transfer-Encoding", error);
    if (++transfer_encodings_ > 1 || !equals_ignoring_case(view(value), "chunked")) {
      return refuse(501, "the only Transfer-Encoding taken is \"chunked\"", error);
    }
  }
  if (field == http::field::expect && version_ >= 11) {
    if (!equals_ignoring_case(view(value), "100-continue"))
      return refuse(417, "the only expectation taken is \"100-continue\"", error);
    expects_continue_ = true;
  }
  request_.headers.push_back(Header{std::string(view(name)), std::string(view(value))});
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  if (length) request_.body.reserve(std::min<std::size_t>(*length, kBodyReservedMax));
}

std::size_t RequestParser::on_body_impl(string_view body, error_code&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

std::optional<Refusal> RequestParser::check_head() const {
  if (hosts_ > 1) return Refusal{400, "the request has more than one Host header"};
  if (hosts_ == 0 && version_ >= 11) return Refusal{400, "the request has no Host header"};
  return std::nullopt;
}

std::optional<Refusal> RequestParser::limit_body() {
  const auto length = content_length();
  const bool may_be_over = chunked() || (length && *length > body_bytes_max_);
  if (may_be_over && limits_.larger_body_max) {
    body_bytes_max_ = std::max(body_bytes_max_, limits_.larger_body_max(request_));
  }
  if (length && *length > body_bytes_max_) return too_large();
  body_limit(body_bytes_max_);
  return std::nullopt;
}

Refusal RequestParser::too_large() const {
  return Refusal{413, format("the body is over {} bytes; send less, or in several requests", body_bytes_max_)};
}

Refusal RequestParser::refusal_for(const error_code& error) const {
  if (refusal_) return *refusal_;
  if (error == http::error::body_limit) return too_large();
  if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
      error == http::error::bad_transfer_encoding) {
    return Refusal{400, "the request's Content-Length is not one number, or it has a Transfer-Encoding beside it"};
  }
  return Refusal{400, "the request is not HTTP/1.1: " + error.message()};
}

RequestReader::RequestReader(const HttpLimits& limits, const IpAddress& peer, std::atomic<std::size_t>* larger_bodies)
    : limits_(limits), peer_(peer), larger_bodies_(larger_bodies) {}

RequestReader::Step RequestReader::advance() { return is_in_body_ ? read_body() : read_head(); }

RequestReader::Step RequestReader::refuse(Refusal refusal) {
  refusal_ = std::move(refusal);
  return Step::kRefused;
}

bool RequestReader::take_place() {
  if (larger_bodies_ == nullptr) return true;
  ++*larger_bodies_;
  place_.reset(larger_bodies_);
  if (*larger_bodies_ <= limits_.larger_bodies_max) return true;
  place_.reset();
  return false;
}

RequestReader::Step RequestReader::read_head() {
  place_.reset();  // whoever reads on has answered what was read before
  // RFC 9112 2.2: blank lines before a request. One may arrive in two reads, so what was scanned counts for nothing.
  while (unread().starts_with("\r\n")) {
    begin_ += 2;
    scanned_ = 0;
  }
  const auto bytes = unread();
  const auto end = bytes.find("\r\n\r\n", scanned_ - std::min<std::size_t>(scanned_, 3));
  const bool is_over =
      end == std::string_view::npos ? bytes.size() >= limits_.header_bytes_max : end + 4 > limits_.header_bytes_max;
  if (is_over) {
    return refuse({431, format("the request line and header fields are over {} bytes", limits_.header_bytes_max)});
  }
  if (end == std::string_view::npos) {
    if (has_bare_newline(bytes))
      return refuse({400, "the request is not HTTP/1.1: a line ends without a carriage return"});
    scanned_ = bytes.size();
    return Step::kNeedMore;
  }
  scanned_ = 0;
  request_.emplace();
  parser_.emplace(limits_, *request_);
  boost::beast::error_code error;
  begin_ += parser_->put(boost::asio::buffer(bytes.data(), end + 4), error);
  if (error) return refuse(parser_->refusal_for(error));
  if (!parser_->is_header_done()) return refuse({400, "the request is not HTTP/1.1"});
  if (auto refusal = parser_->check_head()) return refuse(*std::move(refusal));
  if (auto refusal = parser_->limit_body()) return refuse(*std::move(refusal));
  if (parser_->may_be_larger() && !take_place()) {
    return refuse({503, "too many requests of this length are under way; try again in a moment"});
  }
  if (parser_->is_done()) return Step::kComplete;
  is_in_body_ = true;
  if (parser_->expects_continue() && unread().empty()) return Step::kSendContinue;
  return read_body();
}

RequestReader::Step RequestReader::read_body() {
  while (unread().size() >= wanted_) {
    wanted_ = 1;
    boost::beast::error_code error;
    const auto used = parser_->put(boost::asio::buffer(unread().data(), unread().size()), error);
    begin_ += used;
    if (error == http::error::need_more) {
      wanted_ = kLastChunkBytes;
      if (unread().size() >= limits_.header_bytes_max)
        return refuse({400, "a chunk's header or the trailer is too long"});
      return Step::kNeedMore;
    }
    if (error) return refuse(parser_->refusal_for(error));
    if (parser_->is_done()) {
      is_in_body_ = false;
      return Step::kComplete;
    }
  }
  return Step::kNeedMore;
}

std::span<char> RequestReader::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size() && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    // At most one head and a little more: read_head refuses before that is full.
    buffer_.resize(std::clamp(buffer_.size() * 2, kFirstBufferBytes, limits_.header_bytes_max + kFirstBufferBytes));
  }
  return {buffer_.data() + end_, buffer_.size() - end_};
}

void RequestReader::received(std::size_t bytes) { end_ += bytes; }

RequestReader::Phase RequestReader::phase() const {
  if (is_in_body_) return Phase::kBody;
  return begin_ == end_ ? Phase::kIdle : Phase::kHead;
}

Request RequestReader::take_refused() {
  if (!request_) request_.emplace();
  request_->body.clear();
  return take();
}

Request RequestReader::take() {
  Request request = *std::move(request_);
  request.peer = peer_;
  request_.reset();
  parser_.reset();
  return request;
}

}  // namespace signpost::net
