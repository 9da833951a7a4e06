// SPDX-License-Identifier: Apache-2.0
//
// SIGTERM and SIGINT as something one waits for, instead of something that interrupts.
// Owned by a command, built before any other thread (threads inherit the blocked signals); wait on the main thread,
// wake from any. While one exists no stop signal ends the process by itself, until exit_on_next().
#pragma once

#include <optional>

#include "base/time.h"

namespace signpost::app {

class StopSignals {
 public:
  enum class Woken { kSignal, kWake, kTimeout };

  StopSignals();
  /// Gives the signals back their default.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Until a signal, a wake or, if given, the time is over.
  Woken wait(std::optional<Milliseconds> at_most = std::nullopt);
  void wake();
  /// From now on a stop signal ends the process at once with its default action.
  void exit_on_next();

 private:
  int signals_;
  int wakes_;
};

}  // namespace signpost::app
