// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "app/data_directory.h"
#include "app/testing/test_console.h"
#include "app/version.h"

namespace signpost::app {
namespace {

using testing::TemporaryDirectory;
using testing::TestConsole;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string first_match(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match.str(0) : "";
}

TEST(CommandLine, HelpNamesEveryCommandAndTheFirstSteps) {
  TestConsole console;
  EXPECT_EQ(console.run({"--help"}), 0);
  for (const auto* command : {"serve", "app", "member", "key", "mail", "connect", "watch", "dns", "certificate",
                              "webhook", "config", "First steps", "SIGNPOST_KEY"}) {
    EXPECT_TRUE(has(console.out(), command)) << command;
  }
  EXPECT_EQ(console.err(), "");
}

TEST(CommandLine, EveryCommandHasHelpThatExplainsIt) {
  TestConsole console;
  for (const auto& words : std::vector<std::vector<std::string>>{{"serve"},
                                                                 {"app"},
                                                                 {"app", "create"},
                                                                 {"app", "list"},
                                                                 {"app", "show"},
                                                                 {"app", "rotate-secret"},
                                                                 {"app", "promote-secret"},
                                                                 {"app", "delete"},
                                                                 {"member"},
                                                                 {"member", "add"},
                                                                 {"member", "list"},
                                                                 {"member", "set-role"},
                                                                 {"member", "remove"},
                                                                 {"mail"},
                                                                 {"mail", "test"},
                                                                 {"key"},
                                                                 {"key", "create"},
                                                                 {"key", "list"},
                                                                 {"key", "revoke"},
                                                                 {"connect"},
                                                                 {"watch"},
                                                                 {"dns"},
                                                                 {"dns", "observe"},
                                                                 {"acme-zone"},
                                                                 {"acme-zone", "records"},
                                                                 {"acme-zone", "check"},
                                                                 {"certificate"},
                                                                 {"certificate", "list"},
                                                                 {"certificate", "show"},
                                                                 {"certificate", "renew"},
                                                                 {"certificate", "revoke"},
                                                                 {"certificate", "export"},
                                                                 {"authority"},
                                                                 {"authority", "list"},
                                                                 {"authority", "rollover-key"},
                                                                 {"webhook"},
                                                                 {"webhook", "verify"},
                                                                 {"webhook", "listen"},
                                                                 {"webhook", "test"},
                                                                 {"config"},
                                                                 {"config", "check"},
                                                                 {"config", "show"}}) {
    auto help = words;
    help.push_back("--help");
    EXPECT_EQ(console.run(help), 0) << words.back();
    EXPECT_GT(console.out().size(), 80U) << words.back();
  }
}

TEST(CommandLine, PrintsTheContractOfWebhooks) {
  TestConsole console;
  EXPECT_EQ(console.run({"webhook", "schema"}), 0);
  EXPECT_TRUE(has(console.out(), "https://json-schema.org/draft/2020-12/schema"));
  EXPECT_EQ(console.run({"webhook", "docs"}), 0);
  EXPECT_TRUE(has(console.out(), "purchase.confirmation.expired"));
}

TEST(CommandLine, PrintsTheCausesOfCertificates) {
  TestConsole console;
  EXPECT_EQ(console.run({"certificate", "causes"}), 0);
  EXPECT_TRUE(has(console.out(), "certificate_caa_forbids"));
}

TEST(CommandLine, APrivateKeyIsNotShownOnATerminalUnlessItIsForced) {
  TestConsole console;
  console.console.output = Screen::kTerminal;
  std::vector<std::string> words{"certificate", "export", "crt_0000000000001", "--key-file", "-", "--data", "/nowhere"};
  EXPECT_EQ(console.run(words), 1);
  EXPECT_TRUE(has(console.err(), "--force")) << console.err();
  words.emplace_back("--force");
  EXPECT_EQ(console.run(words), 1);
  EXPECT_TRUE(has(console.err(), "/nowhere")) << console.err();
}

TEST(CommandLine, WordsThatMakeNoCommandEndWithTwo) {
  TestConsole console;
  for (const auto& words : std::vector<std::vector<std::string>>{
           {},
           {"serv"},
           {"app"},
           {"app", "create"},
           {"app", "show"},
           {"serve", "--port", "1"},
           {"app", "rotate-secret", "app_1", "--overlap", "soon"},
           {"connect", "www.shop.example", "--organization", "acme"},
           {"connect", "www.shop.example", "--organization", "acme", "--record", "CNAME www"},
           {"dns", "observe", "shop.example"},
           {"dns", "observe", "shop.example", "A", "--resolver", "ns.example"},
           {"dns", "observe", "shop.example", "A", "--allow", "10.0.0.1/8"},
           {"webhook", "listen", "--accept", "v3"},
           {"webhook", "test"},
           {"webhook", "test", "endpoint"},
           {"webhook", "test", "end_0000000000001", "--type", "domain.timeout"},
           {"webhook", "listen", "--until", "later"},
           {"webhook", "listen", "--listen", "127.0.0.1:99999", "--secret", "x"},
           {"webhook", "listen", "--listen", "localhost:9000", "--secret", "x"},
           {"webhook", "listen"},
           {"webhook", "verify", "--headers", "packaging/signpost.toml"},
           {"dns", "observe", "shop.example", "FOO"},
           {"dns", "observe", "a..b", "A"},
           {"dns", "observe", "shop.example", "A", "1.2.3"},
           {"dns", "observe", "shop.example", "AAAA", "192.0.2.1"},
           {"dns", "observe", "shop.example", "CNAME", "https://app.saas.example/"},
           {"dns", "observe", "shop.example", "MX", "70000 mail.saas.example"},
           {"dns", "observe", "shop.example", "A", "--authority-port", "0"},
           {"certificate", "list", "--ends-within", "soon"},
           {"certificate", "show", "con_0000000000001"},
           {"certificate", "revoke", "crt_0000000000001", "--reason", "boredom"},
           {"certificate", "revoke", "crt_0000000000001", "--yes", "--dry-run"},
           {"certificate", "export", "crt_0000000000001"},
           {"watch", "con_bad"},
           {"watch", "con_0000000000001"},
           {"watch", "con_0000000000001", "--key", "sp_x", "--server", "nowhere"},
           {"connect", "a..b", "--organization", "acme", "--record", "A @ 192.0.2.1", "--key", "sp_x"},
           {"connect", "shop.example", "--organization", "acme", "--record", "A @ 192.0.2.1", "--application", "x"},
           {"app", "show", "app_xxx"},
           {"key", "revoke", "key_xxx"},
           {"key", "create", "--application", "app_xxx"},
           {"webhook", "listen", "--status", "99"}}) {
    EXPECT_EQ(console.run(words), 2) << (words.empty() ? "" : words.back());
    EXPECT_TRUE(console.err().starts_with("signpost: ")) << console.err();
    EXPECT_EQ(console.out(), "");
  }
}

TEST(CommandLine, AnUnknownWordIsNamedBesideWhatIsKnown) {
  TestConsole console;
  console.run({"frobnicate"});
  EXPECT_EQ(console.err(),
            "signpost: there is no command \"frobnicate\": it is one of serve, app, member, key, mail, connect, "
            "watch, dns, acme-zone, certificate, authority, webhook, config\n\"signpost --help\" says more\n");
  console.run({"app", "remove"});
  EXPECT_TRUE(has(console.err(), "signpost: there is no command \"app remove\": it is one of app create, app list, "))
      << console.err();
  EXPECT_TRUE(has(console.err(), "\"signpost app --help\" says more")) << console.err();
  console.run({"app", "create", "--name", "x", "--webhok", "u"});
  EXPECT_EQ(console.err(),
            "signpost: \"--webhok u\" is nothing that signpost app create takes\n\"signpost app create --help\" says "
            "more\n");
}

TEST(CommandLine, AWrongWordIsNamedAsItWasWritten) {
  TestConsole console;
  console.run({"dns", "observe", "shop.example", "FOO"});
  EXPECT_TRUE(has(console.err(), "signpost: TYPE: \"FOO\" is no record type")) << console.err();
  console.run({"dns", "observe", "shop.example", "A", "1.2.3"});
  EXPECT_TRUE(has(console.err(), "signpost: VALUE: ")) << console.err();
  console.run({"app", "create"});
  EXPECT_TRUE(console.err().starts_with("signpost: --name is required\n")) << console.err();
}

TEST(CommandLine, TheVersionIsThatOfTheBuildAndTheChangelog) {
  TestConsole console;
  EXPECT_EQ(console.run({"--version"}), 0);
  EXPECT_EQ(console.out(), "signpost " + std::string(kVersion) + "\n");
  std::stringstream build;
  build << std::ifstream("CMakeLists.txt").rdbuf();
  EXPECT_TRUE(has(build.str(), "project(signpost VERSION " + std::string(kVersion) + " "));
}

TEST(CommandLine, ConfigCheckSaysTheSentenceAndEndsWithOne) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "bad.toml";
  std::ofstream(file) << "[api]\nlisen = \"127.0.0.1:1\"\n";
  TestConsole console;
  EXPECT_EQ(console.run({"config", "check", file.string()}), 1);
  EXPECT_TRUE(has(console.err(), "bad.toml:2: unknown setting \"api.lisen\"")) << console.err();
  EXPECT_EQ(console.run({"config", "check", "packaging/signpost.toml"}), 0);
  EXPECT_EQ(console.run({"config", "check", "/nonexistent.toml"}), 1);
  EXPECT_TRUE(has(console.err(), "cannot be read"));
}

TEST(CommandLine, ConfigShowTellsDefaults) {
  TestConsole console;
  EXPECT_EQ(console.run({"config", "show"}), 0);
  EXPECT_TRUE(has(console.out(), "listen = \"127.0.0.1:8080\"  # default")) << console.out();
}

TEST(CommandLine, CommandsForTheApiAskForAKey) {
  TestConsole console;
  EXPECT_EQ(console.run({"watch", "con_0000000000001"}), 2);
  EXPECT_TRUE(has(console.err(), "SIGNPOST_KEY")) << console.err();
}

TEST(CommandLine, CommandsForCertificatesAskForAKey) {
  TestConsole console;
  for (const auto* command : {"show", "renew", "revoke"}) {
    EXPECT_EQ(console.run({"certificate", command, "crt_0000000000001"}), 1);
    EXPECT_TRUE(has(console.err(), "SIGNPOST_KEY")) << console.err();
  }
}

TEST(CommandLine, AnUnreachableServerIsSaidSo) {
  TestConsole console;
  EXPECT_EQ(console.run({"connect", "www.shop.example", "--organization", "acme", "--record",
                         "CNAME www app.saas.example", "--key", "sp_x", "--server", "http://127.0.0.1:1"}),
            1);
  EXPECT_TRUE(has(console.err(), "is signpost serve running there?")) << console.err();
}

// ── app and key, on a database of their own ─────────────────────────────────────────────────────────────────────

class StoreCommands : public ::testing::Test {
 protected:
  int run(std::vector<std::string> words) {
    words.insert(words.end(), {"--data", data()});
    return console_.run(words);
  }
  std::string data() const { return (directory_.path() / "data").string(); }
  std::string create(const std::string& name) {
    EXPECT_EQ(run({"app", "create", "--name", name}), 0) << console_.err();
    return first_match(console_.out(), "app_[0-9a-z]{13}");
  }
  TemporaryDirectory directory_;
  TestConsole console_;
};

TEST_F(StoreCommands, CreatePrintsTheSecretOnceAndListAndShowNever) {
  ASSERT_EQ(run({"app", "create", "--name", "My SaaS", "--webhook-url", "https://hooks.saas.example/in",
                 "--cname-target", "app.saas.example", "--allowed-origin", "https://app.saas.example",
                 "--allowed-origin", "https://www.saas.example"}),
            0)
      << console_.err();
  const auto id = first_match(console_.out(), "app_[0-9a-z]{13}");
  const auto secret = std::regex_replace(first_match(console_.out(), "secret +\\S+"), std::regex("secret +"), "");
  ASSERT_FALSE(id.empty());
  ASSERT_GT(secret.size(), 20U);
  EXPECT_TRUE(has(console_.out(), "https://hooks.saas.example/in"));
  ASSERT_EQ(run({"app", "list"}), 0);
  EXPECT_TRUE(has(console_.out(), id + "  "));
  EXPECT_FALSE(has(console_.out(), secret));
  ASSERT_EQ(run({"app", "show", id}), 0);
  EXPECT_TRUE(has(console_.out(), "https://app.saas.example, https://www.saas.example")) << console_.out();
  EXPECT_FALSE(has(console_.out(), secret));
}

TEST_F(StoreCommands, CreateAsJsonHoldsIdAndSecret) {
  ASSERT_EQ(run({"app", "create", "--name", "Demo", "--json"}), 0) << console_.err();
  EXPECT_TRUE(std::regex_search(console_.out(), std::regex("\"id\":\"app_[0-9a-z]{13}\""))) << console_.out();
  EXPECT_TRUE(has(console_.out(), "\"secret\":\""));
}

TEST_F(StoreCommands, CreateRefusesWrongValuesByTheNamesOfItsOptions) {
  create("Demo");  // so that no new database is told of
  const auto refused = [&](std::vector<std::string> more, std::string_view sentence) {
    std::vector<std::string> words{"app", "create", "--name", "x"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run(words), 2) << console_.err();
    EXPECT_TRUE(console_.err().starts_with("signpost: " + std::string(sentence))) << console_.err();
    for (const auto* of_the_api : {"webhook_url", "cname_target", "allowed_origins", "identity."})
      EXPECT_FALSE(has(console_.err(), of_the_api)) << console_.err();
  };
  refused({"--webhook-url", "ftp://hooks.example/"}, "--webhook-url: ");
  refused({"--cname-target", "a..b"}, "--cname-target: ");
  refused({"--allowed-origin", "https://a.example", "--allowed-origin", "nonsense"}, "--allowed-origin (number 2): ");
  refused({"--audience", "x"}, "--audience needs --issuer");
  refused({"--issuer", "https://clerk.example", "--audience", ""}, "--audience (number 1) must have");
}

TEST_F(StoreCommands, ASecretIsRotatedAndPromoted) {
  const auto id = create("Demo");
  ASSERT_EQ(run({"app", "rotate-secret", id, "--overlap", "2h"}), 0) << console_.err();
  EXPECT_TRUE(has(console_.out(), "new secret"));
  EXPECT_TRUE(has(console_.out(), "promote-secret " + id + " --data " + data() + "\n")) << console_.out();
  ASSERT_EQ(run({"app", "promote-secret", id}), 0) << console_.err();
  EXPECT_TRUE(has(console_.out(), "sec_"));
}

TEST_F(StoreCommands, DeleteSaysWhatItWouldDeleteBeforeItDoes) {
  const auto id = create("Demo");
  EXPECT_EQ(run({"app", "delete", id}), 1);
  EXPECT_TRUE(has(console_.out(), "0 connections")) << console_.out();
  EXPECT_TRUE(has(console_.err(), "--yes"));
  EXPECT_EQ(run({"app", "show", id}), 0);
  EXPECT_EQ(run({"app", "delete", id, "--yes"}), 0) << console_.err();
  EXPECT_EQ(run({"app", "show", id}), 1);
}

TEST_F(StoreCommands, AKeyIsShownOnceAndCanBeRevoked) {
  ASSERT_EQ(run({"key", "create", "--name", "deploy"}), 0) << console_.err();
  const auto key = first_match(console_.out(), "sp_[0-9a-f]{64}");
  const auto id = first_match(console_.out(), "key_[0-9a-z]{13}");
  ASSERT_FALSE(key.empty());
  ASSERT_EQ(run({"key", "revoke", id}), 0) << console_.err();
  ASSERT_EQ(run({"key", "list"}), 0);
  EXPECT_TRUE(has(console_.out(), id));
  EXPECT_TRUE(has(console_.out(), "revoked"));
  EXPECT_FALSE(has(console_.out(), key));
}

TEST_F(StoreCommands, MembersComeChangeTheirRoleAndGo) {
  const auto application = create("Demo");
  const auto member = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "member");
    words.insert(words.end(), {"--application", application});
    return run(words);
  };
  ASSERT_EQ(member({"add", "--name", "Ada", "--email", "ada@saas.example", "--role", "Admin"}), 0) << console_.err();
  const auto ada = first_match(console_.out(), "mem_[0-9a-z]{13}");
  ASSERT_EQ(member({"list"}), 0);
  EXPECT_TRUE(has(console_.out(), ada + "  Admin      Ada  ada@saas.example")) << console_.out();
  EXPECT_TRUE(has(console_.out(), "owner  no mail address")) << console_.out();
  ASSERT_EQ(member({"set-role", ada, "Support"}), 0) << console_.err();
  EXPECT_TRUE(has(console_.out(), "get nothing")) << console_.out();
  ASSERT_EQ(member({"remove", ada}), 0) << console_.err();
  EXPECT_EQ(member({"remove", ada}), 1);
  EXPECT_EQ(member({"add", "--name", "Eve", "--email", "Eve <eve@saas.example>"}), 2);
  EXPECT_TRUE(has(console_.err(), "--email")) << console_.err();
  EXPECT_EQ(member({"add", "--name", "Eve", "--role", "Owner"}), 2);
  ASSERT_EQ(member({"list", "--json"}), 0);
  EXPECT_TRUE(console_.out().starts_with("[{\"id\":\"mem_")) << console_.out();
}

