// SPDX-License-Identifier: Apache-2.0
//
// What authorities will see in DNS, as the test decides. One loop.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/issuance_sight.h"

namespace signpost::services::testing {

class FakeSight final : public IssuanceSight {
 public:
  bool is_delegated = false;
  bool is_visible = false;
  bool was_unseen = false;
  bool is_dead = false;
  dns::Observation observation = {};
  std::string cause = "name_missing";               // of what is not there
  std::vector<std::string> caa_allows = {};         // issuers; empty: there is no CAA
  std::optional<dns::CaaVerdict> caa_verdict = {};  // whatever is asked
  std::string explanation = "there is no _acme-challenge.www.shop.example: add the CNAME";

  Task<ChallengeSight> challenge(ChallengeWish wish) override {
    wishes.push_back(wish);
    if (auto during = std::exchange(during_, nullptr)) co_await during();
    ChallengeSight sight;
    sight.observation = observation;
    sight.was_unseen = was_unseen;
    sight.is_delegated = !was_unseen && wish.target && is_delegated;
    sight.is_visible = !was_unseen && !wish.values.empty() && is_visible;
    const bool is_there = wish.values.empty() ? sight.is_delegated : sight.is_visible;
    if (!is_there) {
      sight.cause = cause;
      sight.is_dead = is_dead;
      sight.explanation = explanation;
    }
    co_return sight;
  }

  Task<dns::CaaVerdict> caa(CaaWish wish) override {
    if (caa_verdict) co_return *caa_verdict;
    const bool is_allowed = caa_allows.empty() || std::ranges::any_of(wish.issuers, [&](const auto& issuer) {
                              return std::ranges::find(caa_allows, issuer) != caa_allows.end();
                            });
    dns::CaaVerdict verdict;
    verdict.kind = is_allowed ? dns::CaaVerdict::Kind::kAllowed : dns::CaaVerdict::Kind::kForbidden;
    if (!is_allowed) verdict.sentence = "0 issue \"" + caa_allows.front() + "\" lets only that one issue";
    co_return verdict;
  }

  /// What happens while the next look at a challenge is under way, once.
  void during_next_look(std::function<Task<void>()> during) { during_ = std::move(during); }

  std::vector<ChallengeWish> wishes;

 private:
  std::function<Task<void>()> during_;
};

}  // namespace signpost::services::testing
