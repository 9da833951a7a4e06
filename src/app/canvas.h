// SPDX-License-Identifier: Apache-2.0
//
// A picture on a terminal that is drawn again over itself.
// Owned by a command; the main thread; the console outlives it.
#pragma once

#include <string>

#include "app/console.h"

namespace signpost::app {

class Canvas {
 public:
  explicit Canvas(Console& console) : console_(console) {}
  /// Lines, each ended by "\n"; as many as the terminal has rows.
  void draw(const std::string& picture);
  /// Takes the last picture away.
  void wipe();

 private:
  Console& console_;
  std::size_t drawn_ = 0;
};

}  // namespace signpost::app