TEST_F(StoreCommands, TheLastAdminStays) {
  const auto application = create("Demo");
  ASSERT_EQ(run({"member", "list", "--application", application}), 0);
  const auto owner = first_match(console_.out(), "mem_[0-9a-z]{13}");
  EXPECT_EQ(run({"member", "set-role", owner, "Viewer", "--application", application}), 1);
  EXPECT_TRUE(has(console_.err(), "another member the role Admin first")) << console_.err();
}

TEST_F(StoreCommands, AWebhookUrlThatIsNotPublicIsRefusedWithTheReason) {
  create("Demo");
  EXPECT_EQ(run({"app", "create", "--name", "x", "--webhook-url", "http://127.0.0.1:4000/"}), 2);
  EXPECT_TRUE(has(console_.err(), "--webhook-url")) << console_.err();
  EXPECT_TRUE(has(console_.err(), "port 4000 is not allowed")) << console_.err();
}

TEST(CommandLine, MailTestNeedsAMailServer) {
  TestConsole console;
  EXPECT_EQ(console.run({"mail", "test", "ops@saas.example"}), 1);
  EXPECT_TRUE(has(console.err(), "smtp.url")) << console.err();
  EXPECT_EQ(console.run({"mail", "test", "Ops <ops@saas.example>"}), 2);
}

