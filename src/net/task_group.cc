// SPDX-License-Identifier: Apache-2.0
#include "net/task_group.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cstdlib>

#include "base/log.h"

namespace signpost::net {
namespace {

void log_unless_cancelled(const std::exception_ptr& error, const char* name) {
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& e) {
    if (e.code() == boost::asio::error::operation_aborted) return;
    log::error("an exception escaped from a task", {{"task", name}, {"what", e.what()}});
  } catch (const std::exception& e) {
    log::error("an exception escaped from a task", {{"task", name}, {"what", e.what()}});
  } catch (...) {
    log::error("an exception escaped from a task", {{"task", name}, {"what", "not a std::exception"}});
  }
}

}  // namespace

TaskGroup::TaskGroup(Executor executor) : executor_(std::move(executor)) {}

TaskGroup::~TaskGroup() {
  if (running_.empty()) return;
  log::error("a task group died before its tasks", {{"task", running_.front().name}, {"tasks", running_.size()}});
  std::abort();
}

void TaskGroup::spawn(Task<void> task, const char* name) {
  if (is_stopping_) return;
  ended_.clear();
  const auto entry = running_.emplace(running_.end());
  entry->name = name;
  boost::asio::co_spawn(executor_, std::move(task),
                        boost::asio::bind_cancellation_slot(
                            entry->signal.slot(), [this, entry](std::exception_ptr error) { on_end(entry, error); }));
}

void TaskGroup::on_end(std::list<Entry>::iterator entry, const std::exception_ptr& error) {
  if (error) log_unless_cancelled(error, entry->name);
  ended_.splice(ended_.end(), running_, entry);
  if (!running_.empty()) return;
  for (auto* waiter : waiters_) waiter->notify();
}

Task<void> TaskGroup::stop() {
  is_stopping_ = true;
  for (auto next = running_.begin(); next != running_.end();) {
    const auto entry = next++;
    entry->signal.emit(boost::asio::cancellation_type::terminal);
  }
  return wait_until_empty(Deadline::max());
}

Task<void> TaskGroup::wait_until_empty(Deadline deadline) {
  Signal emptied(executor_);
  waiters_.push_back(&emptied);
  // The frame may be torn down with the loop, so that the list is tidied by a destructor.
  struct Leave {
    std::vector<Signal*>& waiters;
    Signal* self;
    ~Leave() { std::erase(waiters, self); }
  } const leave{waiters_, &emptied};
  while (!running_.empty() && std::chrono::steady_clock::now() < deadline) co_await emptied.wait_until(deadline);
}

}  // namespace signpost::net
