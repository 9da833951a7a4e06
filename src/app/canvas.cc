// SPDX-License-Identifier: Apache-2.0
#include "app/canvas.h"

#include <algorithm>
#include <ostream>

#include "base/text.h"

namespace signpost::app {

void Canvas::draw(const std::string& picture) {
  const auto lines = split(picture, '\n');
  const auto shown = std::min(lines.size() - 1, std::max<std::size_t>(console_.rows, 2) - 1);
  wipe();
  for (std::size_t i = 0; i < shown; ++i) console_.out << lines[i] << "\n";
  console_.out << std::flush;
  drawn_ = shown;
}

void Canvas::wipe() {
  if (drawn_ > 0) console_.out << format("\x1b[{}A\r\x1b[J", drawn_) << std::flush;
  drawn_ = 0;
}

}  // namespace signpost::app
