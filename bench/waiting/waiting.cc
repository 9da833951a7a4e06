// SPDX-License-Identifier: Apache-2.0
//
// The store's half of `./dev bench waiting`: fills a data directory with waiting connections, and times claims on it.
// No server may run on the directory. Prints one JSON line.
//
//   waiting_bench fill DATABASE COUNT DEAD DUE_MS        connection i has host www.h{i}.example (www.d{i}.example for
//                                                        the first DEAD), looks due from DUE_MS on over 24 hours
//   waiting_bench claim DATABASE NOW_MS LOOPS CLAIMS     claims as the job runner's loops do, at a moment of its choice
//
// The ids of connection i, its record and its jobs are i + 1, i + 1, 2i + 1 (propagation) and 2i + 2 (the claim's end).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <string>
#include <vector>

#include "base/text.h"
#include "model/application.h"
#include "model/connection.h"
#include "services/connection_change.h"
#include "services/job_runner.h"
#include "services/storage.h"
#include "store/applications.h"
#include "store/connections.h"
#include "store/jobs.h"

namespace {

using namespace signpost;
using Steady = std::chrono::steady_clock;

constexpr std::int64_t kInOneCommit = 20'000;
constexpr Milliseconds kDueWithin = std::chrono::hours(24);
constexpr Milliseconds kAge = std::chrono::hours(2);  // of a watch: its looks have become rare
const ApplicationId kApplication(1);

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "waiting_bench: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) die(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double ms_since(Steady::time_point start) {
  return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

/// Of this thread alone: what others take of the machine is not in it.
double thread_cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1'000 + static_cast<double>(time.tv_nsec) / 1e6;
}

// ── filling ─────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Plan {
  std::int64_t count;
  std::int64_t dead;
  Time first_due;
};

model::Connection connection(std::int64_t i, const Plan& plan) {
  const Time due = plan.first_due + kDueWithin * i / plan.count;
  const Time started = plan.first_due - kAge;
  const auto host = format("www.{}{}.example", i < plan.dead ? 'd' : 'h', i);
  model::Connection made{.id = ConnectionId(i + 1),
                         .application = kApplication,
                         .organization = format("org-{}", i),
                         .host = must(HostName::parse(host)),
                         .user_id = std::nullopt,
                         .job_id = format("{:08x}-0000-4000-8000-{:012x}", i, i),
                         .metadata_json = "{}",
                         .records = {},
                         .claim_token = format("{:032x}", i * 2'654'435'761),
                         .claim_ends_at = started + model::kClaimLifetime,
                         .setup_type = model::SetupType::kManual,
                         .flow_ended_at = started,
                         .watch_started_at = started,
                         .next_look_at = due,
                         .last_look_at = std::nullopt,
                         .attention = std::nullopt,
                         .deployed_at = std::nullopt,
                         .created_at = started,
                         .updated_at = started};
  made.records.push_back({.id = RecordId(i + 1),
                          .type = RecordType::kCname,
                          .host = "www",
                          .name = made.host,
                          .value = "app.saas.example",
                          .priority = std::nullopt});
  return made;
}

Result<void> insert(store::Tx& tx, const model::Connection& made) {
  TRY_VOID(store::connections::insert(tx, made));
  const auto key = services::fairness_key_of(made.application, made.organization);
  const auto number = 2 * (made.id.value() - 1);
  TRY_VOID(store::jobs::request(tx, made.id, key, {model::JobKind::kPropagation, *made.next_look_at},
                                JobRowId(number + 1), made.created_at));
  return store::jobs::request(tx, made.id, key, {model::JobKind::kClaimEnd, made.claim_ends_at}, JobRowId(number + 2),
                              made.created_at);
}

int fill(services::Storage& storage, const Plan& plan) {
  const auto start = Steady::now();
  const model::Application application{.id = kApplication, .name = "Bench", .created_at = plan.first_due - kAge};
  must(storage.write_now<void>([&](store::Tx& tx) { return store::applications::insert(tx, application); }));
  for (std::int64_t first = 0; first < plan.count; first += kInOneCommit) {
    must(storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
      for (std::int64_t i = first; i < std::min(first + kInOneCommit, plan.count); ++i) {
        TRY_VOID(insert(tx, connection(i, plan)));
      }
      return {};
    }));
  }
  std::printf("{\"connections\": %lld, \"seconds\": %.1f}\n", static_cast<long long>(plan.count),
              ms_since(start) / 1'000);
  return 0;
}

// ── claiming ────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Times {
  std::vector<double> ms;

  std::string json() {
    std::ranges::sort(ms);
    const auto percentile = [this](double share) {
      return ms.empty() ? 0 : ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    return format(R"({{"p50_ms": {:.2f}, "p99_ms": {:.2f}, "max_ms": {:.2f}}})", percentile(0.5), percentile(0.99),
                  percentile(1));
  }
};

