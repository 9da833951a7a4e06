// SPDX-License-Identifier: Apache-2.0
#include "dns/resolver.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dns/probe.h"
#include "dns/together.h"

namespace signpost::dns {

namespace {

using std::chrono::steady_clock;

std::string joined(const std::vector<std::string>& notes) {
  std::string text;
  for (const auto& note : notes) text += (text.empty() ? "" : ", ") + note;
  return text;
}

Error reason_of(const Exchange& exchange, const net::UdpEndpoint& server) {
  const auto who = format("the resolver {}", text_of(server));
  const auto because = exchange.notes.empty() ? std::string() : format(" ({})", joined(exchange.notes));
  switch (exchange.outcome) {
    case Outcome::kAnswer:
      return {Kind::kProtocol, format("{} answers {}{}", who, name_of(exchange.answer->rcode), because), {}, {}};
    case Outcome::kSilent:
      return {Kind::kTimeout, format("{} gives no answer in time{}", who, because), {}, {}};
    case Outcome::kConnectionRefused:
      return {Kind::kNetwork, format("nobody listens at {}{}", who, because), {}, {}};
    case Outcome::kNoRoute:
      return {Kind::kNetwork, format("there is no way to {}{}", who, because), {}, {}};
    case Outcome::kMalformed:
      return {Kind::kProtocol, format("{} answers nonsense{}", who, because), {}, {}};
    case Outcome::kNotAsked:
      return {Kind::kUnavailable, format("{} was not asked{}", who, because), {}, {}};
  }
  return {};
}

bool is_usable(const Exchange& exchange) {
  return exchange.answer && (exchange.answer->rcode == Rcode::kNoError || exchange.answer->rcode == Rcode::kNxDomain);
}

/// Puts the addresses an answer has for its question at the end, each once.
std::uint32_t append(const Answer& answer, const Question& question, std::vector<net::IpAddress>& addresses) {
  const auto seen = see(answer, question);
  for (const auto& value : seen.values) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(value, error);
    if (!error && std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return seen.values.empty() ? 0 : seen.ttl;
}

}  // namespace

Task<Result<Answer>> Resolver::ask(Question question, net::Deadline deadline) {
  Error reason{Kind::kUnavailable, "no resolver is configured", {}, {}};
  const auto count = settings_.servers.size();
  const auto first = preferred_;
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = (first + i) % count;
    const auto server = settings_.servers[index];
    const auto now = steady_clock::now();
    // Half of what is left for each but the last, so that a silent one leaves time for the next.
    const auto until = i + 1 == count ? deadline : now + (deadline - now) / 2;
    auto exchange = co_await transport_.ask(server, question, Recursion::kDesired, until);
    reason = reason_of(exchange, server);
    if (exchange.answer && exchange.answer->rcode == Rcode::kServFail) {
      exchange = co_await transport_.ask(server, question, Recursion::kUnchecked, until);
    }
    if (is_usable(exchange)) {
      preferred_ = index;
      co_return *std::move(exchange.answer);
    }
  }
  co_return std::unexpected(std::move(reason));
}

namespace {

struct Lookup {
  Question question;
  Result<Answer> answer = fail(Kind::kTimeout, "not asked");
};

Task<void> run(Resolver& resolver, Lookup& lookup, net::Deadline deadline) {
  lookup.answer = co_await resolver.ask(lookup.question, deadline);
}

Task<void> run_at(Transport& transport, net::UdpEndpoint server, Question question, Result<Answer>& answer,
                  net::Deadline deadline) {
  auto exchange = co_await transport.ask(server, std::move(question), Recursion::kDesired, deadline);
  if (is_usable(exchange)) {
    answer = *std::move(exchange.answer);
  } else {
    answer = std::unexpected(reason_of(exchange, server));
  }
}

}  // namespace

Task<Result<std::vector<net::IpAddress>>> Resolver::addresses_of(DnsName host, net::Deadline deadline) {
  const auto cached = cache_.find(host);
  if (cached != cache_.end() && steady_clock::now() < cached->second.until) co_return cached->second.addresses;
  Lookup v4{{host, WireType::kA}};
  Lookup v6{{host, WireType::kAaaa}};
  std::vector<Task<void>> tasks;
  tasks.push_back(run(*this, v4, deadline));
  tasks.push_back(run(*this, v6, deadline));
  co_await together(std::move(tasks));
  if (!v4.answer && !v6.answer) co_return std::unexpected(v4.answer.error());
  std::vector<net::IpAddress> addresses;
  auto ttl = std::uint32_t{0};
  for (const auto* lookup : {&v4, &v6}) {
    if (lookup->answer) ttl = std::max(ttl, append(*lookup->answer, lookup->question, addresses));
  }
  // Half an answer is used but not kept: the other half may only have been lost.
  if (v4.answer && v6.answer) remember(host, addresses, ttl);
  co_return addresses;
}

Task<Resolver::AllAddresses> Resolver::all_addresses_of(DnsName host, net::Deadline deadline) {
  const std::array questions{Question{host, WireType::kA}, Question{host, WireType::kAaaa}};
  std::vector<Result<Answer>> answers(settings_.servers.size() * questions.size(), fail(Kind::kTimeout, "not asked"));
  std::vector<Task<void>> tasks;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    tasks.push_back(run_at(transport_, settings_.servers[i / 2], questions[i % 2], answers[i], deadline));
  }
  co_await together(std::move(tasks));
  AllAddresses all{{}, true, true};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) {
      all.reason = answers[i].error().message;
      continue;
    }
    append(*answers[i], questions[i % 2], all.found);
    (i % 2 == 0 ? all.lacks_v4 : all.lacks_v6) = false;
  }
  co_return all;
}

void Resolver::remember(const DnsName& host, const std::vector<net::IpAddress>& addresses, std::uint32_t ttl) {
  if (addresses.empty() || ttl == 0 || settings_.cache_entries_max == 0) return;
  const auto now = steady_clock::now();
  if (cache_.size() >= settings_.cache_entries_max) {
    std::erase_if(cache_, [now](const auto& entry) { return entry.second.until <= now; });
    if (cache_.size() >= settings_.cache_entries_max) cache_.erase(cache_.begin());
  }
  const auto kept = std::min<Milliseconds>(settings_.cache_max, std::chrono::seconds(ttl));
  cache_.insert_or_assign(host, Cached{addresses, now + kept});
}

}  // namespace signpost::dns
