// SPDX-License-Identifier: Apache-2.0
#include "model/event_contract.h"

#include <algorithm>
#include <array>

namespace signpost::model {
namespace {

using Propagation = EventRow::Propagation;
using Shape = MemberRow::Shape;
using When = MemberRow::When;

constexpr EventRow plain(EventType type, std::string_view name, std::string_view description) {
  return {.type = type, .name = name, .description = description};
}
constexpr EventRow with_records(EventType type, std::string_view name, std::string_view description) {
  return {
      .type = type, .name = name, .description = description, .propagation = Propagation::kStatus, .has_data = true};
}
constexpr EventRow of_our_own(EventType type, std::string_view name, std::string_view description) {
  auto row = with_records(type, name, description);
  row.has_proxy_status = true;
  return row;
}
constexpr EventRow with_data_alone(EventType type, std::string_view name, std::string_view description) {
  auto row = plain(type, name, description);
  row.has_data = true;
  return row;
}
constexpr EventRow exempt(EventType type, std::string_view name, std::string_view description) {
  auto row = plain(type, name, description);
  row.propagation = Propagation::kExempt;
  return row;
}
constexpr EventRow with_attention(EventRow row) {
  row.has_attention = true;
  return row;
}

// domain.flow.completed "does not convey any propagation status" (seed 001). What Monitor sees is later than the
// spreading of the flow's records, so it conveys the records alone. Transfers and failed purchases have no records.
constexpr std::array kEvents{
    with_records(EventType::kDomainAdded, "domain.added",
                 "DNS records have been added: to an existing domain (Connect), or to one that has been registered and "
                 "connected (Sell). Sent again, with `updated_objects`, whenever a status changes."),
    with_records(EventType::kDomainPurchased, "domain.purchased", "The creation of the domain order is complete."),
    with_records(EventType::kPropagationTimeout, "domain.propagation.timeout",
                 "The records had not propagated after 72 hours."),
    plain(EventType::kFlowCompleted, "domain.flow.completed",
          "The user has finished the steps of the connection flow. It conveys no propagation status."),
    with_data_alone(EventType::kRecordMissing, "domain.record_missing",
                    "Monitor: a DNS record that was there is no longer found, or has another value."),
    with_data_alone(EventType::kRecordRestored, "domain.record_restored",
                    "Monitor: a DNS record that was missing is there again."),
    plain(EventType::kTransferInInitiated, "domain.transfer.in.initiated",
          "Sell Enterprise: the user has initiated an inbound transfer of the domain."),
    plain(EventType::kTransferInStarted, "domain.transfer.in.started",
          "Sell Enterprise: the inbound transfer has been accepted and is in progress at the registry."),
    plain(EventType::kTransferInAck, "domain.transfer.in.ack",
          "Sell Enterprise: the registry has acknowledged the inbound transfer."),
    plain(EventType::kTransferInFailed, "domain.transfer.in.failed",
          "Sell Enterprise: the inbound transfer has failed."),
    plain(EventType::kTransferOutInitiated, "domain.transfer.out.initiated",
          "Sell Enterprise: an outbound transfer of the domain has been initiated."),
    plain(EventType::kPurchaseError, "purchase.error", "Something went wrong while the domain was purchased."),
    exempt(EventType::kPurchaseExpired, "purchase.confirmation.expired",
           "The confirmation of the purchase has expired: the flow was abandoned."),
    of_our_own(EventType::kCertificateIssued, "signpost.connection.certificate_issued",
               "The certificate has been issued; step 2 may be marked."),
    of_our_own(EventType::kDeployed, "signpost.connection.deployed", "Step 2 has been marked: the host is deployed."),
    of_our_own(EventType::kDisconnected, "signpost.connection.disconnected",
               "The customer has taken the host back; certificate and distribution are kept."),
    with_attention(of_our_own(EventType::kAttention, "signpost.connection.attention",
                              "Something is wrong that will not heal by waiting; `attention` says what helps.")),
};
static_assert(kEvents.size() == kEventTypes.size());
static_assert([] {
  for (std::size_t i = 0; i < kEvents.size(); ++i) {
    if (kEvents[i].type != kEventTypes[i] || static_cast<std::size_t>(kEvents[i].type) != i) return false;
  }
  return true;
}());

constexpr auto kEventNames = [] {
  std::array<std::string_view, kEvents.size()> names;
  std::ranges::transform(kEvents, names.begin(), &EventRow::name);
  return names;
}();

using Words = std::string_view;
constexpr std::array<Words, 3> kPropagation{"pending", "success", "failed"};
constexpr std::array<Words, 1> kExemptAlone{"exempt"};
constexpr std::array<Words, 4> kFacet{"pending", "success", "failed", "exempt"};
constexpr std::array<Words, 3> kMonitor{"pending", "success", "failed"};
constexpr std::array<Words, 4> kSetup{"automatic", "manual", "async", "api"};
constexpr std::array<Words, 3> kDmarc{"true", "false", "exempt"};
constexpr std::array<Words, 5> kProxy{"PENDING_VALIDATION", "SSL_VALIDATING", "SSL_VALIDATED", "DEPLOYED",
                                      "DISCONNECTED"};
constexpr std::array<Words, 11> kUpdatable{"provider",      "propagation_status", "dkim_status",  "redirection_status",
                                           "setup_type",    "secure_status",      "power_status", "monitor_status",
                                           "dmarc_updated", "purchased_domains",  "free_domain"};

// Order and spelling of seed 001, "Example webhook payload"; what Signpost adds stands at the end.
constexpr std::array kMembers{
    MemberRow{"id",
              Shape::kText,
              When::kAlways,
              {},
              "The flow that the message is about. It repeats in the flow's later messages; `event_id` does not."},
    MemberRow{"user_id",
              Shape::kText,
              When::kIfApplicable,
              {},
              "The id of the user who initiated the flow, as you gave it. Absent if you gave none."},
    MemberRow{"domain", Shape::kText, When::kAlways, {}, "The domain involved."},
    MemberRow{"subdomain", Shape::kText, When::kAlways, {}, "What stands before the domain; empty at the apex."},
    MemberRow{"provider", Shape::kText, When::kAlways, {}, "The domain's DNS provider; `unknown` if nobody said."},
    MemberRow{"type", Shape::kWord, When::kAlways, kEventNames, "The type of the event."},
    MemberRow{"propagation_status", Shape::kWord, When::kByType, kPropagation,
              "Propagation of the DNS records; `failed` after 72 hours. `exempt` stands only in "
              "`purchase.confirmation.expired`."},
    MemberRow{
        "dkim_status", Shape::kWord, When::kAlways, kFacet,
        "DKIM. `exempt` if the domain's mail is not with a supported provider (Google, Microsoft), the application "
        "has not turned its DKIM support on, or the flow expects no DKIM record."},
    MemberRow{"redirection_status", Shape::kWord, When::kAlways, kFacet,
              "The redirection that the flow asked for; `exempt` if it asked for none."},
    MemberRow{"setup_type", Shape::kWord, When::kIfApplicable, kSetup,
              "How the records were set up: by Signpost or a provider (`automatic`), by hand (`manual`), by an "
              "asynchronous DNS update (`async`), over the Sell Enterprise API (`api`). Absent before the flow's end."},
    MemberRow{"secure_status", Shape::kWord, When::kAlways, kFacet,
              "Secure (TLS); `exempt` where the flow does not use it."},
    MemberRow{"power_status", Shape::kWord, When::kAlways, kFacet, "Power; `exempt` where the flow does not use it."},
    MemberRow{"monitor_status", Shape::kWord, When::kIfApplicable, kMonitor,
              "Monitor. Absent where the flow does not use it."},
    MemberRow{"dmarc_updated", Shape::kWord, When::kIfApplicable, kDmarc,
              "Whether DMARC was updated: a text, not a boolean. Absent unless the flow used a DMARC feature."},
    MemberRow{"cname_target",
              Shape::kText,
              When::kIfApplicable,
              {},
              "The application's CNAME target. Only where Secure or Power is used, or a record points to it."},
    MemberRow{"purchased_domains",
              Shape::kTexts,
              When::kIfApplicable,
              {},
              "The domains that were purchased (Sell). Absent where none was."},
    MemberRow{"free_domain",
              Shape::kFlag,
              When::kIfApplicable,
              {},
              "Whether the domain came through a free domain flow. Absent where that is not known."},
    MemberRow{"data",
              Shape::kRecords,
              When::kByType,
              {},
              "The flow's DNS records: those that have propagated, and those that have not."},
    MemberRow{"updated_objects", Shape::kTexts, When::kIfApplicable, kUpdatable,
              "In an update: the top-level members that have changed since the message before. An update carries all "
              "members, not only these."},
    MemberRow{
        "originFlowId", Shape::kText, When::kIfApplicable, {}, "Of a derived flow: the flow that it was shared from."},
    MemberRow{"event_id", Shape::kText, When::kAlways, {}, "Unique to this message, and the same in its repetitions."},
    MemberRow{"job_id", Shape::kText, When::kAlways, {}, "The flow, as `id`."},
    MemberRow{"sequence", Shape::kNumber, When::kAlways, {}, "Counts the messages of one connection, from 1."},
    MemberRow{"created_at", Shape::kTime, When::kAlways, {}, "When it happened, RFC 3339 in UTC."},
    MemberRow{"proxy_status", Shape::kWord, When::kByType, kProxy, "Where the connection is in its life."},
    MemberRow{"attention",
              Shape::kAttention,
              When::kByType,
              {},
              "What is wrong (`cause`, a stable code) and what helps (`explanation`)."},
};

constexpr std::array kRecordMembers{
    MemberRow{"type", Shape::kText, When::kAlways, {}, "The type of the record, such as `A` or `CNAME`."},
    MemberRow{"host", Shape::kText, When::kAlways, {}, "The host name as it was requested."},
    MemberRow{"value", Shape::kText, When::kAlways, {}, "The value of the record."},
    MemberRow{"applicationUrl", Shape::kText, When::kIfApplicable, {}, "Power: the application's URL for this record."},
    MemberRow{"powerRootPathAccess",
              Shape::kTexts,
              When::kIfApplicable,
              {},
              "Power: the paths that reach the application's root unchanged."},
};

}  // namespace

std::span<const EventRow> event_rows() { return kEvents; }

const EventRow& row_of(EventType type) { return kEvents[static_cast<std::size_t>(type)]; }

std::span<const MemberRow> member_rows() { return kMembers; }

std::span<const MemberRow> record_member_rows() { return kRecordMembers; }

std::span<const std::string_view> words_of(const EventRow& event, const MemberRow& member) {
  const bool is_exempt = member.name == "propagation_status" && event.propagation == Propagation::kExempt;
  return is_exempt ? std::span<const std::string_view>(kExemptAlone) : member.words;
}

bool conveys(const EventRow& event, const MemberRow& member) {
  if (member.name == "propagation_status") return event.propagation != Propagation::kNone;
  if (member.name == "data") return event.has_data;
  if (member.name == "proxy_status") return event.has_proxy_status;
  return event.has_attention;
}

}  // namespace signpost::model