TEST_F(StoreCommands, ListInADirectoryWithoutADatabaseNamesTheWayOut) {
  EXPECT_EQ(run({"app", "list"}), 1);
  EXPECT_TRUE(has(console_.err(), "--data")) << console_.err();
  EXPECT_FALSE(std::filesystem::exists(data()));
}

/// A directory of its own as the working directory, which holds no database.
class InAnEmptyDirectory : public ::testing::Test {
 protected:
  InAnEmptyDirectory() { std::filesystem::current_path(directory_.path()); }
  ~InAnEmptyDirectory() override { std::filesystem::current_path(before_); }
  const std::filesystem::path before_ = std::filesystem::current_path();
  TemporaryDirectory directory_;
  TestConsole console_;
};

TEST_F(InAnEmptyDirectory, NoCommandMakesADatabaseUnasked) {
  if (DataDirectory::default_path() != "signpost-data") GTEST_SKIP() << "Signpost is installed on this machine";
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"app", "create", "--name", "Demo"}, {"key", "create"}}) {
    EXPECT_EQ(console_.run(words), 1);
    EXPECT_TRUE(has(console_.err(), "--data")) << console_.err();
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  }
}

TEST_F(InAnEmptyDirectory, NoCommandMakesAMasterKeyForADatabaseElsewhere) {
  if (DataDirectory::default_path() != "signpost-data") GTEST_SKIP() << "Signpost is installed on this machine";
  console_.variables["SIGNPOST_STORE_URL"] = "postgresql://nobody@127.0.0.1:1/none";
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"app", "create", "--name", "Demo"}, {"app", "list"}}) {
    EXPECT_EQ(console_.run(words), 1);
    EXPECT_TRUE(has(console_.err(), "master key")) << console_.err();
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  }
}

