// SPDX-License-Identifier: Apache-2.0
//
// Identifiers: 63 bits made of time, node and sequence, so that they sort by age and make short database keys.
// Values; any thread. Every kind is its own type with its own prefix: a ConnectionId can never be taken for an EventId.
// The public form is the prefix and 13 characters of Crockford's base 32 in lower case: con_01hx3…
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace signpost {

/// 13 lower-case base-32 digits; the inverse refuses other lengths, alphabets and values over 63 bits.
std::string encode_id(std::int64_t value);
Result<std::int64_t> decode_id(std::string_view digits);

template <typename Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::int64_t value) : value_(value) {}
  /// "con_01hx…"; kUnprocessable with a sentence when the prefix or the digits are wrong.
  static Result<Id> parse(std::string_view text) {
    if (!text.starts_with(Tag::prefix)) return fail(Kind::kUnprocessable, wrong(text));
    auto value = decode_id(text.substr(Tag::prefix.size()));
    if (!value) return fail(Kind::kUnprocessable, wrong(text));
    return Id(*value);
  }
  constexpr std::int64_t value() const { return value_; }
  std::string text() const { return std::string(Tag::prefix) + encode_id(value_); }
  constexpr bool is_set() const { return value_ != 0; }
  auto operator<=>(const Id&) const = default;

 private:
  static std::string wrong(std::string_view text) {
    return "\"" + std::string(text.substr(0, 40)) + "\" is not an id of the form " + std::string(Tag::prefix) +
           "… followed by 13 characters";
  }
  std::int64_t value_ = 0;
};

struct ApplicationTag {
  static constexpr std::string_view prefix = "app_";
};
struct MemberTag {
  static constexpr std::string_view prefix = "mem_";
};
struct KeyTag {
  static constexpr std::string_view prefix = "key_";
};
struct SecretTag {
  static constexpr std::string_view prefix = "sec_";
};
struct ConnectionTag {
  static constexpr std::string_view prefix = "con_";
};
struct RecordTag {
  static constexpr std::string_view prefix = "rec_";
};
struct EndpointTag {
  static constexpr std::string_view prefix = "end_";
};
struct EventTag {
  static constexpr std::string_view prefix = "evt_";
};
struct DeliveryTag {
  static constexpr std::string_view prefix = "dlv_";
};
struct AttemptTag {
  static constexpr std::string_view prefix = "att_";
};
struct JobTag {
  static constexpr std::string_view prefix = "job_";
};
struct CertificateTag {
  static constexpr std::string_view prefix = "crt_";
};
struct AuditTag {
  static constexpr std::string_view prefix = "aud_";
};

using ApplicationId = Id<ApplicationTag>;
using MemberId = Id<MemberTag>;
using KeyId = Id<KeyTag>;
using SecretId = Id<SecretTag>;
using ConnectionId = Id<ConnectionTag>;
using RecordId = Id<RecordTag>;
using EndpointId = Id<EndpointTag>;
using EventId = Id<EventTag>;
using DeliveryId = Id<DeliveryTag>;
using AttemptId = Id<AttemptTag>;
using JobRowId = Id<JobTag>;
using CertificateId = Id<CertificateTag>;
using AuditId = Id<AuditTag>;

/// Makes ids: 41 bits of milliseconds since 2024, 8 bits of node, 14 bits of sequence. Any thread, no lock.
/// Never repeats while the process lives, even if the clock steps back; 16,384 a millisecond, then it borrows from the
/// next.
class IdMaker {
 public:
  explicit IdMaker(const Clock& clock, std::uint8_t node = 0) : clock_(clock), node_(node) {}
  template <typename AnyId>
  AnyId make() {
    return AnyId(next());
  }
  std::int64_t next();
  /// All that follow are greater than this one, whatever node made it and whatever the clock says. Before others make
  /// ids, if they are to be greater as well.
  void start_after(std::int64_t id);

 private:
  const Clock& clock_;
  const std::uint8_t node_;
  std::atomic<std::int64_t> last_{0};  // milliseconds << 14 | sequence
};

constexpr std::size_t kPartitions = 256;
/// Where rows of this id are worked on: below kPartitions. Multiplicative hash, so that neighbours spread.
constexpr std::int16_t partition_of(std::int64_t id) {
  return static_cast<std::int16_t>((static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15ULL) >> 56);
}

}  // namespace signpost

template <typename Tag>
struct std::hash<signpost::Id<Tag>> {
  std::size_t operator()(const signpost::Id<Tag>& id) const noexcept { return std::hash<std::int64_t>{}(id.value()); }
};
