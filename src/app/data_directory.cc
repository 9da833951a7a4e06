// SPDX-License-Identifier: Apache-2.0
#include "app/data_directory.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace signpost::app {
namespace {

constexpr mode_t kOwnerOnlyFolder = 0700;
constexpr mode_t kOwnerOnlyFile = 0600;

/// Files that another user (root, mostly) leaves here could lock the server out of its own database.
Result<void> check_owner(const std::filesystem::path& path) {
  struct stat found{};
  if (stat(path.c_str(), &found) != 0 || found.st_uid == geteuid()) return {};
  const auto* owner = getpwuid(found.st_uid);
  const auto name = owner ? std::string(owner->pw_name) : format("#{}", found.st_uid);
  return fail(
      Kind::kForbidden,
      format("the data directory {} belongs to the user {}: run this as that user, for example with sudo -u '{}'",
             path.string(), name, name));
}

}  // namespace

std::filesystem::path DataDirectory::default_path() {
  constexpr const char* kInstalled = "/var/lib/signpost";
  struct stat found{};
  const bool is_usable =
      stat(kInstalled, &found) == 0 && S_ISDIR(found.st_mode) && access(kInstalled, W_OK | X_OK) == 0;
  return is_usable ? kInstalled : "signpost-data";
}

Result<DataDirectory> DataDirectory::open(const std::filesystem::path& path, Use use) {
  std::error_code error;
  DataDirectory directory(std::filesystem::absolute(path, error).lexically_normal());
  if (use == Use::kCommandOnExisting && !std::filesystem::exists(directory.database_file(), error)) {
    return fail(Kind::kNotFound,
                format("there is no database in {}: name the directory of your server, or a new one, with --data; or "
                       "begin with signpost serve",
                       directory.path_.string()));
  }
  std::filesystem::create_directories(directory.path_.parent_path(), error);
  if (mkdir(directory.path_.c_str(), kOwnerOnlyFolder) != 0 && errno != EEXIST) {
    return fail(Kind::kForbidden, format("the data directory {} cannot be made ({}): name another with --data",
                                         directory.path_.string(), std::strerror(errno)));
  }
  TRY_VOID(check_owner(directory.path_));
  if (!std::filesystem::is_directory(directory.path_, error) || access(directory.path_.c_str(), W_OK | X_OK) != 0) {
    return fail(Kind::kForbidden, format("{} is not a directory that this user may write to: name another with --data",
                                         directory.path_.string()));
  }
  if (use == Use::kServe) TRY_VOID(directory.lock());
  return directory;
}

Result<void> DataDirectory::lock() {
  lock_ = ::open(lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnlyFile);
  if (lock_ < 0) {
    return fail(Kind::kForbidden,
                format("the lock file {} cannot be opened: {}", lock_file().string(), std::strerror(errno)));
  }
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return fail(
        Kind::kConflict,
        format("another signpost serve runs on {}: stop it first, or give this one its own directory with --data",
               path_.string()));
  }
  return {};
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace signpost::app
