// SPDX-License-Identifier: Apache-2.0
//
// DNS messages as plain values: a question that becomes octets, octets that become an answer (RFC 1035 4).
// Values; any thread. Whatever the octets are, parsing ends, keeps at most kRrsMax records and never throws.
// message.cc is a door to ldns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/record_type.h"
#include "base/result.h"

namespace signpost::dns {

/// Record types as numbers on the wire (IANA; RFC 1035 3.2.2, RFC 2782, RFC 8659 4.1). Values without a name here occur
/// too.
enum class WireType : std::uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41,
  kDs = 43,
  kDnskey = 48,
  kCaa = 257
};

WireType wire_type_of(RecordType type);
/// "A", "NS" …; "TYPE65" (RFC 3597) for those without a name here.
std::string name_of(WireType type);

/// Response codes, the extended ones of EDNS included (RFC 6895 2.3). Values without a name here occur too.
enum class Rcode : std::uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kNotAuth = 9,
  kBadVers = 16
};
/// "NOERROR", "NXDOMAIN" …; "RCODE17" for those without a name here.
std::string name_of(Rcode rcode);

/// kUnchecked: the resolver is to answer although it holds the answer for forged (CD, RFC 4035 3.2.2).
enum class Recursion { kNotDesired, kDesired, kUnchecked };
enum class Edns { kOff, kOn };

constexpr std::size_t kMessageBytesMax = 65'535;
/// What fits one datagram on practically every path (DNS flag day 2020).
constexpr std::uint16_t kUdpBytesMax = 1'232;
/// More records than this of one message are not kept: Answer::over_limit says so.
constexpr std::size_t kRrsMax = 512;

struct Question {
  DnsName name;
  WireType type;
  bool operator==(const Question&) const = default;
};

struct Rr {
  DnsName owner;
  WireType type;
  std::uint32_t ttl;  // seconds
  /// Canonical: "192.0.2.1"; "2001:db8::1"; names lower case without the last dot; MX "10 mail.example"; SRV
  /// "10 5 443 host.example"; CAA '0 issue "ca.example"'; TXT its strings joined, raw octets; SOA "mname rname serial
  /// refresh retry expire minimum"; DS and DNSKEY "tag algorithm". Empty for other types.
  std::string value;
};

struct Answer {
  std::uint16_t id = 0;
  Rcode rcode = Rcode::kNoError;
  bool authoritative = false;
  bool truncated = false;
  bool over_limit = false;     // there were more than kRrsMax records
  std::size_t skipped = 0;     // records whose names are no DnsName (escapes, binary), or of another class
  std::vector<Rr> unreadable;  // of the answer section, those skipped for their value: printable, as ldns writes it
  std::optional<Question> question;
  std::vector<Rr> answer;
  std::vector<Rr> authority;
  std::vector<Rr> additional;  // without OPT
};

/// How long a negative answer is kept, in seconds: the SOA's own TTL or its minimum, the smaller (RFC 2308 5).
std::uint32_t negative_ttl(const Answer& answer);

/// A query of class IN with one question; with Edns::kOn it announces kUdpBytesMax.
std::string encode_query(const Question& question, std::uint16_t id, Recursion recursion, Edns edns);

/// kProtocol for what is no DNS response: too short or long, a query, another opcode, several questions, records that
/// overrun the message.
Result<Answer> parse_answer(std::string_view octets);

}  // namespace signpost::dns
