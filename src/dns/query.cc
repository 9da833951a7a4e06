// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::dns {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kNameBytesMax = 255;  // RFC 1035 3.1
constexpr std::size_t kLabelBytesMax = 63;
constexpr std::uint8_t kPointer = 0xC0;  // RFC 1035 4.1.4
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kOpcodeMask = 0x7800;
constexpr std::size_t kRecordsMax = 64;  // of a query; sane ones have two or three

std::uint8_t octet(std::string_view octets, std::size_t at) { return static_cast<std::uint8_t>(octets[at]); }
std::uint16_t number(std::string_view octets, std::size_t at) {
  return static_cast<std::uint16_t>(octet(octets, at) << 8 | octet(octets, at + 1));
}

/// The name of the question, which nothing stands before that a pointer could mean.
std::optional<std::string> question_name(std::string_view octets, std::size_t& at) {
  std::string name;
  while (at < octets.size()) {
    const std::size_t length = octet(octets, at);
    if (length > kLabelBytesMax || at + 1 + length > octets.size()) return std::nullopt;
    name.append(octets.substr(at, 1 + length));
    at += 1 + length;
    if (name.size() > kNameBytesMax) return std::nullopt;
    if (length == 0) return to_lower(name);  // lengths are below the letters
  }
  return std::nullopt;
}

bool skip_name(std::string_view octets, std::size_t& at) {
  while (at < octets.size()) {
    const auto length = octet(octets, at);
    if ((length & kPointer) == kPointer) {
      at += 2;
      return at <= octets.size();
    }
    if (length > kLabelBytesMax) return false;
    at += 1 + std::size_t{length};
    if (length == 0) return at <= octets.size();
  }
  return false;
}

void read_opt(std::string_view octets, std::size_t fixed_at, Query& query) {
  query.has_edns = true;
  const std::size_t wanted = number(octets, fixed_at + 2);
  query.udp_bytes_max = std::clamp(wanted, kPlainUdpBytesMax, std::size_t{kUdpBytesMax});
  query.wants_dnssec = (octet(octets, fixed_at + 6) & 0x80U) != 0;
  if (octet(octets, fixed_at + 5) > 0) query.fault = Rcode::kBadVers;  // RFC 6891 6.1.3
}

/// The records behind the question: only OPT is of interest, the others must be whole.
bool read_records(std::string_view octets, std::size_t at, std::size_t others, std::size_t additional, Query& query) {
  constexpr std::size_t kFixedBytes = 10;  // type, class, TTL, length
  if (others + additional > kRecordsMax) return false;
  for (std::size_t i = 0; i < others + additional; ++i) {
    const auto begin = at;
    if (!skip_name(octets, at) || at + kFixedBytes > octets.size()) return false;
    const auto type = static_cast<WireType>(number(octets, at));
    const std::size_t length = number(octets, at + 8);
    const auto fixed_at = at;
    at += kFixedBytes + length;
    if (at > octets.size()) return false;
    if (type != WireType::kOpt) continue;
    // One, of the root, among the additional records (RFC 6891 6.1.1).
    if (query.has_edns || i < others || octet(octets, begin) != 0) return false;
    read_opt(octets, fixed_at, query);
  }
  return at == octets.size();
}

}  // namespace

std::string wire_of(const DnsName& name) {
  std::string octets;
  if (!name.is_root()) {
    for (const auto label : split(name.text(), '.')) {
      octets.push_back(static_cast<char>(label.size()));
      octets.append(label);
    }
  }
  octets.push_back('\0');
  return octets;
}

std::optional<Query> parse_query(std::string_view octets) {
  if (octets.size() < kHeaderBytes || octets.size() > kMessageBytesMax) return std::nullopt;
  Query query;
  query.id = number(octets, 0);
  query.flags = number(octets, 2);
  if ((query.flags & kResponse) != 0) return std::nullopt;
  if ((query.flags & kOpcodeMask) != 0) {
    query.fault = Rcode::kNotImp;  // what stands behind the header is another opcode's
    return query;
  }
  query.fault = Rcode::kFormErr;
  if (number(octets, 4) != 1) return query;  // RFC 9619
  std::size_t at = kHeaderBytes;
  auto name = question_name(octets, at);
  if (!name || at + 4 > octets.size()) return query;
  query.name = *std::move(name);
  query.type = static_cast<WireType>(number(octets, at));
  query.dns_class = number(octets, at + 2);
  at += 4;
  query.question = octets.substr(kHeaderBytes, at - kHeaderBytes);
  query.fault = Rcode::kNoError;
  const std::size_t others = number(octets, 6) + std::size_t{number(octets, 8)};
  if (!read_records(octets, at, others, number(octets, 10), query)) query.fault = Rcode::kFormErr;
  return query;
}

}  // namespace signpost::dns
