// SPDX-License-Identifier: Apache-2.0
#include "dns/zone_answer.h"

#include <algorithm>

namespace signpost::dns {
namespace {

using Section = ReplyWriter::Section;

constexpr std::size_t kQuestionAt = 12;
constexpr std::uint16_t kPointer = 0xC000;
constexpr std::uint16_t kClassIn = 1;
constexpr std::size_t kStringBytesMax = 255;  // RFC 1035 3.3

// Of questions (RFC 6895 3.1).
constexpr auto kFirstMeta = static_cast<WireType>(128);
constexpr auto kIxfr = static_cast<WireType>(251);
constexpr auto kAxfr = static_cast<WireType>(252);
constexpr auto kAny = static_cast<WireType>(255);

// RFC 1912 2.2; nobody transfers this zone, so they only fill their fields.
constexpr std::uint32_t kRefresh = 3'600;
constexpr std::uint32_t kRetry = 600;
constexpr std::uint32_t kExpire = 604'800;

bool is_within(std::string_view name, std::string_view zone) {
  while (name.size() > zone.size()) name.remove_prefix(1 + static_cast<std::uint8_t>(name.front()));
  return name == zone;
}

bool asks_for(const Query& query, WireType type) { return query.type == type || query.type == kAny; }

WireType type_of(const net::IpAddress& address) { return address.is_v4() ? WireType::kA : WireType::kAaaa; }

std::string data_of(const net::IpAddress& address) {
  const auto text_of = [](const auto& bytes) { return std::string(bytes.begin(), bytes.end()); };
  return address.is_v4() ? text_of(address.to_v4().to_bytes()) : text_of(address.to_v6().to_bytes());
}

std::string data_of(std::string_view text) {
  std::string data;
  do {
    const auto part = text.substr(0, kStringBytesMax);
    data.push_back(static_cast<char>(part.size()));
    data.append(part);
    text.remove_prefix(part.size());
  } while (!text.empty());
  return data;
}

}  // namespace

ZoneAnswer::ZoneAnswer(Zone zone, const ZoneTexts& texts) : name_(wire_of(zone.name)), texts_(texts) {
  for (auto& server : zone.name_servers) servers_.push_back({wire_of(server.name), std::move(server.addresses)});
}

std::optional<ZoneReply> ZoneAnswer::reply(std::string_view octets, Via via) const {
  const auto query = parse_query(octets);
  if (!query) return std::nullopt;
  ReplyWriter writer(*query);
  answer(*query, writer);
  return std::move(writer).finish(via == Via::kTcp ? kMessageBytesMax : query->udp_bytes_max);
}

std::optional<ZoneReply> ZoneAnswer::come_by_tcp(std::string_view octets) const {
  const auto query = parse_query(octets);
  if (!query) return std::nullopt;
  return ReplyWriter(*query).finish_truncated();
}

void ZoneAnswer::answer(const Query& query, ReplyWriter& writer) const {
  if (query.fault != Rcode::kNoError) return writer.set(query.fault);
  if (query.type == WireType::kOpt) return writer.set(Rcode::kFormErr);
  const bool is_transfer = query.type == kAxfr || query.type == kIxfr;
  if (is_transfer || query.dns_class != kClassIn || !is_within(query.name, name_)) return writer.set(Rcode::kRefused);
  if (query.type >= kFirstMeta && query.type < kAny) return writer.set(Rcode::kNotImp);
  writer.set_authoritative();
  if (query.name == name_) return answer_apex(query, writer);
  const auto server = std::ranges::find(servers_, query.name, &Server::name);
  if (server != servers_.end()) return answer_server(*server, query, writer);
  answer_label(query, writer);
}

/// Of everything only one set is told, so that nobody is flooded with it (RFC 8482 4.1).
void ZoneAnswer::answer_apex(const Query& query, ReplyWriter& writer) const {
  if (query.type == WireType::kNs) {
    for (const auto& server : servers_) {
      writer.add(Section::kAnswer, ReplyWriter::kQuestionName, WireType::kNs, kNameServerTtl, pointed(server, query));
    }
    for (const auto& server : servers_) {
      if (!is_within(server.name, name_)) continue;
      for (const auto& address : server.addresses) {
        writer.add(Section::kAdditional, pointed(server, query), type_of(address), kNameServerTtl, data_of(address));
      }
    }
  } else if (asks_for(query, WireType::kSoa)) {
    writer.add(Section::kAnswer, ReplyWriter::kQuestionName, WireType::kSoa, kNameServerTtl, soa_data(query));
  } else {
    answer_nothing(Rcode::kNoError, query, writer);
  }
}

void ZoneAnswer::answer_server(const Server& server, const Query& query, ReplyWriter& writer) const {
  std::optional<WireType> told;
  for (const auto& address : server.addresses) {
    const auto type = type_of(address);
    if (!asks_for(query, type) || (told && told != type)) continue;
    told = type;
    writer.add(Section::kAnswer, ReplyWriter::kQuestionName, type, kNameServerTtl, data_of(address));
  }
  if (!told) answer_nothing(Rcode::kNoError, query, writer);
}

void ZoneAnswer::answer_label(const Query& query, ReplyWriter& writer) const {
  const auto label_bytes = static_cast<std::uint8_t>(query.name.front());
  const bool is_label = query.name.size() == 1U + label_bytes + name_.size();
  const auto texts =
      is_label ? texts_.texts_of(std::string_view(query.name).substr(1, label_bytes)) : std::vector<std::string>();
  if (texts.empty()) {
    return answer_nothing(is_above_server(query.name) ? Rcode::kNoError : Rcode::kNxDomain, query, writer);
  }
  if (!asks_for(query, WireType::kTxt)) return answer_nothing(Rcode::kNoError, query, writer);
  for (const auto& text : texts) {
    writer.add(Section::kAnswer, ReplyWriter::kQuestionName, WireType::kTxt, kTextTtl, data_of(text));
  }
}

/// The SOA record says for how long nothing is kept (RFC 2308 3).
void ZoneAnswer::answer_nothing(Rcode rcode, const Query& query, ReplyWriter& writer) const {
  writer.set(rcode);
  writer.add(Section::kAuthority, zone_pointer(query), WireType::kSoa, kNegativeTtl, soa_data(query));
}

/// A name that only has names below it exists (RFC 8020 2).
bool ZoneAnswer::is_above_server(std::string_view name) const {
  return std::ranges::any_of(servers_, [&](const Server& server) { return is_within(server.name, name); });
}

std::string ZoneAnswer::zone_pointer(const Query& query) const {
  std::string pointer;
  put_number(pointer, static_cast<std::uint16_t>(kPointer | (kQuestionAt + query.name.size() - name_.size())));
  return pointer;
}

std::string ZoneAnswer::pointed(const Server& server, const Query& query) const {
  if (!is_within(server.name, name_)) return server.name;
  return server.name.substr(0, server.name.size() - name_.size()) + zone_pointer(query);
}

std::string ZoneAnswer::soa_data(const Query& query) const {
  auto data = pointed(servers_.front(), query) + "\12hostmaster" + zone_pointer(query);
  for (const auto number : {texts_.serial(), kRefresh, kRetry, kExpire, kNegativeTtl}) put_number(data, number);
  return data;
}

}  // namespace signpost::dns
