// SPDX-License-Identifier: Apache-2.0
#include "dns/testing/scripted_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <set>
#include <stdexcept>

#include "base/caa_property.h"
#include "base/text.h"

// Messages are written here by hand, not with ldns, so that the parser is tested against another hand.
namespace signpost::dns::testing {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
constexpr auto kTuple = asio::as_tuple(net::use_task);

constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionAvailable = 0x0080;
constexpr std::string_view kSoaTail = " 1 3600 600 86400 60";

void put16(std::string& wire, std::size_t value) {
  wire += static_cast<char>(value >> 8 & 0xff);
  wire += static_cast<char>(value & 0xff);
}
void put32(std::string& wire, std::uint32_t value) {
  put16(wire, value >> 16);
  put16(wire, value & 0xffff);
}
std::uint16_t get16(std::string_view wire, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(wire.at(at)) << 8 |
                                    static_cast<std::uint8_t>(wire.at(at + 1)));
}

std::string wire_name(std::string_view name) {
  std::string wire;
  for (const auto label : split(name, '.')) {
    if (label.empty()) continue;
    wire += static_cast<char>(label.size());
    wire += label;
  }
  return wire + '\0';
}

std::string wire_strings(std::string_view text) {
  std::string wire;
  do {
    const auto part = text.substr(0, 255);
    wire += static_cast<char>(part.size());
    wire += part;
    text.remove_prefix(part.size());
  } while (!text.empty());
  return wire;
}

std::string wire_value(WireType type, std::string_view value) {
  const auto parts = split(value, ' ');
  std::string wire;
  if (type == WireType::kA) {
    for (const auto octet : asio::ip::make_address_v4(value).to_bytes()) wire += static_cast<char>(octet);
  } else if (type == WireType::kAaaa) {
    for (const auto octet : asio::ip::make_address_v6(value).to_bytes()) wire += static_cast<char>(octet);
  } else if (type == WireType::kTxt) {
    wire = wire_strings(value);
  } else if (type == WireType::kMx) {
    put16(wire, static_cast<std::size_t>(parse_integer(parts.at(0)).value()));
    wire += wire_name(parts.at(1));
  } else if (type == WireType::kSoa) {
    wire = wire_name(parts.at(0)) + wire_name(parts.at(1));
    for (std::size_t i = 2; i < 7; ++i) put32(wire, static_cast<std::uint32_t>(parse_integer(parts.at(i)).value()));
  } else if (type == WireType::kCaa) {
    const auto property = CaaProperty::parse(value).value();
    wire += static_cast<char>(property.flags);
    wire += static_cast<char>(property.tag.size());
    wire += property.tag + property.value;
  } else {
    wire = wire_name(value);
  }
  return wire;
}

struct Query {
  std::uint16_t id = 0;
  std::string name;
  WireType type = WireType::kA;
  bool has_edns = false;
  std::string question;  // as it came, to be sent back
};

/// Only queries of our own transport come here: one question, no compression.
Query read_query(std::string_view wire) {
  Query query{get16(wire, 0), {}, {}, get16(wire, 10) > 0, {}};
  std::size_t at = 12;
  while (wire.at(at) != 0) {
    const auto length = static_cast<std::size_t>(wire.at(at));
    query.name += (query.name.empty() ? "" : ".") + to_lower(wire.substr(at + 1, length));
    at += 1 + length;
  }
  if (query.name.empty()) query.name = ".";
  query.type = static_cast<WireType>(get16(wire, at + 1));
  query.question = wire.substr(12, at + 5 - 12);
  return query;
}

struct Record {
  std::string name;
  WireType type;
  std::string value;
  std::uint32_t ttl;
};

struct Reply {
  std::uint16_t flags = 0;
  Rcode rcode = Rcode::kNoError;
  std::vector<Record> answer;
  std::vector<Record> authority;
  std::vector<Record> additional;
};

std::string wire_reply(const Query& query, const Reply& reply) {
  std::string wire;
  put16(wire, query.id);
  put16(wire, 0x8000U | reply.flags | static_cast<std::uint16_t>(reply.rcode));
  put16(wire, query.question.empty() ? 0 : 1);
  put16(wire, reply.answer.size());
  put16(wire, reply.authority.size());
  put16(wire, reply.additional.size());
  wire += query.question;
  for (const auto* section : {&reply.answer, &reply.authority, &reply.additional}) {
    for (const auto& record : *section) {
      // The question's name is where a pointer can reach it.
      wire += record.name == query.name ? std::string("\xc0\x0c") : wire_name(record.name);
      put16(wire, static_cast<std::uint16_t>(record.type));
      put16(wire, 1);
      put32(wire, record.ttl);
      const auto value = wire_value(record.type, record.value);
      put16(wire, value.size());
      wire += value;
    }
  }
  return wire;
}

