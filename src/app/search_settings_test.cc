// SPDX-License-Identifier: Apache-2.0
#include "app/search_settings.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/testing/fake_clock.h"
#include "crypto/testing/temporary_directory.h"

namespace signpost::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kCredential =
    R"({"type":"authorized_user","client_id":"client-7","client_secret":"hidden","refresh_token":"1//hidden"})";

class SearchSettings : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SearchClients>> open(std::string_view text, std::filesystem::perms mode) {
    using std::filesystem::perms;
    const auto file = directory_.path() / "google.json";
    std::ofstream(file) << text;
    std::filesystem::permissions(file, mode);
    settings_.google_credentials_file = file;
    return SearchClients::open(settings_, clock_);
  }
  static constexpr auto kOwners = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

  crypto::testing::TemporaryDirectory directory_;
  signpost::testing::FakeClock clock_;
  Settings::Search settings_;
};

TEST_F(SearchSettings, TellNobodyUnlessTheySayWhom) {
  const auto clients = SearchClients::open(settings_, clock_);
  ASSERT_TRUE(clients.has_value());
  EXPECT_FALSE((*clients)->is_any());
  EXPECT_EQ((*clients)->indexnow(), nullptr);
  EXPECT_EQ((*clients)->google(), nullptr);
}

TEST_F(SearchSettings, OpenWhatIsThere) {
  settings_.indexnow_key = "search-company";
  const auto clients = open(kCredential, kOwners);
  ASSERT_TRUE(clients.has_value()) << clients.error().message;
  EXPECT_EQ((*clients)->indexnow()->key(), "search-company");
  EXPECT_EQ((*clients)->google()->account(), "client-7");
}

TEST_F(SearchSettings, TakeNoCredentialThatOthersMayRead) {
  const auto clients = open(kCredential, kOwners | std::filesystem::perms::group_read);
  ASSERT_FALSE(clients.has_value());
  EXPECT_EQ(clients.error().kind, Kind::kForbidden);
  EXPECT_THAT(clients.error().message, HasSubstr("chmod 600"));
}

TEST_F(SearchSettings, SayWhatIsWrongWithACredentialAndNotWhatItHolds) {
  const auto broken = open(R"({"type":"authorized_user","client_secret":"hidden"})", kOwners);
  ASSERT_FALSE(broken.has_value());
  EXPECT_THAT(broken.error().message, HasSubstr("search.google_credentials_file"));
  EXPECT_THAT(broken.error().message, Not(HasSubstr("hidden")));
  const auto endless = open(std::string(cloud::GoogleCredential::bytes_max + 1, ' '), kOwners);
  ASSERT_FALSE(endless.has_value());
  settings_.google_credentials_file = directory_.path() / "nowhere";
  EXPECT_EQ(SearchClients::open(settings_, clock_).error().kind, Kind::kNotFound);
}

}  // namespace
}  // namespace signpost::app
