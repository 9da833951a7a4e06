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

// A name or an address with what holds it.
constexpr std::size_t kItemBytes = 64;

std::size_t size_of(const DnsName& name) { return kItemBytes + name.text().size(); }

std::size_t size_of(const std::vector<DnsName>& names) {
  std::size_t bytes = 0;
  for (const auto& name : names) bytes += size_of(name);
  return bytes;
}

std::size_t size_of(const std::map<DnsName, std::vector<net::IpAddress>>& glue) {
  std::size_t bytes = 0;
  for (const auto& [name, addresses] : glue) bytes += size_of(name) + addresses.size() * kItemBytes;
  return bytes;
}

std::size_t size_of(const Cut& cut) { return size_of(cut.zone) + size_of(cut.servers) + size_of(cut.glue); }

std::size_t size_of(const ZoneView& view) {
  auto bytes = size_of(view.delegation.zone) + size_of(view.own);
  for (const auto& server : view.delegation.servers) {
    bytes += size_of(server.name) + server.addresses.size() * kItemBytes + server.note.size();
  }
  if (!view.above) return bytes;
  bytes += size_of(view.above->zone) + size_of(view.above->servers) + size_of(view.above->glue);
  for (const auto& key : view.above->keys) bytes += kItemBytes + key.size();
  return bytes;
}

}  // namespace

std::optional<Cut> ZoneMemory::cut_of(const DnsName& name) const { return find_in(cuts_, name); }

std::optional<ZoneView> ZoneMemory::view_of(const DnsName& zone) const { return find_in(views_, zone); }

template <typename Value, typename Which>
void ZoneMemory::drop(std::map<DnsName, Entry<Value>>& entries, const Which& which) {
  std::erase_if(entries, [&](const auto& entry) {
    if (!which(entry.second)) return false;
    bytes_ -= entry.second.bytes;
    return true;
  });
}

template <typename Value>
void ZoneMemory::keep(std::map<DnsName, Entry<Value>>& entries, const DnsName& name, const Value& value,
                      net::Deadline until) {
  const auto bytes = size_of(name) + size_of(value);
  if (bytes > kEntryBytesMax || find_in(entries, name)) return;
  const auto has_room = [&] { return entries.size() < kEntriesMax && bytes_ + bytes <= kBytesMax; };
  const auto now = steady_clock::now();
  const auto is_over = [now](const auto& entry) { return entry.until <= now; };
  const auto is_any = [](const auto&) { return true; };
  if (!has_room()) {
    drop(cuts_, is_over);
    drop(views_, is_over);
  }
  if (!has_room()) {
    drop(cuts_, is_any);
    drop(views_, is_any);
  }
  if (const auto old = entries.find(name); old != entries.end()) bytes_ -= old->second.bytes;
  entries.insert_or_assign(name, Entry<Value>{value, until, bytes});
  bytes_ += bytes;
}

void ZoneMemory::remember(const DnsName& name, const Cut& cut, const ZoneView& view) {
  // The first look's age counts: what is used again, or for another name, does not become younger.
  const auto known = cuts_.find(cut.zone);
  const auto now = steady_clock::now();
  const auto until = known != cuts_.end() && known->second.until > now ? known->second.until : now + kAgeMax;
  keep(cuts_, cut.zone, cut, until);
  keep(cuts_, name, cut, until);
  keep(views_, cut.zone, view, until);
}

void ZoneMemory::forget(const DnsName& zone) {
  drop(cuts_, [&](const Entry<Cut>& entry) { return entry.value.zone == zone; });
  drop(views_, [&](const Entry<ZoneView>& entry) { return entry.value.delegation.zone == zone; });
}

}  // namespace signpost::dns
