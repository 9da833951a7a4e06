// SPDX-License-Identifier: Apache-2.0
//
// certificates_bench DIRECTORY_URL CA_FILE CHALLENGES_URL COUNT IN_FLIGHT CALLS_MAX: the ACME client alone, driven the
// way that a job drives it, each certificate with a key of its own. CHALLENGES_URL is the management of
// pebble-challtestsrv. Prints one JSON line.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "acme/client.h"
#include "acme/key_authorization.h"
#include "base/clock.h"
#include "base/text.h"
#include "crypto/certification_request.h"
#include "net/http_client.h"
#include "net/task_group.h"

namespace {

using namespace signpost;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kOrderBudget{60};

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "certificates_bench: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T must(acme::Outcome<T> outcome) {
  if (!outcome) die(outcome.error().error.message);
  return *std::move(outcome);
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Bench {
  acme::Client& client;
  net::HttpClient& challenges;
  std::string challenges_url;
  acme::Account account;
  int left;
  std::vector<double> visible_to_stored_ms;

  Task<void> open() { account.url = must(co_await client.open_account(account.key, {.agrees_to_terms = true})).url; }

  Task<void> publish(DnsName name, std::string value) {
    net::HttpCall call;
    call.method = "POST";
    call.url = challenges_url + "/set-txt";
    call.body = format(R"({{"host":"{}.","value":"{}"}})", name.text(), value);
    const auto reply = co_await challenges.send(std::move(call));
    if (!reply || reply->status != 200) die("the challenge server refuses " + name.text());
  }

  Task<void> issue(std::string text) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
    const std::vector names{DnsName::parse(text).value()};
    auto order = must(co_await client.new_order(account, {names}));
    const auto authorization = must(co_await client.authorization(account, order.authorizations.front()));
    const auto* challenge = authorization.find(acme::ChallengeType::kDns01);
    co_await publish(acme::dns01_name(names.front()).value(), acme::dns01_value(account.key, challenge->token));
    const auto visible = SteadyClock::now();
    (void)must(co_await client.answer_challenge(account, challenge->url));
    order = must(co_await client.wait_for_order(account, order.url, visible + kOrderBudget));
    auto request = crypto::make_certification_request(key, names).value();
    order = must(co_await client.finalize(account, order, std::move(request)));
    if (order.status == acme::OrderStatus::kProcessing)
      order = must(co_await client.wait_for_order(account, order.url, visible + kOrderBudget));
    const auto chain = must(co_await client.certificate(account, order.certificate_url, ""));
    if (!chain.check_key(key) || !chain.check_order() || !chain.check_names(names))
      die("a chain is not what was asked for");
    visible_to_stored_ms.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - visible).count());
  }

  Task<void> work() {
    while (left > 0) co_await issue(format("shop{}.ours-{}.test", left--, static_cast<int>(::getpid())));
  }

  double percentile(double share) {
    std::ranges::sort(visible_to_stored_ms);
    return visible_to_stored_ms[static_cast<std::size_t>(share * static_cast<double>(visible_to_stored_ms.size() - 1))];
  }
};

}  // namespace

int main(int count, char** words) {
  if (count != 7) die("usage: DIRECTORY_URL CA_FILE CHALLENGES_URL COUNT IN_FLIGHT CALLS_MAX");
  const int certificates = std::atoi(words[4]);
  const int in_flight = std::atoi(words[5]);
  const auto calls_max = static_cast<std::size_t>(std::atoi(words[6]));
  const SystemClock clock;
  acme::Client client({.directory_url = words[1], .ca_file = words[2], .calls_max = calls_max}, clock);
  net::HttpClient challenges({.threads = calls_max});
  net::Loop loop(1);
  Bench bench{client, challenges, words[3], {crypto::AccountKey::generate(), ""}, certificates, {}};
  net::TaskGroup group(loop.get_executor());
  group.spawn(bench.open(), "account");
  loop.run();
  loop.restart();
  const auto began = SteadyClock::now();
  const double cpu_before = cpu_seconds();
  const auto exchanges_before = client.exchanges();
  for (int i = 0; i < in_flight; ++i) group.spawn(bench.work(), "certificates");
  loop.run();
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  std::printf(
      "%s\n",
      format(R"({{"issued":{},"seconds":{:.3f},"cpu_seconds":{:.4f},"exchanges":{},"p50_ms":{:.1f},"p95_ms":{:.1f}}})",
             bench.visible_to_stored_ms.size(), seconds, cpu_seconds() - cpu_before,
             client.exchanges() - exchanges_before, bench.percentile(0.5), bench.percentile(0.95))
          .c_str());
}
