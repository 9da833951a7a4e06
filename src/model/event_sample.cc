// SPDX-License-Identifier: Apache-2.0
#include "model/event_sample.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/connection.h"
#include "model/propagation_schedule.h"

namespace signpost::model {
namespace {

constexpr std::string_view kTarget = "my.saascompany.com";
constexpr std::int64_t kTraffic = 1;
constexpr std::int64_t kText = 2;

/// The names of seed 001, "Example webhook payload", so that a reader recognizes them.
Connection sample_connection(Time at) {
  Connection connection{
      .id = ConnectionId(1), .application = ApplicationId(1), .host = *HostName::parse("shop.example.com")};
  connection.organization = "my-company-123456";
  connection.user_id = "your-provided-user-id";
  connection.job_id = kSampleJobId;
  connection.metadata_json = "{}";
  Record traffic{.id = RecordId(kTraffic), .type = RecordType::kCname, .name = *DnsName::parse("shop.example.com")};
  traffic.host = "shop";
  traffic.value = kTarget;
  traffic.application_url = "www.saascompany.com";
  traffic.power_root_path_access = {"path1", "path2"};
  Record text{.id = RecordId(kText), .type = RecordType::kTxt, .name = *DnsName::parse("example.com")};
  text.host = "@";
  text.value = "saas=4f1c";
  connection.records = {std::move(traffic), std::move(text)};
  connection.claim_ends_at = at + kClaimLifetime;
  connection.created_at = at;
  connection.updated_at = at;
  return connection;
}

/// A life under way, told from its beginning.
class Life {
 public:
  explicit Life(Time start) : now_(start), connection_(sample_connection(start)) { live(Created{}); }

  Life& live(const Happening& happening) {
    auto decision = decide(connection_, happening, now_);
    if (!decision) throw std::logic_error("a sample that cannot happen: " + decision.error().message);
    connection_ = std::move(decision->connection);
    events_ = std::move(decision->events);
    return *this;
  }
  Life& after(Milliseconds pause) {
    now_ += pause;
    return *this;
  }
  Life& flow() { return live(FlowEnded{SetupType::kAutomatic, "cloudflare", DmarcUpdate::kExempt}); }
  Life& report(FacetReported::Facet facet, FacetState state) { return live(FacetReported{facet, state}); }
  Life& see(bool traffic, bool text) {
    Observed seen;
    seen.propagated = {{RecordId(kTraffic), traffic}, {RecordId(kText), text}};
    if (!traffic || !text) seen.cause = "name_missing";
    if (!traffic || !text) seen.explanation = "there is no record at shop.example.com: add the CNAME";
    return live(seen);
  }
  Life& monitor(bool traffic) {
    return live(RecordsMonitored{{{RecordId(kTraffic), traffic}, {RecordId(kText), true}}});
  }

  /// The last happening's message of that type.
  EventPayload message(EventType type, EventId id, Time at) const {
    const auto draft = std::ranges::find(events_, type, &EventDraft::type);
    if (draft == events_.end()) throw std::logic_error("a sample without its message");
    return payload_of(connection_, *draft, id, at, std::string(kTarget));
  }

 private:
  Time now_;
  Connection connection_;
  std::vector<EventDraft> events_;
};

/// Until the happening that makes the type's message.
Life life_of(EventType type, Time start) {
  using Facet = FacetReported::Facet;
  using To = TransferMoved::To;
  constexpr auto kSuccess = FacetState::kSuccess;
  Life life(start);
  switch (type) {
    case EventType::kDomainAdded:
      // The update: it has every member, and the first message's are among them.
      life.report(Facet::kSecure, kSuccess).report(Facet::kPower, kSuccess);
      return life.flow().after(std::chrono::seconds(10)).see(true, true);
    case EventType::kFlowCompleted:
      return life.flow();
    case EventType::kPropagationTimeout:
      return life.flow().after(kPropagationLimit).see(true, false);
    case EventType::kRecordMissing:
      return life.flow().see(true, true).report(Facet::kMonitor, kSuccess).monitor(false);
    case EventType::kRecordRestored:
      return life.flow().see(true, true).report(Facet::kMonitor, kSuccess).monitor(false).monitor(true);
    case EventType::kDomainPurchased:
      return life.live(DomainPurchased{{*HostName::parse("example.com")}, true});
    case EventType::kPurchaseError:
      return life.live(PurchaseFailed{});
    case EventType::kPurchaseExpired:
      return life.live(PurchaseExpired{});
    case EventType::kTransferInInitiated:
      return life.live(TransferMoved{To::kInInitiated});
    case EventType::kTransferInStarted:
      return life.live(TransferMoved{To::kInStarted});
    case EventType::kTransferInAck:
      return life.live(TransferMoved{To::kInAck});
    case EventType::kTransferInFailed:
      return life.live(TransferMoved{To::kInFailed});
    case EventType::kTransferOutInitiated:
      return life.live(TransferMoved{To::kOutInitiated});
    case EventType::kCertificateIssued:
      return life.live(StepMarked{1}).live(CertificateIssued{});
    case EventType::kDeployed:
      return life.live(StepMarked{1}).live(CertificateIssued{}).live(StepMarked{2});
    case EventType::kDisconnected:
      return life.live(StepMarked{1}).live(CertificateIssued{}).live(StepMarked{2}).live(Disconnected{});
    case EventType::kAttention:
      return life.flow().after(kDensePhase).see(false, true);
  }
  return life;
}

}  // namespace

EventPayload sample_of(EventType type, EventId id, Time at) { return life_of(type, at).message(type, id, at); }

}  // namespace signpost::model
