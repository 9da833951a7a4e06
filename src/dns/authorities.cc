// SPDX-License-Identifier: Apache-2.0
#include "dns/authorities.h"

#include <algorithm>

#include "base/text.h"
#include "dns/probe.h"
#include "dns/together.h"

namespace signpost::dns {

namespace {

using std::chrono::steady_clock;

// A name has at most 127 labels (RFC 1035 3.1).
constexpr int kStepsMax = 128;
// Addresses of the zone above that are asked for a referral, one after the other.
constexpr std::size_t kReferralAsksMax = 3;
// Names between a cut and the next above it that are looked at.
constexpr int kAboveStepsMax = 4;

/// Half of what is left: a step that gets no answer leaves time for the next.
net::Deadline half_way_to(net::Deadline deadline) {
  const auto now = steady_clock::now();
  return now + (deadline - now) / 2;
}

void collect_servers(const std::vector<Rr>& section, const DnsName& zone, std::vector<DnsName>& servers) {
  for (const auto& rr : section) {
    if (rr.type != WireType::kNs || rr.owner != zone) continue;
    auto server = DnsName::parse(rr.value);
    if (server && std::ranges::find(servers, *server) == servers.end()) servers.push_back(*std::move(server));
  }
}

/// The SOA of a negative answer names the zone (RFC 2308 3), unless an alias led the resolver elsewhere.
std::optional<DnsName> zone_named_by(const Answer& answer, const DnsName& name) {
  const auto is_soa_above = [&](const Rr& rr) {
    return rr.type == WireType::kSoa && rr.owner != name && name.is_within(rr.owner);
  };
  const auto soa = std::ranges::find_if(answer.authority, is_soa_above);
  const bool is_negative = answer.answer.empty() && answer.unreadable.empty();
  return is_negative && soa != answer.authority.end() ? std::optional(soa->owner) : std::nullopt;
}

/// Where to look next when a name has no name servers of its own.
DnsName next_above(const Answer& answer, const DnsName& name) {
  return zone_named_by(answer, name).value_or(name.parent());
}

/// The deepest delegation towards the name that a server of the zone above knows.
std::optional<Cut> cut_in(const Answer& answer, const DnsName& parent, const DnsName& name) {
  std::optional<DnsName> zone;
  for (const auto* section : {&answer.answer, &answer.authority}) {
    for (const auto& rr : *section) {
      const bool is_towards = rr.owner != parent && rr.owner.is_within(parent) && name.is_within(rr.owner);
      if (rr.type == WireType::kNs && is_towards && (!zone || rr.owner.is_within(*zone))) zone = rr.owner;
    }
  }
  if (!zone) return std::nullopt;
  Cut cut{*zone, {}, {}};
  collect_servers(answer.answer, *zone, cut.servers);
  collect_servers(answer.authority, *zone, cut.servers);
  for (const auto& rr : answer.additional) {
    if (rr.type != WireType::kA && rr.type != WireType::kAaaa) continue;
    if (std::ranges::find(cut.servers, rr.owner) == cut.servers.end()) continue;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(rr.value, error);
    if (!error) cut.glue[rr.owner].push_back(address);
  }
  return cut;
}

void add_note(Authority& authority, const std::string& note) {
  authority.note += (authority.note.empty() ? "" : "; ") + note;
}

}  // namespace

std::size_t count_addresses(const Delegation& delegation) {
  std::size_t count = 0;
  for (const auto& server : delegation.servers) count += server.addresses.size();
  return count;
}

bool is_registry(const DnsName& zone, const DnsName& name) {
  return zone.is_root() || (!HostName::parse(zone.text()) && zone != name);
}

std::optional<DnsName> registrable_of(const DnsName& name) {
  auto text = std::string_view(name.text());
  while (text.starts_with('_') || text.starts_with('*')) text.remove_prefix(std::min(text.find('.') + 1, text.size()));
  const auto host = HostName::parse(text);
  if (!host) return std::nullopt;
  auto domain = DnsName::parse(host->domain());
  return domain ? std::optional(*std::move(domain)) : std::nullopt;
}

Task<Result<Cut>> Authorities::find_cut(DnsName name, net::Deadline deadline, KnownCuts known_cuts) {
  std::optional<DnsName> failed;
  std::optional<Error> reason;
  const auto remembered = [&](const DnsName& at) { return known_cuts ? known_cuts(at) : std::nullopt; };
  // Where the way up leads into a known zone, nothing else is asked.
  auto domain = registrable_of(name);
  if (domain && (remembered(*domain) || remembered(name.parent()))) domain.reset();
  std::optional<Result<Answer>> first;
  std::optional<Result<Answer>> second;
  DnsName at = name;
  bool is_zone = false;  // an answer has named it as one: what is remembered of before may be older
  for (int step = 0; step < kStepsMax && steady_clock::now() < deadline; ++step) {
    auto cut_before = step > 0 && !failed ? remembered(at) : std::nullopt;
    if (cut_before && (!is_zone || cut_before->zone == at)) co_return *std::move(cut_before);
    // Most names lie in their registrable domain's zone: both are asked at once, which spares a round trip.
    if (step == 0 && domain && *domain != name) co_await ask_both(name, first, *domain, second, half_way_to(deadline));
    const auto known = step == 0 && domain && *domain != name ? &first : domain && at == *domain ? &second : nullptr;
    const auto answer =
        known != nullptr && *known ? **known : co_await resolver_.ask({at, WireType::kNs}, half_way_to(deadline));
    if (answer) {
      Cut cut{at, {}, {}};
      collect_servers(answer->answer, at, cut.servers);
      if (!cut.servers.empty() && !failed) co_return cut;
      if (!cut.servers.empty()) {
        auto below = co_await referral(cut, name, deadline);
        if (below) co_return *std::move(below);
        // The resolvers may still know the name servers of a zone that is dead: they are the ones to name. Those of a
        // public suffix say nothing about the domain.
        if (HostName::parse(at.text())) co_return cut;
        co_return std::unexpected(*std::move(reason));
      }
    } else {
      failed = at;
      if (!reason) reason = answer.error();
    }
    if (at.is_root()) break;
    // Between two names for which nobody answers there is hardly one that is better off.
    const bool is_all_silent = step == 0 && !answer && second && !*second;
    is_zone = answer && zone_named_by(*answer, at);
    at = answer ? next_above(*answer, at) : is_all_silent ? *domain : at.parent();
  }
  if (reason) co_return std::unexpected(*std::move(reason));
  if (steady_clock::now() >= deadline) {
    co_return fail(Kind::kTimeout, format("the zone of {} was not found in time", name.text()));
  }
  co_return fail(Kind::kNotFound, format("no zone has {}, not even the root", name.text()));
}

Task<void> Authorities::ask_both(DnsName name, std::optional<Result<Answer>>& of_name, DnsName domain,
                                 std::optional<Result<Answer>>& of_domain, net::Deadline deadline) {
  std::vector<Task<void>> both;
  both.push_back(ask_resolver(std::move(name), of_name, deadline));
  both.push_back(ask_resolver(std::move(domain), of_domain, deadline));
  co_await together(std::move(both));
}

Task<void> Authorities::ask_resolver(DnsName name, std::optional<Result<Answer>>& answer, net::Deadline deadline) {
  answer = co_await resolver_.ask({std::move(name), WireType::kNs}, deadline);
}

Task<std::optional<Cut>> Authorities::referral(Cut parent, DnsName name, net::Deadline deadline) {
  const auto above = co_await find_servers(parent, half_way_to(deadline));
  std::vector<net::UdpEndpoint> addresses;
  for (const auto& server : above.servers) {
    if (!server.addresses.empty() && addresses.size() < kReferralAsksMax) addresses.push_back(server.addresses.front());
  }
  for (const auto& address : addresses) {
    const auto exchange =
        co_await transport_.ask(address, {name, WireType::kNs}, Recursion::kNotDesired, half_way_to(deadline));
    if (!exchange.answer) continue;
    if (auto cut = cut_in(*exchange.answer, parent.zone, name)) co_return cut;
    const auto rcode = exchange.answer->rcode;
    // It speaks for the name itself: there is no cut below.
    if (exchange.answer->authoritative && (rcode == Rcode::kNoError || rcode == Rcode::kNxDomain)) co_return parent;
  }
  co_return std::nullopt;
}

Task<Result<Cut>> Authorities::zone_above(DnsName zone, net::Deadline deadline) {
  const auto none = fail(Kind::kNotFound, format("no zone above {} was found", zone.text()));
  DnsName at = zone.parent();
  for (int step = 0; step < kAboveStepsMax && steady_clock::now() < deadline; ++step) {
    const auto answer = co_await resolver_.ask({at, WireType::kNs}, deadline);
    if (!answer) co_return std::unexpected(answer.error());
    Cut cut{at, {}, {}};
    collect_servers(answer->answer, at, cut.servers);
    if (!cut.servers.empty()) co_return cut;
    if (at.is_root()) co_return none;
    at = next_above(*answer, at);
    // A top level that the root does not know belongs to a world of its own: there is nobody above to ask.
    if (at.is_root() && !zone.parent().is_root()) co_return none;
  }
  if (steady_clock::now() < deadline) co_return none;
  co_return fail(Kind::kTimeout, format("the zone above {} was not found in time", zone.text()));
}

Task<Delegation> Authorities::servers_above(DnsName zone, net::Deadline deadline) {
  const auto at = zone.parent();
  const auto known = above_.find(at);
  if (known != above_.end() && steady_clock::now() < known->second.until) co_return known->second.delegation;
  Delegation found{at, {}};
  auto parent = co_await zone_above(zone, half_way_to(deadline));
  // What our own haste has hidden is looked for again by the next look: one unlucky look must not blind all others.
  bool is_known = parent || (parent.error().kind != Kind::kTimeout && parent.error().kind != Kind::kUnavailable);
  if (parent) found = co_await find_servers(*std::move(parent), half_way_to(deadline));
  is_known = is_known && steady_clock::now() < deadline &&
             std::ranges::find(found.servers, Authority::Lack::kUnknown, &Authority::lack) == found.servers.end();
  const bool is_usable = count_addresses(found) > 0;
  if (!is_usable) found.servers.clear();
  if (!is_usable && !is_known) co_return found;
  if (above_.size() >= kAboveEntriesMax) above_.clear();
  above_.insert_or_assign(at,
                          Remembered{found, steady_clock::now() + (is_usable ? kAboveAgeMax : kAboveFailureAgeMax)});
  co_return found;
}

/// A registry's server that keeps silent costs every look its patience: the others are asked, for as long as they are
/// remembered.
void Authorities::leave_out(const DnsName& at, const DnsName& server) {
  const auto known = above_.find(at);
  if (known == above_.end()) return;
  auto& [delegation, until] = known->second;
  std::erase_if(delegation.servers, [&](const Authority& one) { return one.name == server; });
  if (delegation.servers.empty()) until = std::min(until, steady_clock::now() + kAboveFailureAgeMax);
}

Task<std::optional<Above>> Authorities::look_from_above(DnsName zone, net::Deadline deadline) {
  if (zone.is_root()) co_return std::nullopt;
  const auto above = co_await servers_above(zone, deadline);
  std::size_t asked = 0;
  for (const auto& server : above.servers) {
    if (server.addresses.empty()) continue;
    if (++asked > kReferralAsksMax || steady_clock::now() >= deadline) break;
    if (auto said = co_await ask_above(server, above.zone, zone, half_way_to(deadline))) co_return said;
  }
  co_return std::nullopt;
}

Task<std::optional<Above>> Authorities::ask_above(Authority server, DnsName parent, DnsName zone,
                                                  net::Deadline deadline) {
  const auto address = server.addresses.front();
  Exchange names;
  Exchange keys;
  std::vector<Task<void>> both;
  both.push_back(ask(address, {zone, WireType::kNs}, names, deadline));
  both.push_back(ask(address, {zone, WireType::kDs}, keys, deadline));
  co_await together(std::move(both));
  if (names.outcome == Outcome::kSilent) leave_out(zone.parent(), server.name);
  if (!names.answer) co_return std::nullopt;
  const auto& answer = *names.answer;
  const bool is_known = answer.rcode == Rcode::kNoError;
  if (!is_known && !(answer.rcode == Rcode::kNxDomain && answer.authoritative)) co_return std::nullopt;
  Above above{parent, server.name.text(), text_of(address), !is_known, {}, {}, {}};
  if (auto cut = cut_in(answer, parent, zone); cut && cut->zone == zone) {
    // A server of both zones answers from the zone itself: that is not the delegation.
    if (answer.authoritative && !answer.answer.empty()) co_return std::nullopt;
    above.servers = std::move(cut->servers);
    above.glue = std::move(cut->glue);
  }
  if (above.servers.empty() || !keys.answer || keys.answer->rcode != Rcode::kNoError) co_return above;
  above.has_said_keys = true;
  for (const auto& rr : keys.answer->answer) {
    if (rr.type == WireType::kDs && rr.owner == zone) above.keys.push_back(rr.value);
  }
  co_return above;
}

Task<void> Authorities::ask(net::UdpEndpoint server, Question question, Exchange& exchange, net::Deadline deadline) {
  exchange = co_await transport_.ask(server, std::move(question), Recursion::kNotDesired, deadline);
}

Task<Delegation> Authorities::find_servers(Cut cut, net::Deadline deadline) {
  return find_servers_within({settings_.authorities_max, settings_.addresses_max}, std::move(cut), deadline);
}

Task<Delegation> Authorities::find_more_servers(Cut others, const Delegation& known, net::Deadline deadline) {
  const auto over = std::ranges::count(known.servers, Authority::Lack::kOverLimit, &Authority::lack);
  const auto servers = known.servers.size() - static_cast<std::size_t>(over);
  const Room room{settings_.authorities_max - std::min(servers, settings_.authorities_max),
                  settings_.addresses_max - std::min(count_addresses(known), settings_.addresses_max)};
  return find_servers_within(room, std::move(others), deadline);
}

Task<Delegation> Authorities::find_servers_within(Room room, Cut cut, net::Deadline deadline) {
  Delegation delegation{cut.zone, {}};
  const auto asked = std::min(cut.servers.size(), room.servers);
  for (std::size_t i = 0; i < asked; ++i) delegation.servers.push_back({.name = cut.servers[i]});
  std::vector<Task<void>> tasks;
  for (auto& server : delegation.servers) tasks.push_back(find_addresses(cut, server, deadline));
  co_await together(std::move(tasks));
  choose(delegation.servers, room.addresses);
  if (asked < cut.servers.size()) {
    delegation.servers.push_back({.name = cut.servers[asked],
                                  .note = format("{} name servers over the limit of {} are not asked",
                                                 cut.servers.size() - asked, settings_.authorities_max),
                                  .lack = Authority::Lack::kOverLimit});
  }
  co_return delegation;
}

Task<void> Authorities::find_addresses(const Cut& cut, Authority& authority, net::Deadline deadline) {
  const auto glue = cut.glue.find(authority.name);
  Result<std::vector<net::IpAddress>> found = std::vector<net::IpAddress>();
  if (glue != cut.glue.end()) {
    found = glue->second;
  } else {
    found = co_await resolver_.addresses_of(authority.name, deadline);
  }
  if (!found) add_note(authority, format("its address is not to be had: {}", found.error().message));
  if (found && found->empty()) add_note(authority, "has no address");
  if (!found || found->empty()) authority.lack = found ? Authority::Lack::kNone : Authority::Lack::kUnknown;
  if (!found) co_return;
  for (const auto& address : *found) {
    const auto verdict = policy_.judge(address);
    if (verdict.allowed) {
      authority.addresses.emplace_back(address, settings_.port);
      continue;
    }
    authority.lack = Authority::Lack::kForbidden;
    if (authority.note.size() < 400) {
      add_note(authority, format("{} is not asked: {}", address.to_string(), verdict.reason));
    }
  }
}

/// Keeps so many addresses, taking turns, so that every server keeps its first before one keeps its second.
void Authorities::choose(std::vector<Authority>& servers, std::size_t addresses_max) const {
  std::size_t left = addresses_max;
  std::vector<std::size_t> kept(servers.size(), 0);
  for (bool is_taking = true; is_taking && left > 0;) {
    is_taking = false;
    for (std::size_t i = 0; i < servers.size() && left > 0; ++i) {
      if (kept[i] == servers[i].addresses.size()) continue;
      ++kept[i];
      --left;
      is_taking = true;
    }
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const auto dropped = servers[i].addresses.size() - kept[i];
    if (dropped == 0) continue;
    servers[i].addresses.resize(kept[i]);
    add_note(servers[i], format("{} addresses over the limit of {} are not asked", dropped, settings_.addresses_max));
  }
}

}  // namespace signpost::dns
