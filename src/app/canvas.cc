// SPDX-License-Identifier: Apache-2.0
#include "app/canvas.h"

#include <algorithm>
#include <ostream>

#include "base/text.h"

namespace signpost::app {

void Canvas::draw(const std::string& picture) {
  const auto lines = split(picture, '\n');
  const auto all = lines.size() - 1;
  const auto room = std::max<std::size_t>(console_.rows, 3) - 1;
  const auto shown = all <= room ? all : room - 1;
  // Line over line and the rest cleared at the end: a screen that is cleared first flickers.
  if (drawn_ > 0) console_.out << format("\x1b[{}A\r", drawn_);
  for (std::size_t i = 0; i < shown; ++i) console_.out << fit(lines[i], console_.columns) << "\x1b[K\n";
  if (shown < all) {
    console_.out << fit(format("… {} more lines; a taller window shows them", all - shown), console_.columns)
                 << "\x1b[K\n";
  }
  console_.out << "\x1b[J" << std::flush;
  drawn_ = std::min(all, room);
}

void Canvas::wipe() {
  if (drawn_ > 0) console_.out << format("\x1b[{}A\r\x1b[J", drawn_) << std::flush;
  drawn_ = 0;
}

}  // namespace signpost::app