/// Claims turn by turn as the loops of one process; once all they may have in flight is claimed, the oldest quarter
/// ends. What is claimed here waits again as before in the end.
class Claims {
 public:
  Claims(services::Storage& storage, Time now, std::int32_t loops) : storage_(storage), now_(now), loops_(loops) {}

  int run(int claims) {
    std::vector<std::deque<model::Job>> in_flight(static_cast<std::size_t>(loops_));
    std::size_t jobs = 0;
    for (int i = 0; i < claims; ++i) {
      auto& mine = in_flight[static_cast<std::size_t>(i % loops_)];
      if (mine.size() + settings_.batch_max > settings_.in_flight_max) end(mine, settings_.in_flight_max / 4);
      const auto claimed = claim(i % loops_);
      jobs += claimed.size();
      if (claimed.empty()) give_all_back();
      mine.insert(mine.end(), claimed.begin(), claimed.end());
    }
    for (auto& mine : in_flight) end(mine, mine.size());
    give_all_back();
    std::printf(
        "{\"claims\": %d, \"jobs\": %zu, \"claim\": %s, \"claim_cpu\": %s, \"next_due\": %s, \"transaction\": %s}\n",
        claims, jobs, claim_.json().c_str(), claim_cpu_.json().c_str(), next_due_.json().c_str(),
        transaction_.json().c_str());
    return 0;
  }

 private:
  std::vector<model::Job> claim(std::int32_t loop) {
    const store::ClaimRequest request{.loop = {.index = loop, .count = loops_},
                                      .now = now_,
                                      .lease_until = now_ + settings_.lease,
                                      .limit = static_cast<std::int32_t>(settings_.batch_max),
                                      .in_flight_max = static_cast<std::int32_t>(settings_.in_flight_fairness_max)};
    const auto start = Steady::now();
    auto claimed = must(
        storage_.write_now<std::vector<model::Job>>([this, request](store::Tx& tx) -> Result<std::vector<model::Job>> {
          const auto begun = Steady::now();
          const auto cpu = thread_cpu_ms();
          auto jobs = TRY(store::jobs::claim_due(tx, request));
          claim_cpu_.ms.push_back(thread_cpu_ms() - cpu);
          claim_.ms.push_back(ms_since(begun));
          const auto looking = Steady::now();
          TRY(store::jobs::next_due_at(tx, request.loop, request.now));
          next_due_.ms.push_back(ms_since(looking));
          return jobs;
        }));
    transaction_.ms.push_back(ms_since(start));
    return claimed;
  }

  /// Out of the way of the claims to come, as the look's next time would be.
  void end(std::deque<model::Job>& jobs, std::size_t count) {
    must(storage_.write_now<void>([&](store::Tx& tx) -> Result<void> {
      for (std::size_t i = 0; i < count && i < jobs.size(); ++i) {
        TRY_VOID(store::jobs::reschedule(tx, jobs[i].id, jobs[i].generation, now_ + std::chrono::hours(1)));
      }
      return {};
    }));
    for (; count > 0 && !jobs.empty(); --count) {
      ended_.push_back(std::move(jobs.front()));
      jobs.pop_front();
    }
  }

  void give_all_back() {
    must(storage_.write_now<void>([this](store::Tx& tx) -> Result<void> {
      for (const auto& job : ended_) {
        const model::JobRequest wish{job.kind, job.not_before, model::JobRequest::When::kReplace};
        TRY_VOID(store::jobs::request(tx, job.subject, job.fairness_key, wish, job.id, job.created_at));
      }
      return {};
    }));
    ended_.clear();
  }

  services::Storage& storage_;
  const services::JobRunner::Settings settings_;
  Time now_;
  std::int32_t loops_;
  std::vector<model::Job> ended_;
  Times claim_, claim_cpu_, next_due_, transaction_;
};

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (count != 6) die("usage: fill DATABASE COUNT DEAD DUE_MS | claim DATABASE NOW_MS LOOPS CLAIMS");
  store::Settings settings;
  settings.url = "sqlite:" + arguments[1];
  const auto database = must(store::Database::open(settings));
  services::Storage storage(*database);
  const auto number = [&](std::size_t i) { return std::stoll(arguments[i]); };
  if (arguments[0] == "fill") return fill(storage, {number(2), number(3), from_ms(number(4))});
  if (arguments[0] == "claim") {
    return Claims(storage, from_ms(number(2)), static_cast<std::int32_t>(number(3))).run(static_cast<int>(number(4)));
  }
  die("no such measurement: " + arguments[0]);
}
