// SPDX-License-Identifier: Apache-2.0
//
// Looks at a DNS that the test writes down. One loop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "services/propagation.h"

namespace signpost::services::testing {

class FakeEye final : public DnsEye {
 public:
  explicit FakeEye(const Clock& clock) : clock_(clock) {}

  /// From now on every server has this record.
  void publish(const DnsName& name, RecordType type, std::string value) {
    present_.emplace(name, type, std::move(value));
  }
  /// What a question for any value of that type is answered with.
  void publish_mail(std::string value) { publish_any(RecordType::kMx, std::move(value)); }
  void publish_any(RecordType type, std::string value) { any_[type] = std::move(value); }
  void publish(const model::Connection& connection) {
    for (const auto& record : connection.records) publish(record.name, record.type, record.value);
  }
  void publish_claim(const model::Connection& connection) {
    publish(model::claim_name(connection), RecordType::kTxt, model::claim_value(connection));
  }
  /// From now on every server answers with addresses of this target in its place.
  void publish_flattened(const DnsName& name, std::string target) {
    flattened_.emplace(name, RecordType::kCname, std::move(target));
  }
  void withdraw_all() {
    present_.clear();
    flattened_.clear();
  }

  /// What happens while the next look is under way, once.
  void during_next_look(std::function<Task<void>()> during) { during_ = std::move(during); }
  /// Why nothing can be seen, until it is empty again: "too_busy".
  void blind(std::string cause) { blind_ = std::move(cause); }

  const std::vector<Time>& looks() const { return looks_; }
  const std::vector<dns::Expectation>& last_asked() const { return last_asked_; }

  Task<dns::Observation> observe(std::vector<dns::Expectation> expectations) override {
    looks_.push_back(clock_.now());
    last_asked_ = expectations;
    dns::Observation observation;
    for (const auto& expectation : expectations) observation.records.push_back(see(expectation));
    // Seen before, told after: as when something happens between the answer and the transaction.
    if (auto during = std::exchange(during_, nullptr)) co_await during();
    co_return observation;
  }

 private:
  dns::RecordObservation see(const dns::Expectation& expectation) const {
    dns::RecordObservation seen{.name = expectation.name, .type = expectation.type};
    seen.expected = expectation.value.value_or("any value");
    if (!expectation.value) return see_any(std::move(seen));
    const auto wanted = std::tuple(expectation.name, expectation.type, seen.expected);
    seen.value_seen = blind_.empty() && present_.contains(wanted);
    seen.propagated = seen.value_seen || (blind_.empty() && flattened_.contains(wanted));
    const auto absence = blind_.empty() ? dns::Verdict::kNxDomain : dns::Verdict::kSilent;
    seen.authorities.push_back(
        {.server = "ns1.dns.example", .address = {}, .verdict = seen.propagated ? dns::Verdict::kAgrees : absence});
    if (seen.propagated) return seen;
    seen.cause = blind_.empty() ? "name_missing" : blind_;
    seen.explanation = "there is no " + expectation.name.text();
    return seen;
  }

  /// What the type has, whatever it is.
  dns::RecordObservation see_any(dns::RecordObservation seen) const {
    const auto without = blind_.empty() ? dns::Verdict::kNoData : dns::Verdict::kSilent;
    const auto value = any_.find(seen.type);
    seen.propagated = blind_.empty() && value != any_.end();
    dns::ServerAnswer answer{.server = "ns1.dns.example", .address = {}, .verdict = without};
    if (seen.propagated) answer.verdict = dns::Verdict::kAgrees;
    if (seen.propagated) answer.values = {value->second};
    seen.authorities.push_back(std::move(answer));
    return seen;
  }

  const Clock& clock_;
  std::set<std::tuple<DnsName, RecordType, std::string>> present_;
  std::set<std::tuple<DnsName, RecordType, std::string>> flattened_;
  std::function<Task<void>()> during_;
  std::string blind_;
  std::map<RecordType, std::string> any_;
  std::vector<Time> looks_;
  std::vector<dns::Expectation> last_asked_;
};

/// Sees a redirection when the test says so.
class FakeRedirectEye final : public RedirectEye {
 public:
  void redirect(bool is_redirected) { is_redirected_ = is_redirected; }
  /// "apex.example → https://…", one line a question.
  const std::vector<std::string>& asked() const { return asked_; }

  Task<std::optional<bool>> is_redirected(std::string host, std::string to) override {
    asked_.push_back(host + " → " + to);
    co_return is_redirected_;
  }

 private:
  bool is_redirected_ = false;
  std::vector<std::string> asked_;
};

}  // namespace signpost::services::testing
