// SPDX-License-Identifier: Apache-2.0
#include "app/testing/spawned.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "app/command_line.h"

namespace signpost::app::testing {

Spawned::Spawned(std::vector<std::string> words, const std::vector<std::string>& environment) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  child_ = fork();
  if (child_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    for (const auto& variable : environment) putenv(const_cast<char*>(variable.c_str()));
    std::vector<char*> argv{const_cast<char*>("signpost")};
    for (auto& word : words) argv.push_back(word.data());
    const int status = run_process(static_cast<int>(argv.size()), argv.data());
    std::fflush(nullptr);
    _exit(status);
  }
  close(ends[1]);
  out_ = ends[0];
}

Spawned::~Spawned() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    end();
  }
  close(out_);
}

bool Spawned::says(std::string_view what) {
  while (text_.find(what) == std::string::npos) {
    if (!read_more()) return false;
  }
  return true;
}

void Spawned::signal(int number) const { kill(child_, number); }

int Spawned::end() {
  while (read_more()) {
  }
  if (!has_closed_) kill(child_, SIGKILL);
  int status = 0;
  waitpid(child_, &status, 0);
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Spawned::read_more() {
  pollfd wait{out_, POLLIN, 0};
  char buffer[4096];
  if (poll(&wait, 1, kPatienceMs) <= 0) return false;
  const auto count = read(out_, buffer, sizeof buffer);
  if (count > 0) text_.append(buffer, static_cast<std::size_t>(count));
  has_closed_ = count == 0;
  return count > 0;
}

}  // namespace signpost::app::testing