std::string flood(const Query& query) {
  std::string wire;
  put16(wire, query.id);
  put16(wire, 0x8000U | kAuthoritative);
  put16(wire, 1);
  put16(wire, 10'000);
  put32(wire, 0);
  wire += query.question;
  for (std::uint32_t i = 0; wire.size() + 16 <= kMessageBytesMax; ++i) {
    wire += "\xc0\x0c";
    put16(wire, 1);
    put16(wire, 1);
    put32(wire, 60);
    put16(wire, 4);
    put32(wire, 0xc6120000U + i);  // 198.18.0.0/15, for benchmarks (RFC 2544)
  }
  return wire;
}

bool is_within(std::string_view name, std::string_view zone) {
  if (zone == "." || name == zone) return true;
  return name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.';
}

}  // namespace

struct ScriptedServer::State : std::enable_shared_from_this<State> {
  State(net::Loop& loop, Role role_given) : executor(loop.get_executor()), udp(loop), tcp(loop), role(role_given) {}

  net::Executor executor;
  net::UdpSocket udp;
  net::TcpAcceptor tcp;
  Role role;
  Behaviour behaviour = Behaviour::kNormal;
  Milliseconds delay{0};
  std::set<std::string> zones;
  std::set<std::string> failing;
  std::vector<std::pair<std::string, std::optional<WireType>>> silent;
  std::vector<Record> records;
  std::vector<std::pair<std::string, WireType>> asked;

  void open(std::string_view address, std::uint16_t port);
  static Task<void> serve_udp(std::shared_ptr<State> self);
  static Task<void> accept(std::shared_ptr<State> self);
  static Task<void> serve_tcp(std::shared_ptr<State> self, net::TcpSocket socket);
  static Task<void> wait(std::shared_ptr<State> self);
  static Task<void> send(std::shared_ptr<State> self, std::vector<std::string> datagrams, net::UdpEndpoint to);

  std::vector<std::string> datagrams_for(const Query& query);
  std::string message_for(const Query& query);
  Reply reply_to(const Query& query) const;
  bool refer(const Query& query, const std::string& zone, Reply& reply) const;
  void follow(const Query& query, Reply& reply) const;
  std::vector<Record> find(std::string_view name, WireType type) const;
  const std::string* zone_of(std::string_view name) const;
  void deny(const std::string& name, Reply& reply) const;
};

void ScriptedServer::State::open(std::string_view address, std::uint16_t port) {
  const auto ip = asio::ip::make_address(address);
  for (int i = 0; i < 50; ++i) {
    error_code error;
    tcp.open(ip.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4());
    tcp.set_option(asio::socket_base::reuse_address(true));
    tcp.bind({ip, port}, error);
    if (!error) tcp.listen();
    if (!error) {
      udp.open(ip.is_v6() ? asio::ip::udp::v6() : asio::ip::udp::v4());
      udp.bind({ip, tcp.local_endpoint().port()}, error);
    }
    if (!error) return;
    tcp.close();
    udp.close();
  }
  throw std::runtime_error("no port is free for both UDP and TCP");
}

Task<void> ScriptedServer::State::wait(std::shared_ptr<State> self) {
  if (self->delay.count() == 0) co_return;
  net::Timer timer(self->executor, self->delay);
  co_await timer.async_wait(kTuple);
}

Task<void> ScriptedServer::State::send(std::shared_ptr<State> self, std::vector<std::string> datagrams,
                                       net::UdpEndpoint to) {
  co_await wait(self);
  for (const auto& datagram : datagrams) {
    if (self->udp.is_open()) co_await self->udp.async_send_to(asio::buffer(datagram), to, kTuple);
  }
}

Task<void> ScriptedServer::State::serve_udp(std::shared_ptr<State> self) {
  std::array<char, 4'096> buffer;
  while (self->udp.is_open()) {
    net::UdpEndpoint sender;
    const auto [error, size] = co_await self->udp.async_receive_from(asio::buffer(buffer), sender, kTuple);
    if (error) continue;
    const auto query = read_query({buffer.data(), size});
    self->asked.emplace_back(query.name, query.type);
    asio::co_spawn(self->executor, send(self, self->datagrams_for(query), sender), asio::detached);
  }
}

