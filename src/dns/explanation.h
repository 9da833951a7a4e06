// SPDX-License-Identifier: Apache-2.0
//
// From the servers' verdicts and the findings to one conclusion: propagated or not, and a sentence for the customer.
// Pure; any thread.
#pragma once

#include "base/result.h"
#include "dns/observation.h"

namespace signpost::dns {

/// Every server that speaks for the zone agrees, and at least one speaks.
bool is_propagated(const RecordObservation& record);

/// Fills causes, cause and explanation. `record.propagated` is set.
void explain(RecordObservation& record, std::vector<Finding> findings);

/// Where no servers were found at all: kNotFound is kNoDelegation, anything else kResolversFail.
Finding without_servers(const RecordObservation& record, const Error& reason);

/// Where the record was not looked at.
Finding unseen(Cause cause, std::string text);

}  // namespace signpost::dns
