// SPDX-License-Identifier: Apache-2.0
//
// Couriers with all they need, one per loop, turned by hand or running.
// Owned by the test, whose thread calls it. Declared after the receivers: it closes its connections first.
#pragma once

#include <memory>
#include <vector>

#include "crypto/testing/fake_random.h"
#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"
#include "services/courier.h"
#include "services/testing/webhook_world.h"

namespace signpost::services::testing {

/// What a test on loopback can wait for.
inline Courier::Settings quick() {
  Courier::Settings settings;
  settings.attempt_budget = std::chrono::seconds(5);
  settings.poll_max = std::chrono::hours(1);  // whatever happens sooner, happens because somebody was woken
  settings.user_agent = "Signpost/test";
  return settings;
}

enum class Loopback { kOpen, kClosed };

class WebhookOffice {
 public:
  explicit WebhookOffice(WebhookWorld& world, Courier::Settings settings = quick(), std::size_t loops = 1,
                         Loopback loopback = Loopback::kOpen)
      : policy_(loopback == Loopback::kOpen ? std::vector{must(net::Network::parse("127.0.0.0/8"))}
                                            : std::vector<net::Network>{}),
        loops_(loops) {
    for (std::size_t i = 0; i < loops; ++i) {
      senders_.push_back(std::make_unique<net::PostSender>(loops_.at(i), policy_, resolver_, net::PostSettings{}));
      couriers_.push_back(std::make_unique<Courier>(world.storage, bell, world.clock, world.ids, random_, world.secrets,
                                                    *senders_[i], counters, loops_, i, settings));
    }
  }
  ~WebhookOffice() {
    stop(Milliseconds(0));
    for (std::size_t i = 0; i < senders_.size(); ++i) finish(i, senders_[i]->stop());
    loops_.stop_and_join();
  }

  /// By hand, on the test's thread.
  std::size_t run_once() { return must(net::testing::run_task(loops_.at(0), couriers_[0]->run_once())); }
  /// Each loop on a thread of its own.
  void start() {
    loops_.start();
    for (std::size_t i = 0; i < couriers_.size(); ++i) finish(i, start_on_loop(*couriers_[i]));
  }
  void stop(Milliseconds budget) {
    for (std::size_t i = 0; i < couriers_.size(); ++i) finish(i, couriers_[i]->stop(budget));
  }
  std::uint64_t ended(model::AttemptResult result) const { return counters.attempts[static_cast<std::size_t>(result)]; }

  Bell bell;
  CourierCounters counters;

 private:
  static Task<void> start_on_loop(Courier& courier) {
    courier.start();
    co_return;
  }
  void finish(std::size_t loop, Task<void> task) {
    if (loops_.is_running()) return net::testing::wait_for_task(loops_.at(loop), std::move(task));
    net::testing::run_task(loops_.at(loop), std::move(task));
  }

  crypto::testing::FakeRandom random_;
  net::testing::FakeAddressResolver resolver_;
  net::AddressPolicy policy_;
  net::Loops loops_;
  std::vector<std::unique_ptr<net::PostSender>> senders_;
  std::vector<std::unique_ptr<Courier>> couriers_;
};

}  // namespace signpost::services::testing
