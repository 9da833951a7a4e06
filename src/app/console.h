// SPDX-License-Identifier: Apache-2.0
//
// What a command has of the world: its three streams, the environment, and whether somebody is watching a terminal.
// Owned by main or a test; the main thread only.
// What is meant for machines or later reading goes to `out`; sentences about what went wrong go to `err`.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/clock.h"
#include "base/result.h"

namespace signpost::app {

enum class Exit { kOk = 0, kFailed = 1, kUsage = 2 };
enum class Screen { kPlain, kTerminal };
enum class OutputForm { kText, kJson };

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Environment environment;
  const Clock& clock;
  Screen screen = Screen::kPlain;
  std::size_t columns = 80;
  std::size_t rows = 24;
  // Whether what is written to `out` is seen, and whether somebody may answer at `in`: of any terminal, also a dumb
  // one.
  Screen output = Screen::kPlain;
  Screen input = Screen::kPlain;
};

/// Says what is wrong with the words of a command.
Exit wrong_usage(Console& console, const Error& error);

/// Reads a whole file, "-" for standard input. kNotFound if it cannot be read, kTooLarge over bytes_max.
Result<std::string> read_text(Console& console, std::string_view file, std::size_t bytes_max);

/// Text from elsewhere, fit for a terminal: no control character gets through. Cut to `columns` characters with "…".
std::string fit(std::string_view text, std::size_t columns);
/// The same, filled with blanks to exactly `columns`.
std::string pad(std::string_view text, std::size_t columns);
/// Lines of at most `columns`, broken at blanks, each with the indent in front.
std::string wrap(std::string_view text, std::size_t columns, std::string_view indent);

}  // namespace signpost::app
