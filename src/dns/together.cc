// SPDX-License-Identifier: Apache-2.0
#include "dns/together.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/task_group.h"

namespace signpost::dns {

namespace {

struct Countdown {
  std::size_t left;
  net::Timer reached;
};

class Step {
 public:
  explicit Step(Countdown& countdown) : countdown_(countdown) {}
  ~Step() {
    if (--countdown_.left == 0) countdown_.reached.cancel();
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  Countdown& countdown_;
};

Task<void> counted(Task<void> task, Countdown& countdown) {
  const Step step(countdown);
  co_await std::move(task);
}

}  // namespace

Task<void> together(std::vector<Task<void>> tasks) {
  namespace this_coro = boost::asio::this_coro;
  if (tasks.empty()) co_return;
  const auto executor = co_await this_coro::executor;
  // The group has to be stopped before we may leave, so a cancellation must not throw here.
  co_await this_coro::throw_if_cancelled(false);
  const auto state = co_await this_coro::cancellation_state;
  Countdown countdown{tasks.size(), net::Timer(executor, net::Deadline::max())};
  net::TaskGroup group(executor);
  for (auto& task : tasks) group.spawn(counted(std::move(task), countdown), "dns question");
  while (countdown.left > 0 && state.cancelled() == boost::asio::cancellation_type::none) {
    co_await countdown.reached.async_wait(boost::asio::as_tuple(net::use_task));
  }
  co_await group.stop();
  co_await this_coro::throw_if_cancelled(true);
}

}  // namespace signpost::dns
