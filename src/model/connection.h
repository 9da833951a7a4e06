// SPDX-License-Identifier: Apache-2.0
//
// One host name of one organization on its way to, or at, our door; and the whole of its life as one pure function.
// Plain values; any thread. decide() has no clock, network or database: the caller saves what comes back in one
// transaction.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/host_name.h"
#include "base/id.h"
#include "base/time.h"
#include "model/certificate.h"
#include "model/event.h"
#include "model/job.h"
#include "model/record.h"

namespace signpost::model {

/// `proxy_status` of seed 000.
enum class Status { kPendingValidation, kSslValidating, kSslValidated, kDeployed, kDisconnected };
std::string_view name_of(Status status);  // "PENDING_VALIDATION"
std::optional<Status> parse_status(std::string_view text);

enum class Move {
  kStep1,
  kCertificateIssued,
  kStep2,
  kDisconnected,
  kReconnected,
  kReconnectedWithCertificate,  // which is still valid
};

struct Transition {
  Status from;
  Move move;
  Status to;
};

/// The life of seed 000 as data.
inline constexpr std::array kTransitions{
    Transition{Status::kPendingValidation, Move::kStep1, Status::kSslValidating},
    Transition{Status::kSslValidating, Move::kCertificateIssued, Status::kSslValidated},
    Transition{Status::kSslValidated, Move::kStep2, Status::kDeployed},
    Transition{Status::kDeployed, Move::kDisconnected, Status::kDisconnected},
    Transition{Status::kDisconnected, Move::kReconnected, Status::kPendingValidation},
    Transition{Status::kDisconnected, Move::kReconnectedWithCertificate, Status::kSslValidated},
};

constexpr std::optional<Status> target_of(Status from, Move move) {
  for (const auto& row : kTransitions) {
    if (row.from == from && row.move == move) return row.to;
  }
  return std::nullopt;
}
static_assert(!target_of(Status::kPendingValidation, Move::kStep2),
              "traffic never moves before there is a certificate");
static_assert(!target_of(Status::kSslValidating, Move::kStep2), "traffic never moves before there is a certificate");
static_assert(!target_of(Status::kDeployed, Move::kStep1), "a deployed connection never falls back to validating");
static_assert(!target_of(Status::kDisconnected, Move::kStep2), "a disconnected connection is reconnected first");

/// One status that webhooks report. kAbsent: the flow does not have it, the member is left out.
enum class FacetState { kAbsent, kPending, kSuccess, kFailed, kExempt };
std::string_view name_of(FacetState state);  // "pending"
std::optional<FacetState> parse_facet_state(std::string_view text);

struct Facets {
  FacetState propagation = FacetState::kPending;
  FacetState dkim = FacetState::kExempt;
  FacetState redirection = FacetState::kExempt;
  FacetState secure = FacetState::kExempt;
  FacetState power = FacetState::kExempt;
  FacetState monitor = FacetState::kAbsent;  // "not … shown on flows that don't use Entri Monitor"; never kExempt
  auto operator<=>(const Facets&) const = default;
};

enum class SetupType { kAutomatic, kManual, kAsync, kApi };
std::string_view name_of(SetupType type);  // "automatic"
std::optional<SetupType> parse_setup_type(std::string_view text);

/// What serves the traffic.
enum class Edge {
  kExternal,    // the operator's own
  kCloudfront,  // a CloudFront distribution that we write to
};
std::string_view name_of(Edge edge);  // "external"
std::optional<Edge> parse_edge(std::string_view text);

/// `dmarc_updated` of seed 001; a connection has it only if its flow used a DMARC feature.
enum class DmarcUpdate { kTrue, kFalse, kExempt };
std::string_view name_of(DmarcUpdate update);  // "true"
std::optional<DmarcUpdate> parse_dmarc_update(std::string_view text);

/// A redirection that the flow asked for: whoever opens the apex (or www) shall be sent to the URL.
struct Redirection {
  enum class From { kApex, kWww };
  From from = From::kApex;
  std::string to;  // http or https, as net::Url writes it
  auto operator<=>(const Redirection&) const = default;
};
std::string_view name_of(Redirection::From from);  // "apex"
std::optional<Redirection::From> parse_redirection_from(std::string_view text);
/// The host name that is to redirect.
std::string redirecting_host(const HostName& host, Redirection::From from);

/// Several organizations may claim one host name while none has proven it.
enum class Claim { kUnproven, kProven, kLost, kExpired };
std::string_view name_of(Claim claim);  // "unproven"
std::optional<Claim> parse_claim(std::string_view text);

/// What is wrong and what helps, for support people and customers.
struct Attention {
  std::string cause;        // stable code: "other_value"
  std::string explanation;  // a sentence with the way out
  Time since{};
};

struct Connection {
  ConnectionId id;
  ApplicationId application;
  std::string organization;  // slug
  HostName host;
  std::optional<std::string> user_id;
  std::string job_id;                         // UUID of the connect flow; also the `id` of its webhooks
  std::optional<std::string> origin_flow_id;  // of a derived flow: the flow that was shared
  std::string metadata_json;                  // an object, kept as the caller gave it
  Status status = Status::kPendingValidation;
  Facets facets;
  std::vector<Record> records;

