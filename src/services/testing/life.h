// SPDX-License-Identifier: Apache-2.0
//
// All that a connection lives through, on one loop that the test turns by hand, with a real database and a clock whose
// hands it moves. Owned by the test; its thread. What cannot fail in a test throws if it does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/testing/fake_random.h"
#include "net/testing/run_task.h"
#include "services/connections.h"
#include "services/job_handlers.h"
#include "services/testing/fake_eye.h"
#include "services/testing/webhook_world.h"

namespace signpost::services::testing {

/// co_spawn wants a result with a default, which a Result of a value without one is not.
template <typename T>
Task<std::optional<T>> boxed(Task<T> task) {
  co_return std::optional<T>(std::in_place, co_await std::move(task));
}

class Life {
 public:
  explicit Life(JobRunner::Settings settings = {});
  ~Life();

  /// `www` CNAME → app.saas.example of the host's domain, for organization `acme` unless said otherwise.
  CreateConnection wish(std::string_view host = "www.shop.example", std::string organization = "acme") const;
  /// Without the look at what the host answered before: most tests count looks and jobs of another kind.
  model::Connection create(std::string_view host = "www.shop.example", std::string organization = "acme");
  void skip_original_dns(const model::Connection& connection);
  /// Turns the application's support of DKIM on or off.
  void support_dkim(bool supports_dkim);
  /// Another application of the same operator.
  ApplicationId add_application();

  template <typename T>
  T run(Task<T> task) {
    return *net::testing::run_task(loops.at(0), boxed(std::move(task)));
  }
  model::Connection happen(ConnectionId id, model::Happening happening);
  model::Connection read(ConnectionId id);
  model::Job job(ConnectionId id, model::JobKind kind);
  /// Types of the connection's events, oldest first.
  std::vector<std::string> events(const model::Connection& connection);

  /// Claims and runs what is due; how many jobs there were.
  std::size_t turn();
  std::optional<Time> next_due();
  /// Moves the clock from one due job to the next, runs each, and ends at `end`.
  void walk_to(Time end);

  /// Returns when the database's threads have let go of every loop that they have woken, so that loops of the test may
  /// die.
  void let_database_rest();

  WebhookWorld world;
  signpost::testing::FakeClock& clock = world.clock;
  crypto::testing::FakeRandom random;
  Bell bell;
  net::Loops loops{1};
  Connections connections{world.storage, bell, clock, world.ids, random};
  FakeEye eye{clock};
  FakeRedirectEye redirect_eye;
  Propagation propagation{world.storage, bell, clock, world.ids, {{&eye, &redirect_eye}}, {}};
  OriginalDns original_dns{world.storage, clock, {&eye}};
  JobRunner runner;
};

}  // namespace signpost::services::testing
