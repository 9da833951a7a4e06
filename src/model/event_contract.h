// SPDX-License-Identifier: Apache-2.0
//
// The payload's contract as two tables: every type with what it conveys, every member with its words and its rule.
// Constant data; any thread. The one source of payloads, JSON Schema, documentation and catalogue: a type or member
// that is not here is not on the wire.
#pragma once

#include <span>
#include <string_view>

#include "model/event.h"

namespace signpost::model {

/// What a type carries beyond the members that every message has.
struct EventRow {
  enum class Propagation { kNone, kStatus, kExempt };
  EventType type;
  std::string_view name;         // "domain.added"
  std::string_view description;  // seed 001, "Event type"
  Propagation propagation = Propagation::kNone;
  bool has_data = false;
  bool has_proxy_status = false;
  bool has_attention = false;
};
/// In the seed's order, then our own.
std::span<const EventRow> event_rows();
const EventRow& row_of(EventType type);

/// One member, in the order of the wire.
struct MemberRow {
  enum class Shape { kText, kWord, kTexts, kFlag, kNumber, kTime, kRecords, kAttention };
  enum class When {
    kAlways,
    kIfApplicable,  // the description says when
    kByType,        // where the type's row says so, and then always
  };
  std::string_view name;
  Shape shape = Shape::kText;
  When when = When::kAlways;
  std::span<const std::string_view> words = {};  // all that may stand here; empty: any
  std::string_view description;
};
std::span<const MemberRow> member_rows();

/// The words that one type allows in a member: `exempt` stands in propagation_status of one type alone, and there
/// nothing else does. The member's own words otherwise.
std::span<const std::string_view> words_of(const EventRow& event, const MemberRow& member);

/// Of a member whose rule is kByType.
bool conveys(const EventRow& event, const MemberRow& member);

/// The members of one entry of data.records_propagated and data.records_non_propagated.
std::span<const MemberRow> record_member_rows();

}  // namespace signpost::model
