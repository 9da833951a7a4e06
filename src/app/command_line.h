// SPDX-License-Identifier: Apache-2.0
//
// The words after `signpost`: which command they mean, with which options, and how its end becomes an exit status. The
// door to CLI11. Functions of the main thread. 0: it worked, 1: it failed and standard error says why, 2: the words
// make no command.
#pragma once

#include <string>
#include <vector>

#include "app/console.h"

namespace signpost::app {

/// `words` without the program's name.
int run(Console& console, const std::vector<std::string>& words);

/// With the streams, the environment and the terminal of the process.
int run_process(int argc, char** argv);

}  // namespace signpost::app
