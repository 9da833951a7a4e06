// SPDX-License-Identifier: Apache-2.0
#include "dns/caa_look.h"

#include <algorithm>

#include "base/text.h"
#include "dns/probe.h"
#include "dns/together.h"

namespace signpost::dns {
namespace {

using std::chrono::steady_clock;
using Kind = CaaVerdict::Kind;

constexpr std::size_t kServersMax = 3;  // of one zone, one after the other until one speaks

net::Deadline half_way_to(net::Deadline deadline) {
  const auto now = steady_clock::now();
  return now + (deadline - now) / 2;
}

std::optional<DnsName> alias_of(const Seen& seen) {
  return seen.aliases.empty() ? std::nullopt : std::optional(seen.aliases.back());
}

CaaWalk::Outcome outcome_of(const Answer& answer) {
  return answer.rcode == Rcode::kNoError ? CaaWalk::Outcome::kAnswer : CaaWalk::Outcome::kNothing;
}

}  // namespace

Task<CaaVerdict> CaaLook::judge(DnsName name, CaaQuestion question, net::Deadline deadline) {
  std::vector<Step> steps;
  for (auto at = CaaWalk(name).needed(); at && !at->is_root() && steps.size() < kCaaStepsMax; at = at->parent()) {
    steps.push_back({*at});
  }
  std::vector<Task<void>> tasks;
  for (auto& step : steps) tasks.push_back(ask(step, half_way_to(deadline)));
  co_await together(std::move(tasks));
  const auto conclude = [&] {
    CaaWalk walk(name);
    for (const auto& step : steps) {
      if (walk.has_ended() || !step.outcome) break;
      walk.tell(*step.outcome, step.seen.values, alias_of(step.seen));
    }
    return walk.judge(question);
  };
  auto verdict = conclude();
  if (verdict.kind == Kind::kForbidden) {
    const auto found = std::ranges::find(steps, *verdict.found_at, &Step::name);
    Step fresh{found->name};
    if (co_await ask_authorities(fresh, deadline)) {
      *found = std::move(fresh);
      verdict = conclude();
    }
  }
  if (verdict.kind == Kind::kOpen) {
    verdict.sentence =
        format("the CAA records of {} could not be looked up in time, or not by this machine", name.text());
  }
  co_return verdict;
}

/// A resolver that answers with an error tells what an authority will meet; its silence may be its haste or ours.
Task<void> CaaLook::ask(Step& step, net::Deadline deadline) {
  const Question question{step.name, WireType::kCaa};
  const auto answer = co_await resolver_.ask(question, half_way_to(deadline));
  if (answer) {
    step.seen = see(*answer, question);
    step.outcome = outcome_of(*answer);
  } else if (answer.error().kind == signpost::Kind::kProtocol) {
    step.outcome = CaaWalk::Outcome::kFailed;
  } else {
    co_await ask_authorities(step, deadline);
  }
}

Task<bool> CaaLook::ask_authorities(Step& step, net::Deadline deadline) {
  const Question question{step.name, WireType::kCaa};
  const auto cut = co_await authorities_.find_cut(step.name, half_way_to(deadline));
  if (!cut) co_return false;
  const auto delegation = co_await authorities_.find_servers(*cut, half_way_to(deadline));
  std::size_t asked = 0;
  for (const auto& server : delegation.servers) {
    if (server.addresses.empty()) continue;
    if (++asked > kServersMax || steady_clock::now() >= deadline) break;
    Probe probe{server.name.text(), server.addresses.front(), question};
    co_await run(to_authorities_, probe, half_way_to(deadline));
    if (!probe.has_spoken()) continue;
    step.seen = probe.seen;
    step.outcome = outcome_of(*probe.exchange.answer);
    const auto alias = alias_of(step.seen);
    if (!alias || !step.seen.values.empty()) co_return true;
    // The server knows only its own zones: where its alias leads out of them, the resolvers know the end.
    const auto answer = co_await resolver_.ask({*alias, WireType::kCaa}, deadline);
    if (!answer) co_return false;
    step.seen.values = see(*answer, {*alias, WireType::kCaa}).values;
    step.outcome = CaaWalk::Outcome::kAnswer;
    co_return true;
  }
  co_return false;
}

}  // namespace signpost::dns
