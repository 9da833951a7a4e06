// SPDX-License-Identifier: Apache-2.0
#include "app/data_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "app/testing/test_console.h"

namespace signpost::app {
namespace {

using Use = DataDirectory::Use;

TEST(DataDirectory, IsMadeForItsOwnerAlone) {
  const testing::TemporaryDirectory temporary;
  const auto directory = DataDirectory::open(temporary.path() / "a" / "data", Use::kServe);
  ASSERT_TRUE(directory) << directory.error().message;
  EXPECT_EQ(std::filesystem::status(directory->path()).permissions(), std::filesystem::perms::owner_all);
}

TEST(DataDirectory, IsNamedAsAPersonWouldNameIt) {
  const testing::TemporaryDirectory temporary;
  const auto directory = DataDirectory::open(temporary.path() / "." / "data", Use::kServe);
  ASSERT_TRUE(directory) << directory.error().message;
  EXPECT_EQ(directory->path(), temporary.path() / "data");
}

TEST(DataDirectory, ServesOneServerAtATime) {
  const testing::TemporaryDirectory temporary;
  const auto path = temporary.path() / "data";
  {
    const auto first = DataDirectory::open(path, Use::kServe);
    ASSERT_TRUE(first);
    const auto second = DataDirectory::open(path, Use::kServe);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Kind::kConflict);
    EXPECT_NE(second.error().message.find("another signpost serve runs on"), std::string::npos);
    EXPECT_TRUE(DataDirectory::open(path, Use::kCommand)) << "commands run beside a server";
  }
  EXPECT_TRUE(DataDirectory::open(path, Use::kServe)) << "a server that has ended leaves no lock";
}

TEST(DataDirectory, ThatIsAFileIsRefused) {
  const testing::TemporaryDirectory temporary;
  const auto path = temporary.path() / "data";
  std::ofstream(path) << "x";
  const auto directory = DataDirectory::open(path, Use::kCommand);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().kind, Kind::kForbidden);
}

TEST(DataDirectory, OfAnotherUserIsRefusedEvenToRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  const testing::TemporaryDirectory temporary;
  const auto path = temporary.path() / "data";
  ASSERT_TRUE(std::filesystem::create_directory(path));
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(chown(path.c_str(), kNobody, kNobody), 0);
  const auto directory = DataDirectory::open(path, Use::kCommand);
  ASSERT_FALSE(directory);
  EXPECT_NE(directory.error().message.find("sudo -u"), std::string::npos) << directory.error().message;
}

TEST(DataDirectory, WithoutADatabaseIsNotMadeByACommandThatReads) {
  const testing::TemporaryDirectory temporary;
  const auto path = temporary.path() / "data";
  const auto directory = DataDirectory::open(path, Use::kCommandOnExisting);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().kind, Kind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace signpost::app
