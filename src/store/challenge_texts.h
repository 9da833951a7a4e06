// SPDX-License-Identifier: Apache-2.0
//
// The table of the TXT values that stand in the ACME zone, which the built-in server answers with. Free functions on a
// Tx. Every process on the database answers from it, so whoever writes makes a new revision in the same transaction.
// Values are added to what a label has, never in place of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/tx.h"

namespace signpost::store::challenge_texts {

/// Values of one label at a time: a host and its wildcard need two, an order that is made anew two more.
constexpr std::int64_t kTextsPerLabelMax = 32;

/// The value stands at the label from the commit on until `expires_at`; one that stands there already, until the later
/// of both. kConflict if the label has kTextsPerLabelMax others.
Result<void> publish(Tx& tx, std::string_view label, std::string_view value, Time now, Time expires_at);
/// The value ends now; one that does not stand there is no error.
Result<void> withdraw(Tx& tx, std::string_view label, std::string_view value, Time now);

struct ChallengeText {
  std::string label;
  std::string value;
  Time expires_at{};  // over: withdrawn or expired
  std::int64_t revision = 0;
};
/// What has changed since the revision, in the order of change, at most kChangesMax rows: a full list means that there
/// may be more.
constexpr std::int32_t kChangesMax = 1'000;
Result<std::vector<ChallengeText>> changes_since(Tx& tx, std::int64_t revision);

/// Those that are over, withdrawn or expired, the oldest first, at most kOverMax.
constexpr std::int32_t kOverMax = 100;
Result<std::vector<ChallengeText>> over(Tx& tx, Time now);
/// Forgets one that is over; false if there is none, or it is to stand again.
Result<bool> forget(Tx& tx, std::string_view label, std::string_view value, Time now);

/// Forgets texts that were over at `until`, at most `limit`; returns how many.
Result<std::int64_t> drop(Tx& tx, Time until, std::int32_t limit);

}  // namespace signpost::store::challenge_texts
