// SPDX-License-Identifier: Apache-2.0
//
// What a loop's looks have learnt about zones a moment ago: where a name's zone begins, who serves it.
// Owned by an Observer; lives on its loop. At most kEntriesMax names and zones, kEntryBytesMax of each and kBytesMax of
// all, none older than kAgeMax. A zone with which anything was wrong is not remembered, so that a mended one is seen
// mended at once.
#pragma once

#include <map>
#include <optional>

#include "dns/facts.h"

namespace signpost::dns {

class ZoneMemory {
 public:
  static constexpr std::size_t kEntriesMax = 4'096;
  // Thirteen servers of both sides with long names and their addresses; what is larger is looked for every time.
  static constexpr std::size_t kEntryBytesMax = 32'768;
  static constexpr std::size_t kBytesMax = 32'000'000;
  static constexpr Milliseconds kAgeMax = std::chrono::seconds(60);

  std::optional<Cut> cut_of(const DnsName& name) const;
  std::optional<ZoneView> view_of(const DnsName& zone) const;
  void remember(const DnsName& name, const Cut& cut, const ZoneView& view);
  /// The zone and every name in it.
  void forget(const DnsName& zone);
  /// Of names, addresses and notes, about.
  std::size_t bytes() const { return bytes_; }

 private:
  template <typename Value>
  struct Entry {
    Value value;
    net::Deadline until;
    std::size_t bytes;
  };
  template <typename Value>
  void keep(std::map<DnsName, Entry<Value>>& entries, const DnsName& name, const Value& value, net::Deadline until);
  template <typename Value, typename Which>
  void drop(std::map<DnsName, Entry<Value>>& entries, const Which& which);

  std::map<DnsName, Entry<Cut>> cuts_;
  std::map<DnsName, Entry<ZoneView>> views_;
  std::size_t bytes_ = 0;
};

}  // namespace signpost::dns
