// SPDX-License-Identifier: Apache-2.0
//
// From the servers' verdicts to one conclusion: propagated or not, a stable cause, a sentence for the customer.
// Pure; any thread.
#pragma once

#include "base/result.h"
#include "dns/observation.h"

namespace signpost::dns {

/// What the verdicts alone do not say.
enum class Hint {
  kNone,
  kAliasLoop,     // an authoritative server's aliases run in a loop
  kZoneIsSuffix,  // the zone found is a public suffix ("com"): the domain itself has no zone
};

/// Fills propagated, cause and explanation from the authorities' answers.
void conclude(RecordObservation& record, Hint hint);

/// The same where no servers were found at all: kNotFound is "no_delegation", anything else "resolvers_fail".
void conclude_without_servers(RecordObservation& record, const Error& reason);

}  // namespace signpost::dns
