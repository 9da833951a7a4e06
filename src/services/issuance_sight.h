// SPDX-License-Identifier: Apache-2.0
//
// What a certificate authority will see in DNS, looked at before it is asked to look: the challenge's TXT values where
// `_acme-challenge.<host>` really leads, and whether CAA lets it issue.
// Owned by app/wiring, one per loop, or a test's fake; on its loop. What it looks with outlives it.
// Never fails and ends within its budget: what could not be seen is said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/host_name.h"
#include "dns/caa.h"
#include "dns/observation.h"
#include "dns/observer.h"
#include "model/certificate.h"
#include "services/propagation.h"

namespace signpost::services {

/// What to look for.
struct ChallengeWish {
  HostName host;                    // without "*."
  std::vector<std::string> values;  // all of them must be there; none: only the delegation is looked at
  std::optional<DnsName> target;    // where the CNAME of step 1 is to lead, "<label>.<ACME zone>"; nothing: a plain TXT
  bool is_delegation_seen = false;  // just now, at all servers: only the values are looked for
};

struct ChallengeSight {
  /// Every authority that speaks shows all values, at every place to which an alias leads, and at least one speaks.
  /// With no values wanted, false.
  bool is_visible = false;
  /// Every authority that speaks leads the name to the wish's target, by one alias or several. False without a target.
  bool is_delegated = false;
  /// We could not look (too busy, our resolvers fail): says nothing about the domain, and is no reason for blame.
  bool was_unseen = false;
  /// Nobody speaks for the challenge's own name: the look took as long as looks may, and so will the next.
  bool is_dead = false;
  /// What keeps the challenge from being posted: a stable code of dns::Cause, or "name_too_long", and a sentence with
  /// the way out. Empty if all that was wished is there.
  std::string cause;
  std::string explanation;
  /// Why an authority that validates DNSSEC will refuse even what is visible: a code and a sentence with the way out.
  /// Empty if nothing speaks for that.
  std::string risk;
  std::string risk_explanation;
  std::vector<DnsName> ends;     // the names at which the values were looked for
  dns::Observation observation;  // who answered what, of all names passed
};

struct CaaWish {
  HostName host;
  dns::CaaQuestion::For name = dns::CaaQuestion::For::kHost;
  std::vector<std::string> issuers;  // the authority's domains, as its directory says them (caaIdentities)
  std::string account;               // the ACME account's URI; empty: not looked at (RFC 8657 3)
  std::string method = "dns-01";     // RFC 8657 4
};

class IssuanceSight {
 public:
  virtual ~IssuanceSight() = default;
  virtual Task<ChallengeSight> challenge(ChallengeWish wish) = 0;
  /// kAllowed, kForbidden with the record that forbids it, kFailed where an authority could not look either; kOpen if
  /// we could not look, which says nothing.
  virtual Task<dns::CaaVerdict> caa(CaaWish wish) = 0;
};

/// The real one of a loop.
class ObserverSight final : public IssuanceSight {
 public:
  struct Settings {
    Milliseconds caa_budget{5'000};
  };
  /// `eye` looks at records, `observer` walks CAA; both of this loop.
  ObserverSight(DnsEye& eye, dns::Observer& observer, Settings settings)
      : eye_(eye), observer_(observer), settings_(settings) {}

  Task<ChallengeSight> challenge(ChallengeWish wish) override;
  Task<dns::CaaVerdict> caa(CaaWish wish) override;

 private:
  Task<ChallengeSight> delegated(DnsName name, ChallengeWish wish);
  Task<ChallengeSight> at_target(ChallengeWish wish);
  Task<ChallengeSight> plain(DnsName name, ChallengeWish wish);
  /// From what the authorities of the challenge's name lead to, to every end. The arguments live in the coroutine that
  /// awaits it.
  Task<void> follow(const DnsName& name, const ChallengeWish& wish, const dns::RecordObservation& first,
                    ChallengeSight& sight);

  DnsEye& eye_;
  dns::Observer& observer_;
  const Settings settings_;
};

}  // namespace signpost::services
