// SPDX-License-Identifier: Apache-2.0
//
// What callers can do with connections: create, read, list, and let things happen to them.
// Owned by app/wiring; methods from any loop; storage, bell, clock, ids and random outlive it.
// Every change is one transaction: the connection, its events and its jobs are saved together or not at all, and the
// bells ring after the commit. Nothing outside the scope can be seen: what belongs to somebody else is kNotFound.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/random.h"
#include "model/connection.h"
#include "model/job.h"
#include "net/task.h"
#include "services/bell.h"
#include "services/connection_change.h"
#include "services/edge_records.h"
#include "services/storage.h"

namespace signpost::services {

/// Whose connections the caller may touch.
struct Scope {
  std::optional<ApplicationId> application;  // empty: an admin key, every application
};

struct CreateConnection {
  ApplicationId application;
  std::string organization;  // [A-Za-z0-9_-]{1,128}
  HostName host;
  std::optional<std::string> user_id;              // at most kUserIdBytesMax
  std::vector<model::RecordRequest> records;       // 1…model::kRecordsMax; none only where the edge adds its own
  std::string metadata_json;                       // an object, or empty; checked for form at the door, for length here
  std::optional<std::string> origin_flow_id = {};  // 1…model::kOriginFlowIdBytesMax visible ASCII characters
  std::optional<model::Redirection> redirection = {};
  std::optional<bool> is_free_domain = {};
  std::optional<model::CertificateBy> certificate_by = {};  // empty: Connections::Settings::certificate_by
  bool wants_wildcard = false;                              // the certificate covers *.<host>, too
  model::Edge edge = model::Edge::kExternal;
  // Of an edge that is CloudFront; then `records` may be none: those that lead the host there are added.
  std::string distribution_id = {};     // an existing one; empty: one is made
  std::optional<HostName> origin = {};  // of a new one; empty: where the host leads now, if that is a name
};
constexpr std::size_t kUserIdBytesMax = 256;

struct ConnectionFilter {
  std::optional<ApplicationId> application;  // narrows an admin's scope; another than the scope's finds nothing
  std::optional<std::string> organization;
  std::optional<HostName> host;
  std::optional<model::Status> status;
  std::optional<model::FacetState> propagation;
  std::optional<model::Claim> claim;
  enum class Attention { kAll, kWith, kWithout } attention = Attention::kAll;
  enum class Liveness { kAll, kLiveOnly } liveness = Liveness::kAll;
};

struct ConnectionPage {
  std::vector<model::Connection> items;    // newest first
  std::optional<std::string> next_cursor;  // opaque; empty on the last page
};
constexpr std::size_t kPageDefault = 50;
constexpr std::size_t kPageMax = 100;

/// The last look at DNS that was kept.
struct LastObservation {
  std::string json;  // as observation_json.h writes it
  Time seen_at{};
};

/// What a caller writes beside a change, in its transaction; it may run twice.
using AlsoWrite = std::function<Result<void>(store::Tx&, const model::Connection&)>;

/// The live connection that `/api/domain/…/{slug}` means. Nothing if there is none; kConflict that lists the host names
/// when there are several and no host is given.
Result<std::optional<model::Connection>> load_of_organization(store::Tx& tx, ApplicationId application,
                                                              std::string_view organization,
                                                              const std::optional<HostName>& host);

class Connections {
 public:
  struct Settings {
    std::optional<DnsName> acme_zone;  // below it lead the CNAMEs of step 1
    bool has_authority = false;
    model::CertificateBy certificate_by = model::CertificateBy::kExternal;  // of a connection that does not say
    std::optional<EdgePlan> cloudfront = {};                                // empty: no cloud account is configured
  };
  Connections(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, crypto::Random& random, Settings settings)
      : storage_(storage), bell_(bell), clock_(clock), ids_(ids), random_(random), settings_(std::move(settings)) {}
  Connections(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, crypto::Random& random)
      : Connections(storage, bell, clock, ids, random, Settings{}) {}

  /// A new claim on the host with the records of its flow. kNotFound: no such application. kConflict: the organization
  /// already has a live connection on the host (named), or another organization has proven it. kUnprocessable with a
  /// member path
  /// ("records[2].value", "certificate", "wildcard", "edge", "distribution_id", "origin", "host",
  /// "organization", "metadata", "user_id", "origin_flow_id",
  /// "redirection.to").
  Task<Result<model::Connection>> create(Scope scope, CreateConnection wish, AlsoWrite also = {});

  Task<Result<model::Connection>> read(Scope scope, ConnectionId id);

  /// `limit` is cut to 1…kPageMax. kInvalid with member "cursor" for a cursor that is not ours.
  Task<Result<ConnectionPage>> list(Scope scope, ConnectionFilter filter, std::optional<std::string> cursor,
                                    std::size_t limit);

  /// Lets something happen: reads the connection, decides, saves; decides again when somebody was first. The connection
  /// as it is afterwards. kNotFound, or the decision's kConflict.
  Task<Result<model::Connection>> happen(Scope scope, ConnectionId id, model::Happening happening);

  /// New records in place of the old ones; those that are the same keep their id and what is known about them. Errors
  /// as of create.
  Task<Result<model::Connection>> replace_records(Scope scope, ConnectionId id,
                                                  std::vector<model::RecordRequest> records);

  /// Deletes the connection with its jobs and observations. A look that is under way finds nothing to write to.
  Task<Result<void>> remove(Scope scope, ConnectionId id);

  /// One look at DNS soon; the schedule goes on as it was.
  Task<Result<model::Connection>> check_now(Scope scope, ConnectionId id);

  /// Nothing when nobody has looked yet. kNotFound for the connection.
  Task<Result<std::optional<LastObservation>>> last_observation(Scope scope, ConnectionId id);

  /// Background work of the connection, waiting and ended, by kind.
  Task<Result<std::vector<model::Job>>> jobs_of(Scope scope, ConnectionId id);

  /// Nothing where the edge is not CloudFront.
  Task<Result<std::optional<model::Distribution>>> distribution_of(Scope scope, ConnectionId id);

  /// As load_of_organization.
  Task<Result<std::optional<model::Connection>>> of_organization(ApplicationId application, std::string organization,
                                                                 std::optional<HostName> host);

  /// Step 1 or 2 of seed 000 in one transaction. Marking a step again answers the connection as it is and changes
  /// nothing. kNotFound when the organization has no live connection (on the host); kConflict as of of_organization and
  /// of the decision.
  Task<Result<model::Connection>> mark_step(ApplicationId application, std::string organization,
                                            std::optional<HostName> host, int step);
  /// The same for any happening that a frontend reports: Disconnected, Reconnected.
  Task<Result<model::Connection>> happen_to_organization(ApplicationId application, std::string organization,
                                                         std::optional<HostName> host, model::Happening happening);

 private:
  Task<Result<model::Connection>> change(std::function<Result<Changed>(store::Tx&)> work);
  model::Connection draft_of(const CreateConnection& wish, Time now);
  Result<void> check_certificate(const CreateConnection& wish) const;
  Result<void> add_challenge_record(model::Connection& connection, const model::Certificate& certificate);
  model::Certificate certificate_of(const model::Connection& connection, bool wants_wildcard, Time now);
  Result<void> check_edge(const CreateConnection& wish) const;
  /// The row of a connection whose edge is CloudFront, and the records that are known without it.
  Result<void> add_distribution(store::Tx& tx, const CreateConnection& wish, const model::Connection& connection);

  Storage& storage_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
  crypto::Random& random_;
  const Settings settings_;
};

}  // namespace signpost::services
