// SPDX-License-Identifier: Apache-2.0
#include "cloud/aws_credentials.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <thread>

#include "cloud/testing/aws_world.h"
#include "net/testing/scripted_server.h"

namespace signpost::cloud {
namespace {

using namespace std::chrono_literals;

AwsCredentialSettings::Environment environment(std::map<std::string, std::string, std::less<>> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(AwsCredentialSettings, ReadAwsOwnVariables) {
  const auto settings =
      AwsCredentialSettings::from_environment(
          environment({{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}}))
          .value();
  EXPECT_EQ(settings.environment->access_key_id, "AKIA");
  EXPECT_EQ(settings.environment->secret_access_key.expose(), "s");
  EXPECT_EQ(settings.environment->session_token.expose(), "t");
  EXPECT_EQ(settings.instance_endpoint, "http://169.254.169.254");
}

TEST(AwsCredentialSettings, NeedAKeyAndItsSecret) {
  EXPECT_FALSE(AwsCredentialSettings::from_environment(environment({{"AWS_ACCESS_KEY_ID", "AKIA"}})));
  EXPECT_FALSE(AwsCredentialSettings::from_environment(environment({{"AWS_SECRET_ACCESS_KEY", "s"}})));
}

TEST(AwsCredentialSettings, KnowTheContainersAndTheInstancesMetadata) {
  const auto read = [](std::string name, std::string value) {
    return AwsCredentialSettings::from_environment(environment({{std::move(name), std::move(value)}}));
  };
  EXPECT_EQ(read("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x").value().container_uri, "http://169.254.170.2/v2/x");
  EXPECT_EQ(read("AWS_EC2_METADATA_DISABLED", "TRUE").value().instance_endpoint, "");
  EXPECT_EQ(read("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://[fd00:ec2::254]/").value().instance_endpoint,
            "http://[fd00:ec2::254]");
}

TEST(AwsCredentialSettings, SendAContainersTokenInClearToThisMachineAndAwsOnly) {
  const auto is_taken = [](std::string uri) {
    return AwsCredentialSettings::from_environment(
               environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", std::move(uri)}}))
        .has_value();
  };
  for (const auto* uri : {"http://127.0.0.1:1234/c", "http://localhost/c", "http://169.254.170.23/v1/credentials",
                          "http://[fd00:ec2::23]/v1/credentials", "https://vault.shop.example/aws"})
    EXPECT_TRUE(is_taken(uri)) << uri;
  for (const auto* uri : {"http://vault.shop.example/aws", "http://192.0.2.1/", "ftp://127.0.0.1/", "nonsense"})
    EXPECT_FALSE(is_taken(uri)) << uri;
}

class AwsCredentialChainTest : public testing::AwsWorld {
 protected:
  AwsCredentialSettings of_instance() {
    AwsCredentialSettings settings;
    settings.instance_endpoint = server_.url();
    return settings;
  }
  AwsCredentialSettings of_container() {
    AwsCredentialSettings settings;
    settings.container_uri = server_.url() + "/container/credentials";
    settings.container_token = crypto::Secret("container-token");
    return settings;
  }
  AwsCredentials given(std::string key) { return {std::move(key), crypto::Secret("s"), {}, {}}; }
  std::int64_t fetches() { return state().at("metadata_fetches").as_int64(); }
};

TEST_F(AwsCredentialChainTest, PrefersTheSettingsThenTheEnvironmentThenTheContainer) {
  auto settings = of_container();
  settings.given = given("SETTINGS");
  settings.environment = given("ENVIRONMENT");
  EXPECT_EQ(run(AwsCredentialChain(http_, clock_, settings).credentials())->access_key_id, "SETTINGS");
  settings.given.reset();
  EXPECT_EQ(run(AwsCredentialChain(http_, clock_, settings).credentials())->access_key_id, "ENVIRONMENT");
  settings.environment.reset();
  EXPECT_TRUE(run(AwsCredentialChain(http_, clock_, settings).credentials())->access_key_id.starts_with("ASIAROLE"));
}

TEST_F(AwsCredentialChainTest, AsksTheInstanceWithASessionToken) {
  AwsCredentialChain chain(http_, clock_, of_instance());
  const auto found = run(chain.credentials());
  ASSERT_TRUE(found.has_value()) << found.error().error.message;
  EXPECT_FALSE(found->session_token.is_empty());
  EXPECT_GT(*found->expires_at, clock_.now() + 50min);
}

TEST_F(AwsCredentialChainTest, SignsWithTheSessionOfARole) {
  AwsCredentialChain chain(http_, clock_, of_instance());
  Acm acm(http_, chain, random_, clock_, server_.pointed_here(Acm::settings_of()));
  const auto listed = run(acm.list(soon()));
  EXPECT_TRUE(listed.has_value()) << listed.error().error.message;
}

TEST_F(AwsCredentialChainTest, ReadsTheContainersTokenAnewFromItsFile) {
  const auto path = std::filesystem::temp_directory_path() / format("signpost-token-{}", ::getpid());
  auto settings = of_container();
  settings.container_token_file = path.string();
  AwsCredentialChain chain(http_, clock_, settings);
  std::ofstream(path) << "another";
  EXPECT_EQ(run(chain.credentials()).error().trouble, AwsTrouble::kNoCredentials);
  std::ofstream(path, std::ios::trunc) << "container-token\n";
  clock_.advance(6s);
  EXPECT_TRUE(run(chain.credentials()).has_value());
  std::filesystem::remove(path);
}

TEST_F(AwsCredentialChainTest, KeepsASessionUntilTenMinutesBeforeItsEnd) {
  AwsCredentialChain chain(http_, clock_, of_instance());
  const auto first = run(chain.credentials())->access_key_id;
  pass(49min);
  EXPECT_EQ(run(chain.credentials())->access_key_id, first);
  EXPECT_EQ(fetches(), 1);
  pass(2min);
  EXPECT_NE(run(chain.credentials())->access_key_id, first);
  EXPECT_EQ(fetches(), 2);
}

TEST_F(AwsCredentialChainTest, RenewsOnceHoweverManyAsk) {
  AwsCredentialChain chain(http_, clock_, of_instance());
  std::vector<std::future<AwsResult<AwsCredentials>>> asked;
  for (int i = 0; i < 20; ++i)
    asked.push_back(boost::asio::co_spawn(loop_, chain.credentials(), boost::asio::use_future));
  loop_.run();
  for (auto& one : asked) EXPECT_TRUE(one.get().has_value());
  EXPECT_EQ(fetches(), 1);
}

TEST_F(AwsCredentialChainTest, LetsSoManyWaitForARenewalAndNoMore) {
  std::promise<void> all_ask;
  const net::testing::ScriptedServer slow(
      [&, released = all_ask.get_future().share()](net::testing::RawPeer& peer, int) {
        peer.read_message();
        released.wait();
        peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      });
  AwsCredentialSettings settings;
  settings.container_uri = format("http://127.0.0.1:{}/", slow.port());
  AwsCredentialChain chain(http_, clock_, settings);
  std::vector<std::future<AwsResult<AwsCredentials>>> asked;
  const auto ask = [&] {
    asked.push_back(boost::asio::co_spawn(loop_, chain.credentials(), boost::asio::use_future));
    loop_.poll();
  };
  ask();
  while (slow.connections() == 0) std::this_thread::yield();  // the first is on its way, so the queue is empty
  for (std::size_t i = 0; i < AwsCredentialChain::waiting_max + 1; ++i) ask();
  all_ask.set_value();
  loop_.run();
  std::map<AwsTrouble, std::size_t> ends;
  for (auto& one : asked) ++ends[one.get().error().trouble];
  EXPECT_EQ(ends[AwsTrouble::kNoCredentials], AwsCredentialChain::waiting_max + 1);
  EXPECT_EQ(ends[AwsTrouble::kUnavailable], 1U);
}

TEST_F(AwsCredentialChainTest, UsesWhatIsStillGoodWhileARenewalFails) {
  AwsCredentialChain chain(http_, clock_, of_instance());
  const auto first = run(chain.credentials())->access_key_id;
  pass(55min);
  server_.control("settings", R"({"metadata_faults": 1})");
  EXPECT_EQ(run(chain.credentials())->access_key_id, first);
  EXPECT_EQ(run(chain.credentials())->access_key_id, first) << "not asked again at once";
  EXPECT_EQ(fetches(), 2);
  pass(6s);
  EXPECT_NE(run(chain.credentials())->access_key_id, first);
}

TEST_F(AwsCredentialChainTest, SaysThatASessionHasEndedAndCannotBeRenewed) {
  server_.control("settings", R"({"session_seconds": 10})");
  AwsCredentialChain chain(http_, clock_, of_instance());
  const auto ended = run(chain.credentials());
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().trouble, AwsTrouble::kCredentialsExpired);
  EXPECT_NE(ended.error().error.message.find("give a new one, or give the machine a role"), std::string::npos);
}

TEST_F(AwsCredentialChainTest, AsksAnewWhenAwsCallsASessionExpired) {
  AwsCredentialChain chain(http_, clock_, of_instance());
  Acm acm(http_, chain, random_, clock_, server_.pointed_here(Acm::settings_of()));
  const auto first = run(chain.credentials())->access_key_id;
  server_.control("expire_key", format(R"({{"key": "{}"}})", first));
  const auto listed = run(acm.list(soon()));
  EXPECT_TRUE(listed.has_value()) << listed.error().error.message;
  EXPECT_NE(run(chain.credentials())->access_key_id, first);
}

TEST_F(AwsCredentialChainTest, OfTheSettingsAreTriedTwiceAndThenCalledExpired) {
  AwsCredentialSettings settings;
  settings.given = AwsCredentials{"ASIAOLD", crypto::Secret("s"), crypto::Secret("the-token"), {}};
  server_.control("keys",
                  R"({"ASIAOLD": {"secret": "s", "token": "the-token", "account": "111122223333", "expires": 1}})");
  AwsCredentialChain chain(http_, clock_, settings);
  Acm acm(http_, chain, random_, clock_, server_.pointed_here(Acm::settings_of()));
  const auto listed = run(acm.list(soon()));
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().trouble, AwsTrouble::kCredentialsExpired);
  EXPECT_EQ(listed.error().error.message.find("the-token"), std::string::npos);
}

TEST_F(AwsCredentialChainTest, SaysWhereItHasLookedWhenThereAreNone) {
  AwsCredentialSettings settings;
  settings.instance_endpoint = "";
  EXPECT_EQ(run(AwsCredentialChain(http_, clock_, settings).credentials()).error().trouble, AwsTrouble::kNoCredentials);
  server_.control("settings", R"({"has_role": false})");
  const auto without_role = run(AwsCredentialChain(http_, clock_, of_instance()).credentials());
  EXPECT_EQ(without_role.error().trouble, AwsTrouble::kNoCredentials);
  EXPECT_NE(without_role.error().error.message.find("does the instance have a role?"), std::string::npos);
}

TEST_F(AwsCredentialChainTest, DoesNotAskAServiceThatFailsAgainAtOnce) {
  server_.control("settings", R"({"metadata_faults": 3})");
  AwsCredentialChain chain(http_, clock_, of_container());
  EXPECT_FALSE(run(chain.credentials()).has_value());
  EXPECT_FALSE(run(chain.credentials()).has_value());
  EXPECT_EQ(fetches(), 1);
}

}  // namespace
}  // namespace signpost::cloud
