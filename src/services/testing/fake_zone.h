// SPDX-License-Identifier: Apache-2.0
//
// An ACME zone in memory, whose server is away if the test wants it. One loop.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/challenge_zone.h"

namespace signpost::services::testing {

class FakeZone final : public ChallengeZone {
 public:
  const DnsName& name() const override { return name_; }
  Task<Result<void>> publish(std::string label, std::string value) override {
    if (is_broken_) co_return fail(Kind::kUnavailable, "the zone's server is away");
    texts_[label].insert(value);
    co_return Result<void>{};
  }
  Task<Result<void>> withdraw(std::string label, std::string value) override {
    if (is_broken_) co_return fail(Kind::kUnavailable, "the zone's server is away");
    texts_[label].erase(value);
    co_return Result<void>{};
  }
  std::vector<std::string> texts_of(const std::string& label) const {
    const auto found = texts_.find(label);
    if (found == texts_.end()) return {};
    return {found->second.begin(), found->second.end()};
  }
  void break_down(bool is_broken) { is_broken_ = is_broken; }

 private:
  DnsName name_ = *DnsName::parse("acme.saas.example");
  std::map<std::string, std::set<std::string>> texts_;
  bool is_broken_ = false;
};

}  // namespace signpost::services::testing
