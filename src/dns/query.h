// SPDX-License-Identifier: Apache-2.0
//
// What a client asks a server of ours, read out of a message (RFC 1035 4.1, RFC 6891). Values that point into the
// message; any thread. Whatever the octets are, reading ends and never throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dns/message.h"

namespace signpost::dns {

/// What every client takes over UDP (RFC 1035 4.2.1).
constexpr std::size_t kPlainUdpBytesMax = 512;

struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;        // as they came
  Rcode fault = Rcode::kNoError;  // why it gets no answer but this one; then what follows may be empty
  std::string_view question;      // the octets of the question section, to be sent back as they are (0x20)
  std::string name;               // on the wire, in lower case: "\3www\4shop\7example\0"
  WireType type = WireType::kA;
  std::uint16_t dns_class = 1;
  bool has_edns = false;
  bool wants_dnssec = false;                      // DO (RFC 3225)
  std::size_t udp_bytes_max = kPlainUdpBytesMax;  // of an answer, at most kUdpBytesMax
};

/// Nothing: not a query at all, or too short to say whose it is; never to be answered, so that two servers never answer
/// each other for ever.
std::optional<Query> parse_query(std::string_view octets);

/// A name as the wire has it, "\3www\4shop\7example\0".
std::string wire_of(const DnsName& name);

}  // namespace signpost::dns
