// SPDX-License-Identifier: Apache-2.0
//
// What to ask beyond the record itself, so that the cause can be named. Pure; any thread.
#pragma once

#include <functional>
#include <span>

#include "dns/facts.h"

namespace signpost::dns {

/// What is known before: how the servers answered for the record.
struct Sight {
  const Expectation& wanted;
  std::span<const Expectation> all;  // of the look
  std::span<const Probe> authorities;
  std::span<const Probe> resolvers;
  const Probe* witness;  // the first server that spoke; nullptr if none did
  bool is_absent;        // nobody who spoke has the record
  bool is_split;         // some have it
  const ZoneView& zone;
};

/// The questions, not asked yet. At most kQuestionsMax besides one SOA per address: of a CNAME four types beside, six
/// places, three for the wildcard (its addresses too), the keys, and twice two resolvers; no name and type of the
/// witness twice. `nonce` makes a name that nobody has made.
Beyond plan(const Sight& sight, std::string_view nonce);
constexpr std::size_t kQuestionsMax = 18;

/// Calls `visit` for every probe of the plan.
void for_each(Beyond& beyond, const std::function<void(Probe&)>& visit);

}  // namespace signpost::dns
