// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "app/testing/spawned.h"
#include "app/testing/test_console.h"
#include "net/http_client.h"

namespace signpost::app {
namespace {

class Serve : public ::testing::Test {
 protected:
  Serve() {
    std::ofstream(config())
        << "[api]\nlisten = \"127.0.0.1:0\"\n[operation]\nlisten = \"127.0.0.1:0\"\n[dns]\nresolvers = "
           "[\"127.0.0.1\"]\n[process]\nstop_budget = \"5s\"\nloops = 2\n";
  }
  std::string config() const { return (directory_.path() / "signpost.toml").string(); }
  std::string data() const { return (directory_.path() / "data").string(); }
  std::vector<std::string> words() const { return {"serve", "--config", config(), "--data", data()}; }
  testing::TemporaryDirectory directory_;
};

TEST_F(Serve, FirstStartPrintsAnAdminKeyOnceAndSigtermEndsItInOrder) {
  {
    testing::Spawned served(words());
    ASSERT_TRUE(served.says("serving")) << served.text();
    EXPECT_TRUE(std::regex_search(served.text(), std::regex("\n  sp_[0-9a-f]{64}\n"))) << served.text();
    EXPECT_TRUE(std::regex_search(served.text(), std::regex("API        http://127\\.0\\.0\\.1:[1-9]")))
        << served.text();
    EXPECT_NE(served.text().find("--cname-target HOST --config " + config() + " --data " + data() + "\n"),
              std::string::npos)
        << served.text();
    served.signal(SIGTERM);
    EXPECT_EQ(served.end(), 0) << served.text();
    EXPECT_NE(served.text().find("stopped"), std::string::npos);
    const auto key = served.text().find("sp_");
    EXPECT_EQ(served.text().find("sp_", key + 1), std::string::npos) << "the key is in the log too";
  }
  testing::Spawned again(words());
  ASSERT_TRUE(again.says("serving")) << again.text();
  EXPECT_EQ(again.text().find("sp_"), std::string::npos);
  again.signal(SIGINT);
  EXPECT_EQ(again.end(), 0) << again.text();
}

TEST_F(Serve, ASecondServerOnTheSameDirectoryIsRefusedWithASentence) {
  testing::Spawned first(words());
  ASSERT_TRUE(first.says("serving")) << first.text();
  testing::Spawned second(words());
  EXPECT_EQ(second.end(), 1);
  EXPECT_NE(second.text().find("another signpost serve runs on"), std::string::npos) << second.text();
}

TEST_F(Serve, AnAddressThatIsTakenIsSaidSo) {
  testing::Spawned first(words());
  ASSERT_TRUE(first.says("serving")) << first.text();
  std::smatch match;
  ASSERT_TRUE(std::regex_search(first.text(), match, std::regex("API        http://(127\\.0\\.0\\.1:\\d+)")));
  std::ofstream(config()) << "[api]\nlisten = \"" << match[1] << "\"\n[dns]\nresolvers = [\"127.0.0.1\"]\n";
  testing::Spawned second({"serve", "--config", config(), "--data", (directory_.path() / "other").string()});
  EXPECT_EQ(second.end(), 1);
  EXPECT_NE(second.text().find(match[1]), std::string::npos) << second.text();
}

TEST_F(Serve, ASourceAddressOfAnotherMachineIsSaidSo) {
  std::ofstream(config(), std::ios::app) << "[webhooks]\nsource_address = [\"127.0.0.1\", \"2001:db8::10\"]\n";
  testing::Spawned served(words());
  EXPECT_EQ(served.end(), 1);
  EXPECT_NE(served.text().find("2001:db8::10 is no address of this machine"), std::string::npos) << served.text();
}

/// The names after a marker, one for each match.
std::set<std::string> names_in(const std::string& text, const char* pattern) {
  const std::regex name(pattern);
  std::set<std::string> names;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), name); it != std::sregex_iterator(); ++it)
    names.insert((*it)[1]);
  return names;
}

TEST_F(Serve, WhatMetricsShowsIsWhatTheDocumentationLists) {
  testing::Spawned served(words());
  ASSERT_TRUE(served.says("serving")) << served.text();
  std::smatch match;
  ASSERT_TRUE(std::regex_search(served.text(), match, std::regex("operation  (http://127\\.0\\.0\\.1:\\d+)")));
  const auto scraped = net::HttpClient().call_blocking({.url = match[1].str() + "/metrics"});
  ASSERT_TRUE(scraped) << scraped.error().message;
  std::stringstream page;
  page << std::ifstream("docs/operating/metrics.md").rdbuf();
  EXPECT_EQ(names_in(page.str(), "\n\\| `(signpost_\\w+)`"), names_in(scraped->body, "# TYPE (\\w+)"));
}

}  // namespace
}  // namespace signpost::app