  Claim claim = Claim::kUnproven;
  std::string claim_token;  // unguessable; the TXT record at claim_name() holds it
  Time claim_ends_at{};

  std::optional<SetupType> setup_type;  // known once the flow has ended
  std::optional<Time> flow_ended_at;
  std::string provider = "unknown";  // DNS provider, as the flow reported it
  bool is_added_announced = false;   // domain.added has been sent once
  std::optional<DmarcUpdate> dmarc_updated;
  std::optional<Redirection> redirection;
  std::vector<std::string> purchased_domains;  // at most kPurchasedDomainsMax
  std::optional<bool> is_free_domain;          // came through a free domain flow; empty: not known

  std::optional<Time> watch_started_at;  // the propagation clock: flow's end, again at step 2
  std::optional<Time> next_look_at;      // empty: nobody is looking
  std::optional<Time> last_look_at;
  std::optional<Attention> attention;

  CertificateBy certificate_by = CertificateBy::kExternal;
  Edge edge = Edge::kExternal;
  std::optional<Time> certificate_ends_at;  // of the one that we hold
  std::optional<Time> deployed_at;
  std::int64_t sequence = 0;  // of the last event
  std::int64_t version = 0;   // grows with every save; the store compares it
  Time created_at{};
  Time updated_at{};

