// SPDX-License-Identifier: Apache-2.0
//
// The body of a webhook of the hosted Entri, read for what we act on; the rest of it is passed over.
// Pure; any thread. Texts that come out are valid UTF-8 without U+0000, of bounded length.
#pragma once

#include <string_view>

#include "base/result.h"
#include "services/entri_receiver.h"

namespace signpost::api {

constexpr std::size_t kReceivedTextBytesMax = 512;

/// Without its replay key. kInvalid unless it is a strict JSON object with a type; a member of another type or over
/// kReceivedTextBytesMax counts as absent: seed 001 leaves many open.
Result<services::EntriWebhook> read_received(std::string_view body);

}  // namespace signpost::api
