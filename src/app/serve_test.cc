// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "app/testing/test_console.h"

namespace signpost::app {
namespace {

constexpr int kPatienceMs = 30'000;

/// `signpost serve` in a process of its own, whose two streams come back through one pipe.
class Served {
 public:
  explicit Served(std::vector<std::string> words) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      std::vector<char*> argv{const_cast<char*>("signpost")};
      for (auto& word : words) argv.push_back(word.data());
      const int status = run_process(static_cast<int>(argv.size()), argv.data());
      std::fflush(nullptr);
      _exit(status);
    }
    close(ends[1]);
    out_ = ends[0];
  }
  ~Served() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      end();
    }
    close(out_);
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  bool says(std::string_view what) {
    while (text_.find(what) == std::string::npos) {
      if (!read_more()) return false;
    }
    return true;
  }
  void signal(int number) const { kill(child_, number); }
  /// The exit status; 128 and more for a signal: that of a process which has to be killed because it does not end.
  int end() {
    while (read_more()) {
    }
    if (!has_closed_) kill(child_, SIGKILL);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  const std::string& text() const { return text_; }

 private:
  bool read_more() {
    pollfd wait{out_, POLLIN, 0};
    char buffer[4096];
    if (poll(&wait, 1, kPatienceMs) <= 0) return false;
    const auto count = read(out_, buffer, sizeof buffer);
    if (count > 0) text_.append(buffer, static_cast<std::size_t>(count));
    has_closed_ = count == 0;
    return count > 0;
  }
  pid_t child_ = -1;
  int out_ = -1;
  bool has_closed_ = false;
  std::string text_;
};

class Serve : public ::testing::Test {
 protected:
  Serve() {
    std::ofstream(config()) << "[api]\nlisten = \"127.0.0.1:0\"\n[operation]\nlisten = \"127.0.0.1:0\"\n[dns]\nresolvers = "
                               "[\"127.0.0.1\"]\n[process]\nstop_budget = \"5s\"\nloops = 2\n";
  }
  std::string config() const { return (directory_.path() / "signpost.toml").string(); }
  std::string data() const { return (directory_.path() / "data").string(); }
  std::vector<std::string> words() const { return {"serve", "--config", config(), "--data", data()}; }
  testing::TemporaryDirectory directory_;
};

TEST_F(Serve, FirstStartPrintsAnAdminKeyOnceAndSigtermEndsItInOrder) {
  {
    Served served(words());
    ASSERT_TRUE(served.says("serving")) << served.text();
    EXPECT_TRUE(std::regex_search(served.text(), std::regex("\n  sp_[0-9a-f]{64}\n"))) << served.text();
    EXPECT_TRUE(std::regex_search(served.text(), std::regex("API        http://127\\.0\\.0\\.1:[1-9]"))) << served.text();
    served.signal(SIGTERM);
    EXPECT_EQ(served.end(), 0) << served.text();
    EXPECT_NE(served.text().find("stopped"), std::string::npos);
    const auto key = served.text().find("sp_");
    EXPECT_EQ(served.text().find("sp_", key + 1), std::string::npos) << "the key is in the log too";
  }
  Served again(words());
  ASSERT_TRUE(again.says("serving")) << again.text();
  EXPECT_EQ(again.text().find("sp_"), std::string::npos);
  again.signal(SIGINT);
  EXPECT_EQ(again.end(), 0) << again.text();
}

TEST_F(Serve, ASecondServerOnTheSameDirectoryIsRefusedWithASentence) {
  Served first(words());
  ASSERT_TRUE(first.says("serving")) << first.text();
  Served second(words());
  EXPECT_EQ(second.end(), 1);
  EXPECT_NE(second.text().find("another signpost serve runs on"), std::string::npos) << second.text();
}

TEST_F(Serve, AnAddressThatIsTakenIsSaidSo) {
  Served first(words());
  ASSERT_TRUE(first.says("serving")) << first.text();
  std::smatch match;
  ASSERT_TRUE(std::regex_search(first.text(), match, std::regex("API        http://(127\\.0\\.0\\.1:\\d+)")));
  std::ofstream(config()) << "[api]\nlisten = \"" << match[1] << "\"\n[dns]\nresolvers = [\"127.0.0.1\"]\n";
  Served second({"serve", "--config", config(), "--data", (directory_.path() / "other").string()});
  EXPECT_EQ(second.end(), 1);
  EXPECT_NE(second.text().find(match[1]), std::string::npos) << second.text();
}

}  // namespace
}  // namespace signpost::app