TEST_F(StoreCommands, ExportOfACertificateThatIsNotThereWritesNothing) {
  create("Demo");
  const auto key = directory_.path() / "key.pem";
  EXPECT_EQ(run({"certificate", "export", "crt_0000000000001", "--key-file", key.string()}), 1);
  EXPECT_TRUE(has(console_.err(), "there is no certificate crt_0000000000001")) << console_.err();
  EXPECT_FALSE(std::filesystem::exists(key));
}

TEST_F(StoreCommands, ANewDatabaseIsSaidSo) {
  create("Demo");
  EXPECT_EQ(console_.err(), "signpost: new database made in " + data() + "\n");
  create("Demo");
  EXPECT_EQ(console_.err(), "");
}

TEST_F(StoreCommands, WhatTheyCreateIsForTheOwnersEyesOnly) {
  create("Demo");
  using std::filesystem::perms;
  const auto mode = [&](const std::string& file) { return std::filesystem::status(data() + file).permissions(); };
  EXPECT_EQ(mode(""), perms::owner_all);
  EXPECT_EQ(mode("/master.key"), perms::owner_read | perms::owner_write);
  EXPECT_EQ(mode("/signpost.db") & (perms::group_all | perms::others_all), perms::none);
}

TEST_F(StoreCommands, ADatabaseWithoutItsMasterKeyIsNotGivenANewOne) {
  create("Demo");
  std::filesystem::remove(data() + "/master.key");
  EXPECT_EQ(run({"app", "list"}), 1);
  EXPECT_TRUE(has(console_.err(), "restore the key")) << console_.err();
  EXPECT_FALSE(std::filesystem::exists(data() + "/master.key"));
}

}  // namespace
}  // namespace signpost::app
