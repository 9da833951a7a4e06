// SPDX-License-Identifier: Apache-2.0
#include "net/response_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"

namespace signpost::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kFirstBufferBytes =
    1'000;  // most answers fit; below the size that the allocator serves from its fastest lists
// "0", CRLF, CRLF: where a chunk's header is awaited at least so much follows. Beast 1.81 asserts it when it is asked
// to go on with less (boostorg/beast pull request 2861).
constexpr std::size_t kLastChunkBytes = 5;
constexpr std::size_t kFieldKeptMax = 2048;

std::string_view view(ResponseParser::string_view text) { return {text.data(), text.size()}; }

}  // namespace

ResponseParser::ResponseParser(const ResponseLimits& limits, SeenResponse& seen) : limits_(limits), seen_(seen) {
  eager(true);
  header_limit(std::numeric_limits<std::uint32_t>::max());  // the reader holds the limit
  body_limit(boost::none);                                  // a long body is not an error: we stop reading
}

void ResponseParser::on_field_impl(http::field field, string_view name, string_view value, error_code& error) {
  if (is_header_done()) return;
  if (++headers_ > limits_.headers_max) {
    refusal_ = format("its head has over {} fields", limits_.headers_max);
    error = http::error::bad_field;
    return;
  }
  if (field == http::field::retry_after) seen_.retry_after = view(value).substr(0, kFieldKeptMax);
  if (field == http::field::location) seen_.location = view(value).substr(0, kFieldKeptMax);
  if (field == http::field::unknown && equals_ignoring_case(view(name), "webhook-delivery"))
    seen_.webhook_delivery = view(value).substr(0, kFieldKeptMax);
  if (field == http::field::transfer_encoding && !equals_ignoring_case(view(value), "chunked")) {
    refusal_ = "its Transfer-Encoding is not \"chunked\"";
    error = http::error::bad_transfer_encoding;
  }
}

std::size_t ResponseParser::on_body_impl(string_view body, error_code& error) {
  seen_.body_bytes += body.size();
  const auto kept = std::min(body.size(), limits_.kept_bytes_max - std::min(limits_.kept_bytes_max, seen_.body.size()));
  seen_.body.append(body.data(), kept);
  if (is_over_the_limit()) error = http::error::body_limit;
  return body.size();
}

ResponseReader::Step ResponseReader::broken(std::string why) {
  why_ = std::move(why);
  return Step::kBroken;
}

ResponseReader::Step ResponseReader::advance() { return has_head_ ? read_body() : read_head(); }

ResponseReader::Step ResponseReader::read_head() {
  while (true) {
    const auto bytes = unread();
    const auto end = bytes.find("\r\n\r\n", scanned_ - std::min<std::size_t>(scanned_, 3));
    const auto head_bytes = head_bytes_ + (end == std::string_view::npos ? bytes.size() : end + 4);
    if (head_bytes > limits_.head_bytes_max) return broken(format("its head is over {} bytes", limits_.head_bytes_max));
    if (bytes.size() >= 5 && !bytes.starts_with("HTTP/")) return broken("it does not begin with HTTP/1.1");
    if (end == std::string_view::npos) {
      scanned_ = bytes.size();
      return Step::kNeedMore;
    }
    scanned_ = 0;
    head_bytes_ = head_bytes;
    seen_ = SeenResponse{};
    parser_.emplace(limits_, seen_);
    boost::beast::error_code error;
    parser_->put(boost::asio::buffer(bytes.data(), end + 4), error);
    if (error)
      return broken(parser_->refusal().empty() ? "its head is malformed: " + error.message() : parser_->refusal());
    if (!parser_->is_header_done()) return broken("its head is malformed");
    begin_ += end + 4;
    if (seen_.status < 100) return broken(format("its status {:03} means nothing", seen_.status));
    if (seen_.status == 101) return broken("it switches protocols, which nobody asked for");
    if (seen_.status / 100 == 1) continue;  // interim: 100 Continue, 103 Early Hints
    seen_.head = bytes.substr(0, std::min(end + 4, limits_.kept_bytes_max));
    has_head_ = true;
    return parser_->is_done() ? Step::kComplete : read_body();
  }
}

ResponseReader::Step ResponseReader::read_body() {
  while (unread().size() >= wanted_) {
    wanted_ = 1;
    boost::beast::error_code error;
    begin_ += parser_->put(boost::asio::buffer(unread().data(), unread().size()), error);
    if (error == http::error::need_more) {
      wanted_ = kLastChunkBytes;
      if (unread().size() >= limits_.head_bytes_max) return broken("a chunk's header is too long");
      return Step::kNeedMore;
    }
    if (parser_->is_over_the_limit()) return Step::kEnough;
    if (error) return broken("its body is malformed: " + error.message());
    if (parser_->is_done()) return Step::kComplete;
  }
  return Step::kNeedMore;
}

ResponseReader::Step ResponseReader::at_end() {
  has_ended_ = true;
  if (!has_head_)
    return broken(has_bytes() ? "the connection ended inside its head" : "the connection ended before it");
  boost::beast::error_code error;
  parser_->put_eof(error);
  if (error) return broken("the connection ended inside its body");
  return Step::kComplete;
}

std::span<char> ResponseReader::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size() && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    buffer_.resize(std::clamp(buffer_.size() * 2, kFirstBufferBytes, limits_.head_bytes_max + kFirstBufferBytes));
  }
  return {buffer_.data() + end_, buffer_.size() - end_};
}

}  // namespace signpost::net
