// SPDX-License-Identifier: Apache-2.0
#include "services/swept_challenge_zone.h"

#include <utility>
#include <vector>

#include "base/log.h"
#include "net/wait.h"
#include "store/challenge_texts.h"

namespace signpost::services {
namespace {

using Texts = std::vector<store::challenge_texts::ChallengeText>;

}  // namespace

SweptChallengeZone::SweptChallengeZone(ChallengeZone& server, Storage& storage, const Clock& clock)
    : server_(server), storage_(storage), clock_(clock) {}

Task<Result<void>> SweptChallengeZone::publish(std::string label, std::string value) {
  CO_TRY_VOID(check_challenge_text(label, value));
  const Time now = clock_.now();
  CO_TRY_VOID(co_await storage_.write<void>([&, now](store::Tx& tx) {
    return store::challenge_texts::publish(tx, label, value, now, now + kChallengeTextAge);
  }));
  co_return co_await server_.publish(std::move(label), std::move(value));
}

Task<Result<void>> SweptChallengeZone::withdraw(std::string label, std::string value) {
  CO_TRY_VOID(check_challenge_text(label, value));
  auto gone = co_await server_.withdraw(label, value);
  const Time now = clock_.now();
  CO_TRY_VOID(co_await storage_.write<void>([&, now](store::Tx& tx) -> Result<void> {
    TRY_VOID(store::challenge_texts::withdraw(tx, label, value, now));
    if (gone) TRY(store::challenge_texts::forget(tx, label, value, now));
    return {};
  }));
  co_return gone;
}

Task<Result<void>> SweptChallengeZone::sweep() {
  for (bool may_be_more = true; may_be_more;) {
    const Time now = clock_.now();
    const auto over =
        CO_TRY(co_await storage_.read<Texts>([now](store::Tx& tx) { return store::challenge_texts::over(tx, now); }));
    for (const auto& text : over) {
      CO_TRY_VOID(co_await server_.withdraw(text.label, text.value));
      const bool is_forgotten = CO_TRY(co_await storage_.write<bool>(
          [&, now](store::Tx& tx) { return store::challenge_texts::forget(tx, text.label, text.value, now); }));
      // Meanwhile an order wants it again.
      if (!is_forgotten) CO_TRY_VOID(co_await server_.publish(text.label, text.value));
    }
    may_be_more = over.size() == static_cast<std::size_t>(store::challenge_texts::kOverMax);
  }
  co_return Result<void>{};
}

void SweptChallengeZone::start(net::TaskGroup& tasks) { tasks.spawn(keep_sweeping(), "challenge texts left behind"); }

Task<void> SweptChallengeZone::keep_sweeping() {
  bool is_failing = false;
  while (co_await net::sleep_until(std::chrono::steady_clock::now() + kSweepPause)) {
    const auto swept = co_await sweep();
    if (!swept && !is_failing)
      log::warn("challenges' values were left in the ACME zone", {{"error", swept.error().message}});
    is_failing = !swept;
  }
}

}  // namespace signpost::services
