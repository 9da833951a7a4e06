// SPDX-License-Identifier: Apache-2.0
//
// A console whose streams a test can read, and a directory that is gone when the test is.
// Owned by a test; its thread.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/console.h"
#include "base/clock.h"

namespace signpost::app::testing {

class TestConsole {
 public:
  int run(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    return app::run(console, words);
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  std::istringstream in;
  std::map<std::string, std::string> variables;

 private:
  std::ostringstream out_, err_;
  SystemClock clock_;

 public:
  Console console{in, out_, err_,
                  [this](const char* name) {
                    const auto found = variables.find(name);
                    return found == variables.end() ? std::string() : found->second;
                  },
                  clock_};
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "signpost-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace signpost::app::testing