Task<void> ScriptedServer::State::accept(std::shared_ptr<State> self) {
  while (self->tcp.is_open()) {
    auto [error, socket] = co_await self->tcp.async_accept(kTuple);
    if (error) continue;
    if (self->behaviour == Behaviour::kTruncatesWithoutTcp) continue;  // the socket closes
    asio::co_spawn(self->executor, serve_tcp(self, std::move(socket)), asio::detached);
  }
}

Task<void> ScriptedServer::State::serve_tcp(std::shared_ptr<State> self, net::TcpSocket socket) {
  for (;;) {
    std::string length(2, '\0');
    const auto [length_error, length_size] = co_await asio::async_read(socket, asio::buffer(length), kTuple);
    if (length_error) co_return;
    std::string wire(get16(length, 0), '\0');
    const auto [read_error, read_size] = co_await asio::async_read(socket, asio::buffer(wire), kTuple);
    if (read_error) co_return;
    const auto query = read_query(wire);
    self->asked.emplace_back(query.name, query.type);
    if (self->behaviour == Behaviour::kTruncatesAndHangs) continue;
    co_await wait(self);
    const auto message = self->message_for(query);
    std::string framed;
    put16(framed, message.size());
    framed += message;
    const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(framed), kTuple);
    if (write_error) co_return;
  }
}

std::string ScriptedServer::State::message_for(const Query& query) {
  return behaviour == Behaviour::kFloods ? flood(query) : wire_reply(query, reply_to(query));
}

std::vector<std::string> ScriptedServer::State::datagrams_for(const Query& query) {
  for (const auto& [zone, type] : silent) {
    if (is_within(query.name, zone) && type.value_or(query.type) == query.type) return {};
  }
  const auto right = wire_reply(query, reply_to(query));
  auto wrong_id = right;
  wrong_id[0] = static_cast<char>(wrong_id[0] ^ 0x55);
  const auto bare = [&](Rcode rcode) { return wire_reply(query, Reply{kAuthoritative, rcode, {}, {}, {}}); };
  switch (behaviour) {
    case Behaviour::kNormal:
    case Behaviour::kLame:
      return {right};
    case Behaviour::kSilent:
      return {};
    case Behaviour::kGarbage:
      return {"\x01", "not a message at all"};
    case Behaviour::kGarbageWithOurId:
      return {right.substr(0, 2) + std::string("\x84\x00\x00\x01\xff\xff\x00\x00\x00\x00\xc0\x0c", 12)};
    case Behaviour::kWrongIdThenRight:
      return {wrong_id, wrong_id, wrong_id, right};
    case Behaviour::kWrongIdOnly:
      return {wrong_id};
    case Behaviour::kStorm:
      return std::vector<std::string>(100, wrong_id);
    case Behaviour::kWrongQuestionFirst: {
      Query other = query;
      other.name = "other.example";
      other.question = wire_name(other.name) + query.question.substr(query.question.size() - 4);
      return {wire_reply(other, Reply{kAuthoritative, Rcode::kNoError, {}, {}, {}}), right};
    }
    case Behaviour::kTruncates:
    case Behaviour::kTruncatesWithoutTcp:
    case Behaviour::kTruncatesAndHangs:
    case Behaviour::kFloods:
      return {wire_reply(query, Reply{kAuthoritative | kTruncated, Rcode::kNoError, {}, {}, {}})};
    case Behaviour::kRefuses:
      return {bare(Rcode::kRefused)};
    case Behaviour::kServFails:
      return {bare(Rcode::kServFail)};
    case Behaviour::kFormErrOnEdns: {
      Query headless = query;
      headless.question.clear();
      return {query.has_edns ? wire_reply(headless, Reply{0, Rcode::kFormErr, {}, {}, {}}) : right};
    }
    case Behaviour::kSilentOnEdns:
      return query.has_edns ? std::vector<std::string>{} : std::vector{right};
  }
  return {};
}

std::vector<Record> ScriptedServer::State::find(std::string_view name, WireType type) const {
  std::vector<Record> found;
  std::ranges::copy_if(records, std::back_inserter(found),
                       [&](const Record& record) { return record.name == name && record.type == type; });
  return found;
}

const std::string* ScriptedServer::State::zone_of(std::string_view name) const {
  const std::string* best = nullptr;
  for (const auto& zone : zones) {
    if (is_within(name, zone) && (best == nullptr || zone.size() > best->size())) best = &zone;
  }
  return best;
}

