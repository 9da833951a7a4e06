// SPDX-License-Identifier: Apache-2.0
#include "app/pem_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "app/testing/test_console.h"

namespace signpost::app {
namespace {

using std::filesystem::perms;

std::string contents_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(PemFile, OfAKeyIsForItsOwnerAloneAlsoWhereItReplacesAnother) {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "key.pem";
  std::ofstream(path) << "old";
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write | perms::others_read);
  ASSERT_TRUE(write_pem_file(path, "key", Readers::kOwner, Existing::kReplaced));
  EXPECT_EQ(contents_of(path), "key");
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
}

TEST(PemFile, KeepsWhatIsThereUnlessItIsToBeReplaced) {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "chain.pem";
  ASSERT_TRUE(write_pem_file(path, "first", Readers::kEverybody, Existing::kKept));
  const auto refused = write_pem_file(path, "second", Readers::kEverybody, Existing::kKept);
  EXPECT_EQ(refused.error().kind, Kind::kConflict);
  EXPECT_EQ(check_place(path, Existing::kKept).error().message, refused.error().message);
  EXPECT_TRUE(check_place(path, Existing::kReplaced));
  EXPECT_EQ(contents_of(path), "first");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1) << "no draft is left";
}

TEST(PemFile, ThatCannotBeWrittenSaysWhy) {
  const auto refused = write_pem_file("/nowhere/key.pem", "key", Readers::kOwner, Existing::kReplaced);
  EXPECT_EQ(refused.error().message, "cannot write /nowhere/key.pem: No such file or directory");
}

}  // namespace
}  // namespace signpost::app
