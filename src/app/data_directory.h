// SPDX-License-Identifier: Apache-2.0
//
// The folder that holds what must survive: database, master key, and the lock of the server that runs on it.
// Owned by the command; the main thread. A DataDirectory that exists is a folder only its owner can enter; with
// Use::kServe no other server of this machine runs on it.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace signpost::app {

constexpr const char* kMasterKeyName = "master.key";

class DataDirectory {
 public:
  enum class Use { kServe, kCommand, kCommandOnExisting };

  /// /var/lib/signpost if it exists and is writable, else ./signpost-data.
  static std::filesystem::path default_path();

  /// Makes the folder (0700) unless kCommandOnExisting: then kNotFound if it holds no database. kConflict if another
  /// server runs on it, kForbidden if it cannot be made or entered.
  static Result<DataDirectory> open(const std::filesystem::path& path, Use use);
  ~DataDirectory();
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database_file() const { return path_ / "signpost.db"; }
  std::filesystem::path master_key_file() const { return path_ / kMasterKeyName; }
  std::filesystem::path lock_file() const { return path_ / "serve.lock"; }

 private:
  explicit DataDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  Result<void> lock();
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace signpost::app
