// SPDX-License-Identifier: Apache-2.0
//
// The bottom of the house, as serve and the commands app and key stand on it: settings, data directory, master key,
// database. Owned by the command; built on the main thread. Console and clock outlive it. One that exists has a
// migrated database and the master key that belongs to it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/console.h"
#include "app/data_directory.h"
#include "app/settings.h"
#include "base/id.h"
#include "crypto/random.h"
#include "crypto/sealed.h"
#include "services/administration.h"
#include "services/storage.h"
#include "store/database.h"

namespace signpost::app {

struct StoreOptions {
  std::filesystem::path config;  // empty: defaults
  std::filesystem::path data;    // empty: DataDirectory::default_path()
};
/// The options as a hint repeats them, " --config signpost.toml --data /srv/signpost"; empty if none was given.
std::string words_of(const StoreOptions& options);

class StoreSession {
 public:
  /// Creates what is not there yet, a command only in a directory that it was told, and says so; else kNotFound.
  /// kConflict if the database is there and its master key is not.
  static Result<std::unique_ptr<StoreSession>> open(const Console& console, const StoreOptions& options,
                                                    DataDirectory::Use use);

  const Settings& settings() const { return loaded_.settings; }
  const DataDirectory& directory() const { return directory_; }
  const crypto::MasterKey& master_key() const { return master_key_; }
  crypto::Random& random() { return random_; }
  IdMaker& ids() { return ids_; }
  const Clock& clock() const { return clock_; }
  services::Storage& storage() { return storage_; }
  /// Ends the database's threads. Before the loops that they answer to die; nothing may be asked of the storage any
  /// more.
  void stop() { database_->stop(); }

  /// Which URLs endpoints may have.
  net::TargetPolicy targets() const { return {settings().network.allow, settings().webhooks.allowed_ports}; }

  /// For one administrative act; `actor` is what the audit log calls the caller.
  services::Administration administration(std::string actor) {
    return {master_key_, random_, ids_, clock_.now(), std::move(actor), targets()};
  }

 private:
  StoreSession(const Clock& clock, std::uint8_t node, LoadedSettings loaded, DataDirectory directory,
               crypto::MasterKey master_key, std::unique_ptr<store::Database> database);

  const Clock& clock_;
  crypto::SystemRandom random_;
  IdMaker ids_;
  LoadedSettings loaded_;
  DataDirectory directory_;
  crypto::MasterKey master_key_;
  std::unique_ptr<store::Database> database_;
  services::Storage storage_;
};

}  // namespace signpost::app
