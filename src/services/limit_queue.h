// SPDX-License-Identifier: Apache-2.0
//
// Who waits for an authority's limit, one behind the other: without it all would come whenever one may go.
// Owned by CertificateTasks; any thread. It holds no rows: after a restart those who wait keep the time that they were
// given, and a few may meet and queue up anew.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/time.h"
#include "services/issuance_limits.h"

namespace signpost::services {

class LimitQueue {
 public:
  static constexpr std::size_t kQueuesMax = 4096;  // beyond those everybody comes when the next may go

  /// When whoever joins now would have its turn: not before the limit's end, nor sooner than a refill after the last.
  Time turn_of_next(std::string_view authority, const LimitReached& limit) const;
  /// The same; from now on the next one is behind it.
  Time join(std::string_view authority, const LimitReached& limit, Time now);

 private:
  Guarded<std::map<std::string, Time>> last_;  // by authority, kind and subject
};

}  // namespace signpost::services
