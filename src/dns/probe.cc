// SPDX-License-Identifier: Apache-2.0
#include "dns/probe.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::dns {

namespace {

constexpr std::size_t kNoteBytesMax = 400;

/// Name servers are handed out by the zone above, which refers to them without authority.
bool refers(const Probe& probe) {
  return probe.question.type == WireType::kNs && probe.exchange.answer->rcode == Rcode::kNoError &&
         !probe.seen.values.empty();
}

bool speaks_for_the_zone(const Probe& probe) {
  return refers(probe) || probe.exchange.answer->authoritative || probe.recursion != Recursion::kNotDesired;
}

bool has_no_cname(const Probe& probe) {
  return probe.question.type == WireType::kCname && probe.exchange.answer && speaks_for_the_zone(probe) &&
         probe.exchange.answer->rcode == Rcode::kNoError && probe.seen.values.empty();
}

void add_note(std::string& text, std::string_view note) {
  if (note.empty()) return;
  text += text.empty() ? "" : "; ";
  text += note;
}

std::string limits_of(const Answer& answer) {
  if (answer.over_limit) return format("more than {} records: the rest is not read", kRrsMax);
  if (answer.skipped > 0) return format("{} records that cannot be read as names are left out", answer.skipped);
  return {};
}

Judgement judge_error(Rcode rcode) {
  if (rcode == Rcode::kRefused || rcode == Rcode::kNotAuth) {
    return {Verdict::kRefused, format("answers {}: the zone is not set up there", name_of(rcode))};
  }
  return {Verdict::kServFail, format("answers {}", name_of(rcode))};
}

Judgement judge_answer(const Probe& probe, const Expectation& record, std::span<const Expectation> group,
                       const TargetAddresses& target, const SpfReport* walked) {
  const auto& answer = *probe.exchange.answer;
  const bool is_missing = answer.rcode == Rcode::kNxDomain;
  if (answer.rcode != Rcode::kNoError && !is_missing) return judge_error(answer.rcode);
  if (!speaks_for_the_zone(probe)) return {Verdict::kLame, "answers without authority for the zone"};
  if (is_missing && probe.seen.aliases.empty()) return {Verdict::kNxDomain, {}};
  if (is_missing) {
    return {Verdict::kDisagrees, format("is an alias for {}, which does not exist", probe.seen.aliases.back().text())};
  }
  if (has_no_cname(probe) && !probe.flattened.empty()) return judge_flattened(probe.flattened, target);
  return judge(record, group, probe.seen, walked);
}

Judgement judge_exchange(const Probe& probe, const Expectation& record, std::span<const Expectation> group,
                         const TargetAddresses& target, const SpfReport* walked) {
  switch (probe.exchange.outcome) {
    case Outcome::kAnswer:
      return judge_answer(probe, record, group, target, walked);
    case Outcome::kSilent:
      return {Verdict::kSilent, "no answer in time"};
    case Outcome::kConnectionRefused:
      return {Verdict::kUnreachable, "nobody listens there"};
    case Outcome::kNoRoute:
      return {Verdict::kUnreachable, "there is no way to this address from here"};
    case Outcome::kMalformed:
      return {Verdict::kMalformed, "its answers are no DNS messages"};
    case Outcome::kNotAsked:
      return {Verdict::kUnreachable, {}};
  }
  return {Verdict::kUnreachable, {}};
}

Task<std::vector<std::string>> addresses_at(Transport& transport, const Probe& probe, net::Deadline deadline) {
  std::vector<std::string> addresses;
  for (const auto type : {WireType::kA, WireType::kAaaa}) {
    const Question question{probe.question.name, type};
    const auto exchange = co_await transport.ask(probe.endpoint, question, probe.recursion, deadline);
    if (!exchange.answer || exchange.answer->rcode != Rcode::kNoError) continue;
    if (!exchange.answer->authoritative && probe.recursion == Recursion::kNotDesired) continue;
    std::ranges::copy(see(*exchange.answer, question).values, std::back_inserter(addresses));
  }
  co_return addresses;
}

}  // namespace

std::string text_of(const net::UdpEndpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? format("[{}]:{}", address, endpoint.port())
                                    : format("{}:{}", address, endpoint.port());
}

bool Probe::has_spoken() const {
  return exchange.answer && speaks_for_the_zone(*this) &&
         (exchange.answer->rcode == Rcode::kNoError || exchange.answer->rcode == Rcode::kNxDomain);
}

const Probe* witness_among(std::span<const Probe> probes) {
  const auto rank = [](const Probe& probe) {
    int silence = 3;
    if (probe.exchange.answer->rcode == Rcode::kNoError) silence = 2;
    if (!probe.seen.aliases.empty() || !probe.flattened.empty()) silence = 1;
    if (!probe.seen.values.empty()) silence = 0;
    return std::tuple(silence, probe.server, text_of(probe.endpoint));
  };
  const Probe* witness = nullptr;
  for (const auto& probe : probes) {
    if (probe.has_spoken() && (witness == nullptr || rank(probe) < rank(*witness))) witness = &probe;
  }
  return witness;
}

Task<void> run(Transport& transport, Probe& probe, net::Deadline deadline) {
  probe.exchange = co_await transport.ask(probe.endpoint, probe.question, probe.recursion, deadline);
  if (!probe.exchange.answer) co_return;
  probe.seen = see(*probe.exchange.answer, probe.question);
  if (probe.wants_flattened && has_no_cname(probe)) probe.flattened = co_await addresses_at(transport, probe, deadline);
}

ServerAnswer report(const Probe& probe, const Expectation& record, std::span<const Expectation> group,
                    const TargetAddresses& target, const SpfReport* walked) {
  const auto judgement = judge_exchange(probe, record, group, target, walked);
  ServerAnswer answer{
      probe.server, text_of(probe.endpoint), judgement.verdict, {}, probe.seen.ttl, probe.exchange.took_ms, {}};
  auto values = probe.seen.values.empty() ? probe.flattened : probe.seen.values;
  // Servers turn their sets: sorted, two looks that saw the same show the same.
  std::ranges::sort(values);
  for (std::size_t i = 0; i < std::min(values.size(), kValuesMax); ++i) {
    answer.values.push_back(printable(values[i], kValueBytesMax));
  }
  add_note(answer.note, judgement.note);
  if (values.size() > kValuesMax) add_note(answer.note, format("{} values more", values.size() - kValuesMax));
  if (probe.exchange.answer) add_note(answer.note, limits_of(*probe.exchange.answer));
  for (const auto& note : probe.exchange.notes) add_note(answer.note, note);
  answer.note = printable(answer.note, kNoteBytesMax);
  return answer;
}

}  // namespace signpost::dns
