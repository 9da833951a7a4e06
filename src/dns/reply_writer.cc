// SPDX-License-Identifier: Apache-2.0
#include "dns/reply_writer.h"

namespace signpost::dns {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kOptBytes = 11;
constexpr std::uint16_t kClassIn = 1;
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kReturned = 0x7910;  // opcode, RD and CD go back as they came (RFC 1035 4.1.1, RFC 4035 3.1.6)
constexpr std::uint16_t kWantsDnssec = 0x8000;

}  // namespace

void put_number(std::string& octets, std::uint16_t number) {
  octets.push_back(static_cast<char>(number >> 8));
  octets.push_back(static_cast<char>(number & 0xFF));
}

void put_number(std::string& octets, std::uint32_t number) {
  put_number(octets, static_cast<std::uint16_t>(number >> 16));
  put_number(octets, static_cast<std::uint16_t>(number & 0xFFFF));
}

ReplyWriter::ReplyWriter(const Query& query) : query_(query), octets_(kHeaderBytes, '\0') {
  octets_.reserve(kUdpBytesMax);
  octets_.append(query.question);
  records_at_ = octets_.size();
}

void ReplyWriter::add(Section section, std::string_view owner, WireType type, std::uint32_t ttl,
                      std::string_view data) {
  ++counts_[static_cast<std::size_t>(section)];
  if (section == Section::kAdditional && additional_at_ == 0) additional_at_ = octets_.size();
  octets_.append(owner);
  put_number(octets_, static_cast<std::uint16_t>(type));
  put_number(octets_, kClassIn);
  put_number(octets_, ttl);
  put_number(octets_, static_cast<std::uint16_t>(data.size()));
  octets_.append(data);
}

ZoneReply ReplyWriter::finish(std::size_t bytes_max) && {
  const auto room = bytes_max - (query_.has_edns ? kOptBytes : 0);
  if (octets_.size() > room && additional_at_ != 0) {
    octets_.resize(additional_at_);  // what only helps may be left out without saying so
    counts_[2] = 0;
  }
  return close(octets_.size() > room);
}

ZoneReply ReplyWriter::finish_truncated() && { return close(true); }

ZoneReply ReplyWriter::close(bool is_truncated) {
  if (is_truncated) {
    octets_.resize(records_at_);
    counts_ = {};
  }
  const auto code = static_cast<std::uint16_t>(rcode_);
  if (query_.has_edns) {
    ++counts_[2];
    octets_.push_back('\0');  // the root
    put_number(octets_, static_cast<std::uint16_t>(WireType::kOpt));
    put_number(octets_, kUdpBytesMax);
    octets_.push_back(static_cast<char>(code >> 4));
    octets_.push_back('\0');  // version
    put_number(octets_, query_.wants_dnssec ? kWantsDnssec : std::uint16_t{0});
    put_number(octets_, std::uint16_t{0});
  }
  set_number(0, query_.id);
  set_number(
      2, static_cast<std::uint16_t>(kResponse | (query_.flags & kReturned) | (is_authoritative_ ? kAuthoritative : 0) |
                                    (is_truncated ? kTruncated : 0) | (code & 0x000F)));
  set_number(4, query_.question.empty() ? 0 : 1);
  for (std::size_t i = 0; i < counts_.size(); ++i) set_number(6 + 2 * i, counts_[i]);
  return {std::move(octets_), rcode_, is_truncated};
}

void ReplyWriter::set_number(std::size_t at, std::uint16_t number) {
  octets_[at] = static_cast<char>(number >> 8);
  octets_[at + 1] = static_cast<char>(number & 0xFF);
}

}  // namespace signpost::dns
