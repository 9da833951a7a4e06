// SPDX-License-Identifier: Apache-2.0
#include "crypto/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "crypto/sealed.h"
#include "crypto/testing/fake_random.h"
#include "crypto/testing/temporary_directory.h"

namespace signpost::crypto {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryDirectory;

void write(const fs::path& path, const std::string& text, fs::perms mode) {
  std::ofstream(path) << text;
  fs::permissions(path, mode);
}
unsigned mode_of(const fs::path& path) {
  struct stat facts{};
  EXPECT_EQ(stat(path.c_str(), &facts), 0);
  return facts.st_mode & 07777;
}
std::size_t files_in(const fs::path& path) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

TEST(KeyFile, IsMadeOnceForItsOwnerAlone) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "master.key";
  const auto made = read_or_create_key_file(path, Secret("first"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->expose(), "first");
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(read_or_create_key_file(path, Secret("second"))->expose(), "first");
  EXPECT_EQ(files_in(directory.path()), 1U);  // no draft is left
}

TEST(KeyFile, IsForItsOwnerAloneWhateverTheUmask) {
  const TemporaryDirectory directory;
  const auto before = umask(0);
  const auto made = read_or_create_key_file(directory.path() / "key", Secret("x"));
  umask(before);
  ASSERT_TRUE(made);
  EXPECT_EQ(mode_of(directory.path() / "key"), 0600U);
}

TEST(KeyFile, OfManyWhoStartAtOnceIsOne) {
  const TemporaryDirectory directory;
  Guarded<std::set<std::string>> seen;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        const auto key = read_or_create_key_file(directory.path() / "key", Secret("key " + std::to_string(i)));
        seen.with([&](auto& all) { all.insert(key ? key->expose() : key.error().message); });
      });
    }
  }
  EXPECT_EQ(seen.with([](const auto& all) { return all.size(); }), 1U);
  EXPECT_EQ(files_in(directory.path()), 1U);
}

TEST(KeyFile, IsRefusedWhenOthersMayReachIt) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "key";
  for (const unsigned mode : {0640U, 0604U, 0620U, 0601U, 0777U}) {
    write(path, "text", static_cast<fs::perms>(mode));
    const auto result = read_or_create_key_file(path, Secret("fresh"));
    ASSERT_FALSE(result) << mode;
    EXPECT_EQ(result.error().kind, Kind::kForbidden);
    EXPECT_NE(result.error().message.find("chmod 600 " + path.string()), std::string::npos) << result.error().message;
  }
  write(path, "text", static_cast<fs::perms>(0400));
  EXPECT_TRUE(read_or_create_key_file(path, Secret("fresh")));
}

TEST(KeyFile, IsRefusedWhenItIsNoSmallRegularFile) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(read_or_create_key_file(directory.path(), Secret("fresh")));
  write(directory.path() / "key", std::string(2'000, 'x'), static_cast<fs::perms>(0600));
  const auto long_one = read_or_create_key_file(directory.path() / "key", Secret("fresh"));
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().kind, Kind::kUnprocessable);
}

TEST(KeyFile, SaysThatItsDirectoryIsMissing) {
  const TemporaryDirectory directory;
  const auto result = read_or_create_key_file(directory.path() / "none" / "key", Secret("fresh"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kUnavailable);
  EXPECT_NE(result.error().message.find("No such file"), std::string::npos) << result.error().message;
}

TEST(MasterKeyFile, KeepsItsKey) {
  const TemporaryDirectory directory;
  testing::FakeRandom random;
  const auto path = directory.path() / "master.key";
  const auto first = MasterKey::open_or_create(path, random);
  const auto second = MasterKey::open_or_create(path, random);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(second->unseal(first->seal("secret", "row"), "row")->expose(), "secret");
}

TEST(MasterKeyFile, WithoutAKeyIsRefusedAndKept) {
  const TemporaryDirectory directory;
  testing::FakeRandom random;
  const auto path = directory.path() / "master.key";
  write(path, "not a key", static_cast<fs::perms>(0600));
  const auto result = MasterKey::open_or_create(path, random);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::kUnprocessable);
  EXPECT_NE(result.error().message.find(path.string()), std::string::npos);
  EXPECT_EQ(read_or_create_key_file(path, Secret("x"))->expose(), "not a key");
}

}  // namespace
}  // namespace signpost::crypto
