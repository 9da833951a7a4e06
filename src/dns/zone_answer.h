// SPDX-License-Identifier: Apache-2.0
//
// What the server of a small zone answers: SOA, name servers and their addresses, TXT of its labels; and to everything
// else what the RFCs say. Owned by a ZoneServer; any loop; the texts outlive it. Without state and without waiting.
// Whatever the octets are, an answer is no longer than the client takes, and nothing but records of the zone is in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/reply_writer.h"
#include "dns/zone_texts.h"

namespace signpost::dns {

enum class Via { kUdp, kTcp };

class ZoneAnswer {
 public:
  // RFC 1035 3.2.1: zero is for this question alone. An order may follow another within the second, and a question that
  // came too early must not stick (RFC 2308 5): nobody keeps either.
  static constexpr std::uint32_t kTextTtl = 0;
  static constexpr std::uint32_t kNegativeTtl = 0;
  // Name servers move seldom.
  static constexpr std::uint32_t kNameServerTtl = 300;

  ZoneAnswer(Zone zone, const ZoneTexts& texts);

  /// Nothing: not to be answered. A response never is (RFC 1035 7.1), or two servers could go on for ever.
  std::optional<ZoneReply> reply(std::string_view octets, Via via) const;
  /// "Ask again over TCP", about as long as the question: for clients that ask too much.
  std::optional<ZoneReply> come_by_tcp(std::string_view octets) const;

 private:
  struct Server {
    std::string name;  // wire
    std::vector<net::IpAddress> addresses;
  };

  void answer(const Query& query, ReplyWriter& writer) const;
  void answer_apex(const Query& query, ReplyWriter& writer) const;
  void answer_server(const Server& server, const Query& query, ReplyWriter& writer) const;
  void answer_label(const Query& query, ReplyWriter& writer) const;
  void answer_nothing(Rcode rcode, const Query& query, ReplyWriter& writer) const;
  bool is_above_server(std::string_view name) const;
  std::string zone_pointer(const Query& query) const;
  std::string pointed(const Server& server, const Query& query) const;
  std::string soa_data(const Query& query) const;

  std::string name_;  // wire
  std::vector<Server> servers_;
  const ZoneTexts& texts_;
};

}  // namespace signpost::dns
