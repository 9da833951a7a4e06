// SPDX-License-Identifier: Apache-2.0
#include "services/testing/life.h"

#include <algorithm>

#include "store/applications.h"
#include "store/jobs.h"

namespace signpost::services::testing {

Life::Life(JobRunner::Settings settings) : runner(world.storage, bell, clock, loops, 0, settings) {
  set_up_handlers(runner, {propagation, original_dns});
}

// The database lives longer than the loop that it wakes.
Life::~Life() { world.database.stop(); }

void Life::let_database_rest() {
  const auto nothing = [](store::Tx&) -> Result<void> { return {}; };
  must(world.storage.write_now<void>(nothing));
  must(world.storage.read_now<void>(nothing));
}

CreateConnection Life::wish(std::string_view host, std::string organization) const {
  CreateConnection wish{.application = world.application.id, .organization = {}, .host = must(HostName::parse(host))};
  wish.organization = std::move(organization);
  wish.records = {{.type = RecordType::kCname, .host = "www", .value = "app.saas.example"}};
  return wish;
}

model::Connection Life::create(std::string_view host, std::string organization) {
  auto made = must(run(connections.create({}, wish(host, std::move(organization)))));
  skip_original_dns(made);
  return made;
}

void Life::skip_original_dns(const model::Connection& connection) {
  must(world.storage.write_now<void>([&](store::Tx& tx) {
    return store::jobs::request(tx, connection.id, 0,
                                {model::JobKind::kOriginalDns, clock.now(), model::JobRequest::When::kNever},
                                world.ids.make<JobRowId>(), clock.now());
  }));
}

void Life::support_dkim(bool supports_dkim) {
  world.application.supports_dkim = supports_dkim;
  must(
      world.storage.write_now<bool>([&](store::Tx& tx) { return store::applications::update(tx, world.application); }));
}

ApplicationId Life::add_application() {
  model::Application application{.id = world.ids.make<ApplicationId>(), .name = "another", .created_at = clock.now()};
  must(world.storage.write_now<void>([&](store::Tx& tx) { return store::applications::insert(tx, application); }));
  return application.id;
}

model::Connection Life::happen(ConnectionId id, model::Happening happening) {
  return must(run(connections.happen({}, id, std::move(happening))));
}

model::Connection Life::read(ConnectionId id) { return must(run(connections.read({}, id))); }

model::Job Life::job(ConnectionId id, model::JobKind kind) {
  const auto jobs = must(run(connections.jobs_of({}, id)));
  const auto found = std::ranges::find(jobs, kind, &model::Job::kind);
  if (found == jobs.end()) throw std::runtime_error("the connection has no such job");
  return *found;
}

std::vector<std::string> Life::events(const model::Connection& connection) {
  std::vector<std::string> types;
  for (const auto& event : world.events_of(connection)) types.emplace_back(model::name_of(event.type));
  return types;
}

std::size_t Life::turn() { return must(run(runner.run_once())); }

std::optional<Time> Life::next_due() {
  return must(world.storage.read_now<std::optional<Time>>(
      [now = clock.now()](store::Tx& tx) { return store::jobs::next_due_at(tx, store::Loop{}, now); }));
}

void Life::walk_to(Time end) {
  for (;;) {
    while (turn() > 0) continue;
    const auto next = next_due();
    if (!next || *next > end) break;
    clock.set(*next);
  }
  clock.set(end);
}

}  // namespace signpost::services::testing
