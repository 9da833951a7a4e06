// SPDX-License-Identifier: Apache-2.0
#include "services/original_dns.h"

#include <algorithm>

#include "base/text.h"
#include "services/connection_change.h"
#include "store/connections.h"
#include "store/jobs.h"
#include "store/original_dns.h"

namespace signpost::services {
namespace {

JobOutcome done(std::string text) { return {JobOutcome::Ending::kDone, std::move(text)}; }

/// What the first authority that speaks has; nothing if none speaks.
std::optional<std::vector<std::string>> values_of(const dns::RecordObservation& record) {
  const auto spoke = std::ranges::find_if(
      record.authorities, [](const dns::ServerAnswer& answer) { return dns::is_authoritative(answer.verdict); });
  if (spoke == record.authorities.end()) return std::nullopt;
  auto values = spoke->verdict == dns::Verdict::kAgrees ? spoke->values : std::vector<std::string>{};
  if (values.size() > model::OriginalDns::addresses_max) values.resize(model::OriginalDns::addresses_max);
  return values;
}

}  // namespace

std::vector<dns::Expectation> original_expectations(const HostName& host) {
  std::vector<dns::Expectation> expectations;
  for (const auto type : {RecordType::kCname, RecordType::kA, RecordType::kAaaa}) {
    expectations.push_back({.name = host, .type = type, .value = std::nullopt, .priority = std::nullopt});
  }
  return expectations;
}

std::optional<model::OriginalDns> original_of(const dns::Observation& observation, Time now) {
  if (observation.records.size() != 3) return std::nullopt;
  const auto cname = values_of(observation.records[0]);
  if (!cname) return std::nullopt;
  if (!cname->empty()) return model::OriginalDns{cname->front(), {}, {}, now};
  const auto a = values_of(observation.records[1]);
  const auto aaaa = values_of(observation.records[2]);
  if (!a || !aaaa) return std::nullopt;
  return model::OriginalDns{std::nullopt, *a, *aaaa, now};
}

bool leads_to_us(const model::OriginalDns& original, const model::Connection& connection,
                 const model::Distribution* distribution) {
  if (distribution != nullptr && !distribution->domain_name.empty() && original.cname == distribution->domain_name)
    return true;
  return std::ranges::any_of(connection.records, [&](const model::Record& record) {
    if (record.purpose != model::RecordPurpose::kTraffic || record.name != DnsName(connection.host)) return false;
    const auto has = [&](const std::vector<std::string>& values) {
      return std::ranges::find(values, record.value) != values.end();
    };
    return original.cname == record.value || has(original.a) || has(original.aaaa);
  });
}

Task<Result<JobOutcome>> OriginalDns::keep(model::Job job) {
  using Found = std::optional<model::Connection>;
  const auto connection = CO_TRY(co_await storage_.read<Found>(
      [&](store::Tx& tx) { return store::connections::find_across_applications(tx, job.subject); }));
  if (!connection) co_return done("the connection is gone");
  auto& eye = *eyes_[static_cast<std::size_t>(partition_of(job.subject.value())) % eyes_.size()];
  const auto seen = co_await eye.observe(original_expectations(connection->host));
  const auto original = original_of(seen, clock_.now());
  if (!original) {
    if (job.attempts >= kOriginalLooksMax) co_return done("no name server answered for the host");
    co_return fail(Kind::kUnavailable, format("no name server answers for {} yet", connection->host.text()));
  }
  const bool is_ours = leads_to_us(*original, *connection, nullptr);
  CO_TRY_VOID(co_await storage_.write<void>([&](store::Tx& tx) -> Result<void> {
    if (!is_ours) TRY(store::original_dns::keep(tx, job.subject, *original));
    // What waits for the host need not wait with the untried any longer.
    return store::jobs::leave_shared_turns(tx, job.subject,
                                           fairness_key_of(connection->application, connection->organization));
  }));
  if (is_ours) co_return done("the host led here already when it was first looked at");
  co_return done(original->is_empty() ? "the host had no record" : "kept");
}

}  // namespace signpost::services
