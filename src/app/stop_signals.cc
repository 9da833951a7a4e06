// SPDX-License-Identifier: Apache-2.0
#include "app/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>

namespace signpost::app {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const auto set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that hangs up and a file that may not grow are errors of a call, not ends of the process.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wakes_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signals_ < 0 || wakes_ < 0) throw std::runtime_error("no file descriptor for signals");
}

StopSignals::~StopSignals() {
  close(signals_);
  close(wakes_);
  exit_on_next();
}

StopSignals::Woken StopSignals::wait(std::optional<Milliseconds> at_most) {
  const auto until = std::chrono::steady_clock::now() + at_most.value_or(Milliseconds(0));
  for (;;) {
    std::array<pollfd, 2> waits{{{signals_, POLLIN, 0}, {wakes_, POLLIN, 0}}};
    int left = -1;
    if (at_most) {
      const auto rest = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now()).count();
      left = static_cast<int>(std::clamp<std::int64_t>(rest, 0, 86'400'000));
    }
    const int ready = poll(waits.data(), waits.size(), left);
    if (ready < 0 && errno == EINTR) continue;
    signalfd_siginfo info;
    if (waits[0].revents != 0 && read(signals_, &info, sizeof info) == sizeof info) return Woken::kSignal;
    std::uint64_t wakes = 0;
    if (waits[1].revents != 0 && read(wakes_, &wakes, sizeof wakes) == sizeof wakes) return Woken::kWake;
    if (ready == 0) return Woken::kTimeout;
  }
}

void StopSignals::wake() {
  const std::uint64_t one = 1;
  // A full counter is as good as a wake.
  [[maybe_unused]] const auto written = write(wakes_, &one, sizeof one);
}

void StopSignals::exit_on_next() {
  const auto set = stop_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace signpost::app
