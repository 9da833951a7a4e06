// SPDX-License-Identifier: Apache-2.0
//
// What a loop's looks have learnt about zones a moment ago: where a name's zone begins, who serves it.
// Owned by an Observer; lives on its loop. At most kEntriesMax names and zones, none older than kAgeMax. A zone with
// which anything was wrong is not remembered, so that a mended one is seen mended at once.
#pragma once

#include <map>
#include <optional>

#include "dns/facts.h"

namespace signpost::dns {

class ZoneMemory {
 public:
  static constexpr std::size_t kEntriesMax = 4'096;
  static constexpr Milliseconds kAgeMax = std::chrono::seconds(60);

  std::optional<Cut> cut_of(const DnsName& name) const;
  std::optional<ZoneView> view_of(const DnsName& zone) const;
  void remember(const DnsName& name, const Cut& cut, const ZoneView& view);
  void forget(const DnsName& name, const DnsName& zone);

 private:
  template <typename Value>
  struct Entry {
    Value value;
    net::Deadline until;
  };
  std::map<DnsName, Entry<Cut>> cuts_;
  std::map<DnsName, Entry<ZoneView>> views_;
};

}  // namespace signpost::dns
