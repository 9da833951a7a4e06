// SPDX-License-Identifier: Apache-2.0
#include "app/option_names.h"

#include <gtest/gtest.h>

namespace signpost::app {
namespace {

constexpr OptionName kNames[] = {{"records", "--record"},
                                 {"allowed_origins", "--allowed-origin"},
                                 {"identity.audiences", "--audience"},
                                 {"identity.issuer", "--issuer"},
                                 {"host", "HOST"}};

std::string said(std::string message) {
  return in_options({Kind::kInvalid, std::move(message), "", {}}, kNames).message;
}

TEST(OptionNames, StandForTheMembersOfTheApi) {
  EXPECT_EQ(said("allowed_origins[1]: no scheme"), "--allowed-origin (number 2): no scheme");
  EXPECT_EQ(said("allowed_origins may have at most 20 items"), "--allowed-origin may have at most 20 items");
  EXPECT_EQ(said("records[0].value: no address"), "--record (number 1) value: no address");
  EXPECT_EQ(said("identity.audiences needs identity.issuer: without it"), "--audience needs --issuer: without it");
}

TEST(OptionNames, LeaveWordsAlone) {
  EXPECT_EQ(said("host: the host name is empty"), "HOST: the host name is empty");
  EXPECT_EQ(said("hosts and other records"), "hosts and other records");
  EXPECT_EQ(said("my_allowed_origins"), "my_allowed_origins");
  EXPECT_EQ(said("records[x] of [0]"), "--record[x] of [0]");
  EXPECT_EQ(said(""), "");
}

}  // namespace
}  // namespace signpost::app
