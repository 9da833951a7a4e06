// SPDX-License-Identifier: Apache-2.0
#include "dns/zone_memory.h"

#include <algorithm>

namespace signpost::dns {

namespace {

using std::chrono::steady_clock;

template <typename Entries>
auto find_in(const Entries& entries, const DnsName& name) -> std::optional<decltype(entries.begin()->second.value)> {
  const auto found = entries.find(name);
  if (found == entries.end() || found->second.until <= steady_clock::now()) return std::nullopt;
  return found->second.value;
}

template <typename Entries>
void make_room(Entries& entries) {
  if (entries.size() < ZoneMemory::kEntriesMax) return;
  const auto now = steady_clock::now();
  std::erase_if(entries, [now](const auto& entry) { return entry.second.until <= now; });
  if (entries.size() >= ZoneMemory::kEntriesMax) entries.clear();
}

}  // namespace

std::optional<Cut> ZoneMemory::cut_of(const DnsName& name) const { return find_in(cuts_, name); }

std::optional<ZoneView> ZoneMemory::view_of(const DnsName& zone) const { return find_in(views_, zone); }

void ZoneMemory::remember(const DnsName& name, const Cut& cut, const ZoneView& view) {
  const auto until = steady_clock::now() + kAgeMax;
  make_room(cuts_);
  make_room(views_);
  // The first look's age counts: what is used again does not become younger.
  if (!cut_of(name)) cuts_.insert_or_assign(name, Entry<Cut>{cut, until});
  if (!view_of(cut.zone)) views_.insert_or_assign(cut.zone, Entry<ZoneView>{view, until});
}

void ZoneMemory::forget(const DnsName& name, const DnsName& zone) {
  cuts_.erase(name);
  views_.erase(zone);
}

}  // namespace signpost::dns
