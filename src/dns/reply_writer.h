// SPDX-License-Identifier: Apache-2.0
//
// Writes the reply to a query: header, the question as it came, records, OPT (RFC 1035 4.1, RFC 6891).
// A local of whoever answers; the query outlives it. What is finished is never longer than it may be: then it says that
// it is truncated and has no records at all, because half a set is none (RFC 2181 9).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "dns/query.h"

namespace signpost::dns {

struct ZoneReply {
  std::string octets;
  Rcode rcode = Rcode::kNoError;
  bool is_truncated = false;
};

/// Big-endian, as all numbers of the wire.
void put_number(std::string& octets, std::uint16_t number);
void put_number(std::string& octets, std::uint32_t number);

class ReplyWriter {
 public:
  enum class Section { kAnswer, kAuthority, kAdditional };
  /// The question's name, as the owner of a record.
  static constexpr std::string_view kQuestionName{"\xC0\x0C"};

  explicit ReplyWriter(const Query& query);

  void set(Rcode rcode) { rcode_ = rcode; }
  void set_authoritative() { is_authoritative_ = true; }
  /// `owner`: on the wire, or a pointer. Answers first, then authorities, then additional records.
  void add(Section section, std::string_view owner, WireType type, std::uint32_t ttl, std::string_view data);

  ZoneReply finish(std::size_t bytes_max) &&;
  ZoneReply finish_truncated() &&;

 private:
  ZoneReply close(bool is_truncated);
  void set_number(std::size_t at, std::uint16_t number);

  const Query& query_;
  std::string octets_;
  std::size_t records_at_;
  std::size_t additional_at_ = 0;  // 0: none
  std::array<std::uint16_t, 3> counts_{};
  Rcode rcode_ = Rcode::kNoError;
  bool is_authoritative_ = false;
};

}  // namespace signpost::dns
