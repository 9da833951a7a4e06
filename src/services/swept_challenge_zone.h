// SPDX-License-Identifier: Apache-2.0
//
// The ACME zone of another server, with a row for each value that stands there: what a crash, a server that was down or
// a connection that is gone has left behind is taken away later. The zone itself knows no ages.
// Owned by app/wiring; any loop; the server's zone, storage and clock outlive it. A row is there before its value, and
// goes after it.
#pragma once

#include <string>

#include "base/clock.h"
#include "net/task_group.h"
#include "services/challenge_zone.h"
#include "services/storage.h"

namespace signpost::services {

class SweptChallengeZone final : public ChallengeZone {
 public:
  static constexpr Milliseconds kSweepPause = std::chrono::minutes(10);

  SweptChallengeZone(ChallengeZone& server, Storage& storage, const Clock& clock);

  const DnsName& name() const override { return server_.name(); }
  Task<Result<void>> publish(std::string label, std::string value) override;
  /// What the server does not take away now is over all the same, and swept.
  Task<Result<void>> withdraw(std::string label, std::string value) override;

  /// Takes away what is over: withdrawn in vain, or older than kChallengeTextAge. Ends at the first that the server
  /// does not take away.
  Task<Result<void>> sweep();
  /// Sweeps every kSweepPause until the group is stopped.
  void start(net::TaskGroup& tasks);

 private:
  Task<void> keep_sweeping();

  ChallengeZone& server_;
  Storage& storage_;
  const Clock& clock_;
};

}  // namespace signpost::services
