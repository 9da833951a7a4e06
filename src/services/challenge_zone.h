// SPDX-License-Identifier: Apache-2.0
//
// The ACME zone, to which `_acme-challenge.<host>` points by CNAME: TXT values come to and go from its labels without a
// customer's hand. Two ways: the built-in server answers for the zone itself, from rows that every process on the
// database reads; or another server is written to (RFC 2136).
// Owned by app/wiring; any loop; storage and clock outlive it. Values of one label are added to each other: a host and
// its wildcard, and two orders at once, never disturb each other.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/host_name.h"
#include "crypto/random.h"
#include "dns/zone_texts.h"
#include "dns/zone_writer.h"
#include "net/task_group.h"
#include "services/storage.h"
#include "store/challenge_texts.h"
#include "store/tx.h"

namespace signpost::services {

/// A label that nobody guesses, for one connection: 26 letters and digits, 130 bits.
std::string make_challenge_label(crypto::Random& random);
/// "<label>.<zone>": what the CNAME at `_acme-challenge.<host>` points to.
DnsName challenge_target(const DnsName& zone, std::string_view label);

/// kUnprocessable for a label or value that cannot stand in a zone: a value has 1 to 255 printable characters.
Result<void> check_challenge_text(std::string_view label, std::string_view value);

/// Longer than the week that an authority keeps an authorization pending: whoever crashed leaves nothing for ever.
constexpr Milliseconds kChallengeTextAge = std::chrono::days(8);

class StoredChallengeZone;

class ChallengeZone {
 public:
  virtual ~ChallengeZone() = default;

  /// Itself, if its values are rows: they can stand in the transaction of whoever has more to save.
  virtual StoredChallengeZone* stored() { return nullptr; }

  /// "acme.saas.example"
  virtual const DnsName& name() const = 0;

  /// The value stands at the label beside its others, at once at the server that was told. May be repeated.
  /// kUnprocessable for a label or value that cannot stand in a zone (a value has 1 to 255 octets); kConflict over the
  /// limit of a label; otherwise the database's or the server's reason: kUnavailable, kTimeout, kNetwork, kProtocol,
  /// kForbidden (the server refuses the update or the key).
  virtual Task<Result<void>> publish(std::string label, std::string value) = 0;
  /// Takes exactly this value away; one that does not stand there is no error.
  virtual Task<Result<void>> withdraw(std::string label, std::string value) = 0;
};

/// The zone of the built-in server. A value is answered with as soon as publish has returned, by other processes on the
/// same database after kPollPause at most.
class StoredChallengeZone final : public ChallengeZone, public dns::ZoneTexts {
 public:
  static constexpr Milliseconds kPollPause{250};

  StoredChallengeZone(DnsName name, Storage& storage, const Clock& clock);

  StoredChallengeZone* stored() override { return this; }
  const DnsName& name() const override { return name_; }
  Task<Result<void>> publish(std::string label, std::string value) override;
  Task<Result<void>> withdraw(std::string label, std::string value) override;

  /// The same inside a transaction of the caller, which then awaits reload().
  Result<void> publish_in(store::Tx& tx, std::string_view label, std::string_view value) const;
  Result<void> withdraw_in(store::Tx& tx, std::string_view label, std::string_view value) const;

  /// Reads what has changed. Awaited after every commit of our own, and once at start.
  Task<Result<void>> reload();
  /// Polls, and forgets what is long over, until the group stops. A failing database is logged once per streak.
  void start(net::TaskGroup& tasks);

  std::vector<std::string> texts_of(std::string_view label) const override;
  std::uint32_t serial() const override { return static_cast<std::uint32_t>(revision_.load()); }
  /// Labels with values, for metrics and tests.
  std::size_t size() const;

 private:
  struct Text {
    std::string value;
    Time expires_at{};
    std::int64_t revision = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Labels = std::unordered_map<std::string, std::vector<Text>, Hash, std::equal_to<>>;

  void learn(const std::vector<store::challenge_texts::ChallengeText>& changes);
  static void forget_dead(Labels& labels, std::string_view label, Time now);
  Task<void> poll();
  Task<Result<void>> drop_dead();

  const DnsName name_;
  Storage& storage_;
  const Clock& clock_;
  Guarded<Labels> labels_;
  std::atomic<std::int64_t> revision_{0};
};

/// The zone of another server, written by RFC 2136. What stands there stands until it is taken away: see
/// swept_challenge_zone.h.
class WrittenChallengeZone final : public ChallengeZone {
 public:
  explicit WrittenChallengeZone(dns::ZoneWriter::Settings settings) : writer_(std::move(settings)) {}

  const DnsName& name() const override { return writer_.zone(); }
  Task<Result<void>> publish(std::string label, std::string value) override;
  Task<Result<void>> withdraw(std::string label, std::string value) override;

 private:
  const dns::ZoneWriter writer_;
};

}  // namespace signpost::services