  /// The claim still stands, so the connection takes part in the organization's life.
  bool is_live() const { return claim == Claim::kUnproven || claim == Claim::kProven; }
};

/// Where the TXT that proves ownership lives (claim_name of the host), and what it holds.
DnsName claim_name(const Connection& connection);
std::string claim_value(const Connection& connection);  // "signpost-verification=<token>"

/// Causes of attention that certificates have; a look at DNS neither sets nor ends them.
constexpr std::string_view kCertificateCausePrefix = "certificate_";
/// Of these, those that the edge has: only the edge ends them.
constexpr std::string_view kEdgeCausePrefix = "certificate_edge_";

/// A record that nobody has been asked to add yet is not missed: with a certificate of ours, step 2 comes after it.
bool is_awaited(const Connection& connection, const Record& record);

constexpr Milliseconds kClaimLifetime = std::chrono::hours(72);
constexpr std::size_t kOrganizationBytesMax = 128;
constexpr std::size_t kMetadataBytesMax = 4096;
constexpr std::size_t kOriginFlowIdBytesMax = 128;
constexpr std::size_t kPurchasedDomainsMax = 50;

/// The record stands at SELECTOR._domainkey of the connection's domain: where mail providers publish DKIM keys.
bool is_dkim_record(const Connection& connection, const Record& record);
/// The flow expects at least one such record.
bool expects_dkim(const Connection& connection);

// ── happenings ──────────────────────────────────────────────────────────────────────────────────────────────

struct Created {
  bool supports_dkim = false;  // the application does
};
struct StepMarked {
  int step = 0;  // 1 or 2, checked at the door
};
/// There is a certificate where the traffic is served: reported by the backend (certificate "external"), or by what
/// brings ours to the edge.
struct CertificateIssued {};
/// We hold a new certificate: the first one, or a renewal.
struct CertificateObtained {
  Time ends_at{};
};
/// The certificate does not come on; `cause` begins with kCertificateCausePrefix.
struct CertificateTroubled {
  std::string cause;
  std::string explanation;
};
struct CertificateHealthy {};  // again
struct EdgeHealthy {};         // again, after a cause that begins with kEdgeCausePrefix
struct Disconnected {};        // the customer's DNS leads elsewhere again
struct Reconnected {};
struct FlowEnded {
  SetupType setup_type = SetupType::kManual;
  std::string provider;  // empty: not known
  std::optional<DmarcUpdate> dmarc_updated = {};
};
/// What MX says of the domain's mail, for DKIM.
enum class MailSight {
  kNotAsked,
  kUnseen,     // it could not be seen
  kSupported,  // a provider whose DKIM is supported
  kExempt,     // another provider, none, or the application has DKIM turned off
};

/// One look at DNS, already boiled down to what matters for the life.
struct Observed {
  std::map<RecordId, bool> propagated;  // records that were looked at
  bool is_claim_seen = false;           // the claim TXT, or a record that proves ownership
  std::string cause;                    // of the first record that is not propagated; empty if all are
  std::string explanation;
  bool is_dead = false;  // no server spoke for any of the records' zones
  MailSight mail = MailSight::kNotAsked;
  std::optional<bool> is_redirected = {};  // as the redirection's probes saw it; empty: not probed
};
struct CheckRequested {};  // "check now": one look soon, the schedule undisturbed
struct RecordsReplaced {
  std::vector<Record> records;
  bool supports_dkim = false;  // the application does
};
/// What the edge asks for, once it is known: the records of the traffic, and the one that validates its certificate.
/// One of the same purpose, name and type gives way.
struct RecordsOffered {
  std::vector<Record> records;
};
struct ClaimLost {};      // another organization has proven the host name
struct ClaimTimedOut {};  // the job of kClaimLifetime

// What Secure, Power, Monitor and Sell will report, and what a webhook of the hosted service can tell already.

struct FacetReported {
  enum class Facet { kSecure, kPower, kMonitor };
  Facet facet = Facet::kSecure;
  FacetState state = FacetState::kPending;
};
/// Monitor has looked: which records of the connection it found.
struct RecordsMonitored {
  std::map<RecordId, bool> found;
};
struct DomainPurchased {
  std::vector<HostName> domains;  // at most kPurchasedDomainsMax; empty: the connection's own
  std::optional<bool> is_free_domain = {};
};
struct PurchaseFailed {};
struct PurchaseExpired {};  // nobody confirmed it
struct TransferMoved {
  enum class To { kInInitiated, kInStarted, kInAck, kInFailed, kOutInitiated };
  To to = To::kInInitiated;
};

using Happening = std::variant<Created, StepMarked, CertificateIssued, CertificateObtained, CertificateTroubled,
                               CertificateHealthy, EdgeHealthy, Disconnected, Reconnected, FlowEnded, Observed,
                               CheckRequested, RecordsReplaced, RecordsOffered, ClaimLost, ClaimTimedOut, FacetReported,
                               RecordsMonitored, DomainPurchased, PurchaseFailed, PurchaseExpired, TransferMoved>;

/// What follows: the connection as it is now, the events and jobs to write in the same transaction.
/// `changed` is false when there is nothing to save (the same step again).
struct Decision {
  Connection connection;
  std::vector<EventDraft> events;
  std::vector<JobRequest> jobs;
  bool is_changed = false;
};

/// kConflict, naming the state and the way out, when the state does not allow the happening.
Result<Decision> decide(const Connection& connection, const Happening& happening, Time now);

}  // namespace signpost::model