void ScriptedServer::State::deny(const std::string& name, Reply& reply) const {
  const bool exists = zones.contains(name) ||
                      std::ranges::any_of(records, [&](const Record& record) { return is_within(record.name, name); });
  if (!exists) reply.rcode = Rcode::kNxDomain;
  if (const auto* zone = zone_of(name)) reply.authority = find(*zone, WireType::kSoa);
}

void ScriptedServer::State::follow(const Query& query, Reply& reply) const {
  std::string name = query.name;
  std::set<std::string> passed;
  while (passed.insert(name).second) {
    const auto found = find(name, query.type);
    reply.answer.insert(reply.answer.end(), found.begin(), found.end());
    if (!found.empty()) return;
    const auto alias = find(name, WireType::kCname);
    if (alias.empty()) {
      if (role == Role::kResolver || zone_of(name) != nullptr) deny(name, reply);
      return;
    }
    reply.answer.push_back(alias.front());
    name = alias.front().value;
  }
}

bool ScriptedServer::State::refer(const Query& query, const std::string& zone, Reply& reply) const {
  for (const auto& record : records) {
    const bool is_cut = record.type == WireType::kNs && record.name != zone && is_within(record.name, zone);
    if (!is_cut || !is_within(query.name, record.name)) continue;
    reply.authority.push_back(record);
    for (const auto type : {WireType::kA, WireType::kAaaa}) {
      const auto glue = find(record.value, type);
      reply.additional.insert(reply.additional.end(), glue.begin(), glue.end());
    }
  }
  return !reply.authority.empty();
}

Reply ScriptedServer::State::reply_to(const Query& query) const {
  Reply reply;
  if (std::ranges::any_of(failing, [&](const std::string& zone) { return is_within(query.name, zone); })) {
    reply.rcode = Rcode::kServFail;
    return reply;
  }
  if (role == Role::kResolver) {
    reply.flags = kRecursionAvailable;
    follow(query, reply);
    return reply;
  }
  const auto* zone = zone_of(query.name);
  if (zone == nullptr) {
    reply.rcode = Rcode::kRefused;
  } else if (!refer(query, *zone, reply)) {
    if (behaviour != Behaviour::kLame) reply.flags = kAuthoritative;
    follow(query, reply);
  }
  return reply;
}

ScriptedServer::ScriptedServer(net::Loop& loop, Role role, std::string_view address, std::uint16_t port)
    : state_(std::make_shared<State>(loop, role)) {
  state_->open(address, port);
  asio::co_spawn(loop, State::serve_udp(state_), asio::detached);
  asio::co_spawn(loop, State::accept(state_), asio::detached);
}

ScriptedServer::~ScriptedServer() {
  error_code ignored;
  state_->udp.close(ignored);
  state_->tcp.close(ignored);
}

net::UdpEndpoint ScriptedServer::endpoint() const { return state_->udp.local_endpoint(); }

void ScriptedServer::add_zone(std::string_view zone) {
  state_->zones.emplace(zone);
  add(zone, WireType::kSoa, format("ns1.{0} hostmaster.{0}{1}", zone, kSoaTail));
}

void ScriptedServer::add(std::string_view name, WireType type, std::string_view value, std::uint32_t ttl) {
  state_->records.push_back({std::string(name), type, std::string(value), ttl});
}

void ScriptedServer::remove(std::string_view name) {
  std::erase_if(state_->records, [&](const Record& record) { return record.name == name; });
}

void ScriptedServer::remove(std::string_view name, WireType type) {
  std::erase_if(state_->records, [&](const Record& record) { return record.name == name && record.type == type; });
}

void ScriptedServer::behave(Behaviour behaviour) { state_->behaviour = behaviour; }
void ScriptedServer::fail_within(std::string_view zone) { state_->failing.emplace(zone); }
void ScriptedServer::silent_about(std::string_view zone, std::optional<WireType> type) {
  state_->silent.emplace_back(zone, type);
}
void ScriptedServer::delay(Milliseconds by) { state_->delay = by; }
std::size_t ScriptedServer::questions() const { return state_->asked.size(); }

std::size_t ScriptedServer::questions(std::string_view name, WireType type) const {
  return static_cast<std::size_t>(std::ranges::count(state_->asked, std::pair(std::string(name), type)));
}

}  // namespace signpost::dns::testing
