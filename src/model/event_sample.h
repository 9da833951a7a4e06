// SPDX-License-Identifier: Apache-2.0
//
// What a message of each type looks like: made by the decisions that make the real ones, from an invented life.
// Pure; any thread. For the catalogue, the documentation and the tester; every type has a sample, a test holds that.
#pragma once

#include "model/event.h"

namespace signpost::model {

/// The job id of every sample: no flow has it.
inline constexpr std::string_view kSampleJobId = "00000000-0000-4000-8000-000000000000";

/// `id` and `at` become the message's own.
EventPayload sample_of(EventType type, EventId id, Time at);

}  // namespace signpost::model
