// SPDX-License-Identifier: Apache-2.0
//
// One change of connections inside one transaction: decide, save, and write every consequence beside it.
// Lives in a work on a database thread; everything it was given outlives it.
// Whoever changes a connection goes through here, so events, jobs and the fate of rival claims can never be forgotten.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/id.h"
#include "model/connection.h"
#include "services/bell.h"
#include "store/tx.h"

namespace signpost::services {

/// Who must be told after the commit.
struct Rings {
  Partitions jobs;
  bool deliveries = false;
  std::vector<Begun> begun;  // deliveries that need not be looked for
  std::size_t accepted = 0;  // deliveries, these and those that are due

  /// Of another change in the same transaction.
  void add(Rings more);
  /// The connection has a job that is due soon.
  void add_job_of(ConnectionId connection) { jobs.set(static_cast<std::size_t>(partition_of(connection.value()))); }
};
void ring(const Bell& bell, Rings rings);

/// What a work returns to the loop.
struct Changed {
  model::Connection connection;
  Rings rings;
};

/// One organization's jobs have one key, so that it cannot starve others. Stable for ever: it stands in
/// rows. Never negative.
std::int64_t fairness_key_of(ApplicationId application, std::string_view organization);
/// The turn of a look's job after nobody spoke for its domain, from the turn it had: once may have been our resolvers'
/// fault, twice in a row makes a name dead. Ten thousand dead ones, each seconds long, cannot delay those that answer.
constexpr std::int64_t turn_after_silence(std::int64_t turn) {
  return turn == model::kDoubtedTurn || turn == model::kDeadTurn ? model::kDeadTurn : model::kDoubtedTurn;
}

class ConnectionChange {
 public:
  using Load = std::function<Result<model::Connection>(store::Tx&)>;
  using Cause = std::function<Result<model::Happening>(const model::Connection&)>;

  /// `handover`: of the bell that the caller rings with rings(), if it does.
  ConnectionChange(store::Tx& tx, IdMaker& ids, Time now, const Handover* handover = nullptr)
      : tx_(tx), ids_(ids), now_(now), handover_(handover) {}
  /// On behalf of a claimed job: what the decision says about this job's kind ends or reschedules this job, unless a
  /// newer wish stands (its generation). A decision that does not mention it ends it.
  ConnectionChange(store::Tx& tx, IdMaker& ids, Time now, const Handover* handover, const model::Job& own_job)
      : tx_(tx), ids_(ids), now_(now), handover_(handover), own_job_(&own_job) {}

  /// Saves a new connection. The caller has checked that the claim may stand.
  Result<model::Connection> create(const model::Connection& connection, const model::Created& created);

  /// Loads, decides, saves; anew when somebody was first. The connection as it is afterwards.
  Result<model::Connection> apply(const Load& load, const Cause& cause);
  Result<model::Connection> apply(const Load& load, const model::Happening& happening);

  const Rings& rings() const { return rings_; }

 private:
  enum class Rivals { kNone, kOneHasProven };
  Result<Rivals> rivals_of(const model::Connection& connection);
  Result<model::Happening> settle_claim(const model::Connection& before, model::Happening happening);
  Result<void> lose_rivals(const model::Connection& proven);
  Result<void> write_consequences(const model::Decision& decision);
  Result<void> write_job(const model::Connection& connection, const model::JobRequest& wish);
  Result<std::int64_t> turn_of(const model::Connection& connection, model::JobKind kind);
  Result<void> write_own_job(const model::Connection& connection, const model::JobRequest* wish);
  bool is_own(const model::Connection& connection, model::JobKind kind) const;

  store::Tx& tx_;
  IdMaker& ids_;
  const Time now_;
  const Handover* handover_ = nullptr;
  const model::Job* own_job_ = nullptr;
  bool is_dead_ = false;  // as the look saw it whose job this is
  Rings rings_;
};

/// kNotFound with the id. `application` empty: of any.
Result<model::Connection> load_connection(store::Tx& tx, const std::optional<ApplicationId>& application,
                                          ConnectionId id);

}  // namespace signpost::services
