// SPDX-License-Identifier: Apache-2.0
#include "app/store_session.h"

#include <utility>

#include "base/text.h"

namespace signpost::app {
namespace {

// Ids hold the node that made them. The server is node 0; a command may run beside it in the same millisecond.
constexpr std::uint8_t kServerNode = 0;
constexpr std::uint8_t kFirstCommandNode = 128;

Result<crypto::MasterKey> open_master_key(const Settings& settings, const DataDirectory& directory,
                                          crypto::Random& random) {
  if (!settings.store.master_key.empty()) return crypto::MasterKey::from_text(settings.store.master_key);
  const auto& file =
      settings.store.master_key_file.empty() ? directory.master_key_file() : settings.store.master_key_file;
  std::error_code ignored;
  const bool has_database = settings.store.url.empty() && std::filesystem::exists(directory.database_file(), ignored);
  if (has_database && !std::filesystem::exists(file, ignored)) {
    return fail(Kind::kConflict,
                format("the database {} is there, but its master key {} is not: restore the key from your backup, set "
                       "SIGNPOST_MASTER_KEY, or name the file with store.master_key_file",
                       directory.database_file().string(), file.string()));
  }
  return crypto::MasterKey::open_or_create(file, random);
}

store::Settings store_settings(const Settings& settings, const DataDirectory& directory) {
  store::Settings store;
  store.url = settings.store.url.empty() ? "sqlite:" + directory.database_file().string() : settings.store.url;
  store.readers = settings.store.readers;
  return store;
}

}  // namespace

StoreSession::StoreSession(const Clock& clock, std::uint8_t node, LoadedSettings loaded, DataDirectory directory,
                           crypto::MasterKey master_key, std::unique_ptr<store::Database> database)
    : clock_(clock),
      ids_(clock, node),
      loaded_(std::move(loaded)),
      directory_(std::move(directory)),
      master_key_(std::move(master_key)),
      database_(std::move(database)),
      storage_(*database_) {}

Result<std::unique_ptr<StoreSession>> StoreSession::open(const Console& console, const StoreOptions& options,
                                                         DataDirectory::Use use) {
  auto loaded = TRY(load_settings(options.config, console.environment));
  // With PostgreSQL the directory holds no database that could show that it is the right one.
  if (use == DataDirectory::Use::kCommandOnExisting && !loaded.settings.store.url.empty())
    use = DataDirectory::Use::kCommand;
  auto directory = TRY(DataDirectory::open(options.data.empty() ? DataDirectory::default_path() : options.data, use));
  crypto::SystemRandom random;
  auto master_key = TRY(open_master_key(loaded.settings, directory, random));
  auto database = TRY(store::Database::open(store_settings(loaded.settings, directory)));
  const auto node = use == DataDirectory::Use::kServe
                        ? kServerNode
                        : static_cast<std::uint8_t>(kFirstCommandNode + random.below(256 - kFirstCommandNode));
  return std::unique_ptr<StoreSession>(new StoreSession(console.clock, node, std::move(loaded), std::move(directory),
                                                        std::move(master_key), std::move(database)));
}

}  // namespace signpost::app
