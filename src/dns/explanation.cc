// SPDX-License-Identifier: Apache-2.0
#include "dns/explanation.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::dns {

namespace {

std::string others_than_speakers(const RecordObservation& record) {
  constexpr std::size_t kShownMax = 3;
  std::string text;
  std::size_t count = 0;
  for (const auto& answer : record.authorities) {
    if (is_authoritative(answer.verdict)) continue;
    if (count++ >= kShownMax) continue;
    text += (count == 1 ? "" : ", ") + answer.server;
    if (!answer.address.empty()) text += format(" ({})", answer.address);
  }
  return count > kShownMax ? format("{} and {} more", text, count - kShownMax) : text;
}

std::string agreement(const RecordObservation& record) {
  const auto agreeing = std::ranges::count(record.authorities, Verdict::kAgrees, &ServerAnswer::verdict);
  const auto others = others_than_speakers(record);
  return format("{} {} is {} at {} of the zone {}{}", record.name.text(), name_of(record.type),
                record.expected == "any value" ? "there" : printable(record.expected, 200),
                agreeing == 1 ? std::string("the one answering server address")
                              : format("all {} answering server addresses", agreeing),
                record.zone, others.empty() ? "." : format("; no answer that counts from {}.", others));
}

}  // namespace

bool is_propagated(const RecordObservation& record) {
  const auto speaks = [](const ServerAnswer& answer) { return is_authoritative(answer.verdict); };
  const auto speaking = std::ranges::count_if(record.authorities, speaks);
  return speaking > 0 && speaking == std::ranges::count(record.authorities, Verdict::kAgrees, &ServerAnswer::verdict);
}

void explain(RecordObservation& record, std::vector<Finding> findings) {
  record.causes = std::move(findings);
  record.cause.clear();
  record.explanation = record.propagated ? agreement(record) : std::string();
  if (record.propagated || record.causes.empty()) return;
  const auto& first = record.causes.front();
  record.cause = name_of(first.cause);
  record.explanation = format("{} {}", first.text, first.fix);
}

Finding without_servers(const RecordObservation& record, const Error& reason) {
  if (reason.kind == Kind::kNotFound) {
    return {Cause::kNoDelegation,
            Weight::kBlocks,
            format("{}.", reason.message),
            "Register the domain and set its name servers.",
            {}};
  }
  const bool is_ours = reason.kind == Kind::kNetwork;
  return {Cause::kResolversFail,
          Weight::kBlocks,
          format("The name servers of {} could not be looked up: {}.", record.name.text(), reason.message),
          is_ours ? "Nobody's domain is at fault: have the machine that looks reach its resolvers (dns.resolvers)."
                  : "If other domains work, its zone is broken at the registrar or at the DNS provider.",
          {}};
}

Finding unseen(Cause cause, std::string text) {
  return {cause, Weight::kBlocks, std::move(text), std::string(causes()[static_cast<std::size_t>(cause)].fix), {}};
}

}  // namespace signpost::dns
