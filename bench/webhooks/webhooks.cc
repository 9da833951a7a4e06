// SPDX-License-Identifier: Apache-2.0
//
// The store's half of `./dev bench webhooks`: connections whose certificate is awaited, deliveries that wait, and the
// rate at which events alone can be written. No server may run on the database. Prints one JSON line.
//
//   webhooks_bench fill DATABASE COUNT APPLICATIONS PAD      connection i belongs to application i % 100; its user is
//                                                            "u-" and i in eight digits, its record PAD bytes long
//   webhooks_bench pending DATABASE COUNT APPLICATIONS BODY  deliveries that are due now, each with an event of its own
//   webhooks_bench events DATABASE FIRST COUNT               what the API's report does inside its transaction: decide,
//                                                            save, write the event and its delivery; group commits
//
// APPLICATIONS is a file with lines of application id and endpoint id. The id of connection i is i + 1.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <latch>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "model/application.h"
#include "model/connection.h"
#include "services/connection_change.h"
#include "services/storage.h"
#include "store/connections.h"
#include "store/deliveries.h"
#include "store/events.h"

namespace {

using namespace signpost;
using Steady = std::chrono::steady_clock;

constexpr std::int64_t kInOneCommit = 10'000;
constexpr std::int64_t kWaitingMax = 512;  // works handed in and not yet committed

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "webhooks_bench: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

struct Receiver {
  ApplicationId application;
  EndpointId endpoint;
};

std::vector<Receiver> read_receivers(const std::string& file) {
  std::ifstream in(file);
  std::vector<Receiver> receivers;
  for (std::string application, endpoint; in >> application >> endpoint;) {
    receivers.push_back({must(ApplicationId::parse(application)), must(EndpointId::parse(endpoint))});
  }
  if (receivers.empty()) die("no applications in " + file);
  return receivers;
}

std::string read_file(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

/// Runs `insert` for each number, so many in one commit.
template <typename Insert>
void fill_up(services::Storage& storage, std::int64_t count, Insert insert) {
  const auto start = Steady::now();
  for (std::int64_t first = 0; first < count; first += kInOneCommit) {
    must(storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
      for (std::int64_t i = first; i < std::min(first + kInOneCommit, count); ++i) TRY_VOID(insert(tx, i));
      return {};
    }));
  }
  std::printf("{\"rows\": %lld, \"seconds\": %.1f}\n", static_cast<long long>(count), seconds_since(start));
}

// ── filling ─────────────────────────────────────────────────────────────────────────────────────────────────────────

model::Connection connection(std::int64_t i, ApplicationId application, std::size_t pad, Time now) {
  model::Connection made{.id = ConnectionId(i + 1),
                         .application = application,
                         .organization = format("org-{}", i),
                         .host = must(HostName::parse(format("www.h{:08}.example", i))),
                         .user_id = format("u-{:08}", i),
                         .job_id = format("{:08x}-0000-4000-8000-{:012x}", (i * 2'654'435'761) & 0xFFFFFFFF, i),
                         .metadata_json = "{}",
                         .status = model::Status::kSslValidating,
                         .records = {},
                         .claim_token = format("{:032x}", i),
                         .claim_ends_at = now + model::kClaimLifetime,
                         .setup_type = model::SetupType::kAutomatic,
                         .flow_ended_at = now,
                         .watch_started_at = std::nullopt,
                         .next_look_at = std::nullopt,
                         .last_look_at = std::nullopt,
                         .attention = std::nullopt,
                         .deployed_at = std::nullopt,
                         .created_at = now,
                         .updated_at = now};
  made.records.push_back({.id = RecordId(i + 1),
                          .type = RecordType::kTxt,
                          .host = "www",
                          .name = made.host,
                          .value = std::string(pad, 'x'),
                          .priority = std::nullopt});
  return made;
}

Result<void> insert_pending(store::Tx& tx, IdMaker& ids, const Receiver& to, const std::string& body, Time now) {
  model::Event event;
  event.id = ids.make<EventId>();
  event.application = to.application;
  event.connection = ids.make<ConnectionId>();
  event.job_id = event.connection.text();
  event.type = model::EventType::kCertificateIssued;
  event.sequence = 1;
  event.body = body;
  event.created_at = now;
  TRY_VOID(store::events::insert(tx, event));
  model::Delivery delivery;
  delivery.id = ids.make<DeliveryId>();
  delivery.event = event.id;
  delivery.endpoint = to.endpoint;
  delivery.application = to.application;
  delivery.connection = event.connection;
  delivery.partition = partition_of(to.endpoint.value());
  delivery.next_attempt_at = now;
  delivery.created_at = now;
  return store::deliveries::insert(tx, delivery);
}

// ── events alone ────────────────────────────────────────────────────────────────────────────────────────────────────

int write_events(services::Storage& storage, IdMaker& ids, const Clock& clock, std::int64_t first, std::int64_t count) {
  std::atomic<std::int64_t> done{0};
  std::atomic<bool> has_failed{false};
  std::latch all(count);
  const auto start = Steady::now();
  const auto cpu = cpu_seconds();
  for (std::int64_t i = 0; i < count; ++i) {
    for (auto seen = done.load(); i - seen >= kWaitingMax; seen = done.load()) done.wait(seen);
    const ConnectionId id(first + i + 1);
    storage.database().write(
        [&ids, &clock, id](store::Tx& tx) -> Result<void> {
          services::ConnectionChange change(tx, ids, clock.now());
          TRY(change.apply([id](store::Tx& in) { return services::load_connection(in, std::nullopt, id); },
                           model::CertificateIssued{}));
          return {};
        },
        [&](const Result<void>& outcome) {
          if (!outcome) has_failed = true;
          ++done;
          done.notify_one();
          all.count_down();
        });
  }
  all.wait();
  if (has_failed) die("an event could not be written");
  const auto seconds = seconds_since(start);
  std::printf("{\"events\": %lld, \"per_second\": %.0f, \"per_core_second\": %.0f}\n", static_cast<long long>(count),
              static_cast<double>(count) / seconds, static_cast<double>(count) / (cpu_seconds() - cpu));
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  const std::string command = arguments.empty() ? "" : arguments[0];
  if ((command == "fill" || command == "pending") ? count != 6 : command != "events" || count != 5) {
    die("usage: fill DATABASE COUNT APPLICATIONS PAD | pending DATABASE COUNT APPLICATIONS BODY | events DATABASE "
        "FIRST COUNT");
  }
  store::Settings settings;
  settings.url = "sqlite:" + arguments[1];
  const auto database = must(store::Database::open(settings));
  services::Storage storage(*database);
  SystemClock clock;
  IdMaker ids(clock);
  if (command == "events") return write_events(storage, ids, clock, std::stoll(arguments[2]), std::stoll(arguments[3]));
  const auto receivers = read_receivers(arguments[3]);
  const auto now = clock.now();
  const auto receiver = [&](std::int64_t i) { return receivers[static_cast<std::size_t>(i) % receivers.size()]; };
  if (command == "fill") {
    const auto pad = std::stoul(arguments[4]);
    fill_up(storage, std::stoll(arguments[2]), [&](store::Tx& tx, std::int64_t i) {
      return store::connections::insert(tx, connection(i, receiver(i).application, pad, now));
    });
  } else {
    const auto body = read_file(arguments[4]);
    fill_up(storage, std::stoll(arguments[2]),
            [&](store::Tx& tx, std::int64_t i) { return insert_pending(tx, ids, receiver(i), body, now); });
  }
  return 0;
}
