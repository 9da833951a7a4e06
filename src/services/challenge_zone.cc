// SPDX-License-Identifier: Apache-2.0
#include "services/challenge_zone.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "net/wait.h"
#include "store/challenge_texts.h"

namespace signpost::services {
namespace {

using Changes = std::vector<store::challenge_texts::ChallengeText>;

constexpr std::size_t kLabelBytesMax = 63;
constexpr std::size_t kValueBytesMax = 255;
// What is over stays so long, so that every process learns of it.
constexpr Milliseconds kDeadAge = std::chrono::hours(1);
constexpr Milliseconds kDropPause = std::chrono::minutes(10);
constexpr std::int32_t kDropMax = 1'000;

}  // namespace

Result<void> check_challenge_text(std::string_view label, std::string_view value) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  if (label.empty() || label.size() > kLabelBytesMax || !std::ranges::all_of(label, is_plain)) {
    return fail(Kind::kUnprocessable, format("\"{}\" is no label of the ACME zone: 1 to {} of a-z, 0-9, - and _",
                                             printable(label, 80), kLabelBytesMax));
  }
  const auto is_printable = [](char c) { return c > ' ' && c < '\x7F'; };
  if (value.empty() || value.size() > kValueBytesMax || !std::ranges::all_of(value, is_printable)) {
    return fail(Kind::kUnprocessable,
                format("a TXT value of the ACME zone has 1 to {} printable characters", kValueBytesMax));
  }
  return {};
}

std::string make_challenge_label(crypto::Random& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t kLength = 26;
  std::string label;
  for (std::size_t i = 0; i < kLength; ++i) label += kLetters[random.below(kLetters.size())];
  return label;
}

DnsName challenge_target(const DnsName& zone, std::string_view label) {
  return DnsName::parse(format("{}.{}", label, zone.text())).value();
}

// ── the built-in server's ───────────────────────────────────────────────────────────────────────────────────────

StoredChallengeZone::StoredChallengeZone(DnsName name, Storage& storage, const Clock& clock)
    : name_(std::move(name)), storage_(storage), clock_(clock) {}

Result<void> StoredChallengeZone::publish_in(store::Tx& tx, std::string_view label, std::string_view value) const {
  TRY_VOID(check_challenge_text(label, value));
  const auto now = clock_.now();
  return store::challenge_texts::publish(tx, label, value, now, now + kChallengeTextAge);
}

Result<void> StoredChallengeZone::withdraw_in(store::Tx& tx, std::string_view label, std::string_view value) const {
  TRY_VOID(check_challenge_text(label, value));
  return store::challenge_texts::withdraw(tx, label, value, clock_.now());
}

Task<Result<void>> StoredChallengeZone::publish(std::string label, std::string value) {
  CO_TRY_VOID(co_await storage_.write<void>([&](store::Tx& tx) { return publish_in(tx, label, value); }));
  co_return co_await reload();
}

Task<Result<void>> StoredChallengeZone::withdraw(std::string label, std::string value) {
  CO_TRY_VOID(co_await storage_.write<void>([&](store::Tx& tx) { return withdraw_in(tx, label, value); }));
  co_return co_await reload();
}

Task<Result<void>> StoredChallengeZone::reload() {
  for (bool may_be_more = true; may_be_more;) {
    const auto known = revision_.load();
    const auto changes = CO_TRY(co_await storage_.read<Changes>(
        [known](store::Tx& tx) { return store::challenge_texts::changes_since(tx, known); }));
    learn(changes);
    may_be_more = changes.size() == static_cast<std::size_t>(store::challenge_texts::kChangesMax);
  }
  co_return Result<void>{};
}

/// Two reloads at once may bring the same changes, and in either order: each text takes the newest of its own.
void StoredChallengeZone::learn(const Changes& changes) {
  const auto now = clock_.now();
  labels_.with([&](Labels& labels) {
    for (const auto& change : changes) {
      auto& texts = labels[change.label];
      const auto known = std::ranges::find(texts, change.value, &Text::value);
      if (known == texts.end()) {
        texts.push_back({change.value, change.expires_at, change.revision});
      } else if (known->revision < change.revision) {
        known->expires_at = change.expires_at;
        known->revision = change.revision;
      }
      revision_.store(std::max(revision_.load(), change.revision));
    }
    for (const auto& change : changes) forget_dead(labels, change.label, now);
  });
}

/// Those that have been over for so long that no reload under way can still bring them.
void StoredChallengeZone::forget_dead(Labels& labels, std::string_view label, Time now) {
  const auto found = labels.find(label);
  if (found == labels.end()) return;
  std::erase_if(found->second, [&](const Text& text) { return text.expires_at + kDeadAge < now; });
  if (found->second.empty()) labels.erase(found);
}

std::vector<std::string> StoredChallengeZone::texts_of(std::string_view label) const {
  const auto now = clock_.now();
  return labels_.with([&](const Labels& labels) {
    std::vector<std::string> values;
    const auto found = labels.find(label);
    if (found == labels.end()) return values;
    for (const auto& text : found->second) {
      if (text.expires_at > now) values.push_back(text.value);
    }
    return values;
  });
}

std::size_t StoredChallengeZone::size() const {
  const auto now = clock_.now();
  return labels_.with([&](const Labels& labels) {
    return static_cast<std::size_t>(std::ranges::count_if(labels, [&](const auto& entry) {
      return std::ranges::any_of(entry.second, [&](const Text& text) { return text.expires_at > now; });
    }));
  });
}

void StoredChallengeZone::start(net::TaskGroup& tasks) { tasks.spawn(poll(), "challenge texts"); }

Task<void> StoredChallengeZone::poll() {
  bool is_failing = false;
  auto next_drop = std::chrono::steady_clock::now() + kDropPause;
  while (co_await net::sleep_until(std::chrono::steady_clock::now() + kPollPause)) {
    auto done = co_await reload();
    if (done && std::chrono::steady_clock::now() >= next_drop) {
      next_drop = std::chrono::steady_clock::now() + kDropPause;
      done = co_await drop_dead();
    }
    if (!done && !is_failing)
      log::warn("the texts of the ACME zone could not be read anew", {{"error", done.error().message}});
    is_failing = !done;
  }
}

Task<Result<void>> StoredChallengeZone::drop_dead() {
  const auto now = clock_.now();
  labels_.with([&](Labels& labels) {
    for (auto& [label, texts] : labels) {
      std::erase_if(texts, [&](const Text& text) { return text.expires_at + kDeadAge < now; });
    }
    std::erase_if(labels, [](const auto& entry) { return entry.second.empty(); });
  });
  for (std::int64_t dropped = kDropMax; dropped == kDropMax;) {
    dropped = CO_TRY(co_await storage_.write<std::int64_t>(
        [now](store::Tx& tx) { return store::challenge_texts::drop(tx, now - kDeadAge, kDropMax); }));
  }
  co_return Result<void>{};
}

// ── another server's ────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<void>> WrittenChallengeZone::publish(std::string label, std::string value) {
  CO_TRY_VOID(check_challenge_text(label, value));
  co_return co_await writer_.add(challenge_target(name(), label), std::move(value));
}

Task<Result<void>> WrittenChallengeZone::withdraw(std::string label, std::string value) {
  CO_TRY_VOID(check_challenge_text(label, value));
  co_return co_await writer_.remove(challenge_target(name(), label), std::move(value));
}

}  // namespace signpost::services
