// SPDX-License-Identifier: Apache-2.0
#include "app/store_session.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "base/text.h"

namespace signpost::app {
namespace {

// Ids hold the node that made them. The server is node 0; a command may run beside it in the same millisecond.
constexpr std::uint8_t kServerNode = 0;
constexpr std::uint8_t kFirstCommandNode = 128;

std::filesystem::path master_key_file(const Settings& settings, const std::filesystem::path& own) {
  return settings.store.master_key_file.empty() ? own : settings.store.master_key_file;
}

/// With PostgreSQL no directory holds a database that could show that it is the right one, but the right one has the
/// master key: a new key would seal what the server could not open.
Result<void> check_master_key(const Settings& settings, const std::filesystem::path& directory) {
  std::error_code ignored;
  const auto file = master_key_file(settings, directory / kMasterKeyName);
  if (!settings.store.master_key.empty() || std::filesystem::exists(file, ignored)) return {};
  return fail(Kind::kNotFound,
              format("the master key {} is not there: name the directory of your server with --data, or set "
                     "SIGNPOST_MASTER_KEY",
                     std::filesystem::absolute(file, ignored).string()));
}

std::string shell_word(const std::string& text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./+:@,=%").contains(c);
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Result<crypto::MasterKey> open_master_key(const Settings& settings, const DataDirectory& directory,
                                          crypto::Random& random) {
  if (!settings.store.master_key.empty()) return crypto::MasterKey::from_text(settings.store.master_key);
  const auto file = master_key_file(settings, directory.master_key_file());
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

std::string words_of(const StoreOptions& options) {
  std::string words;
  if (!options.config.empty()) words += " --config " + shell_word(options.config.string());
  if (!options.data.empty()) words += " --data " + shell_word(options.data.string());
  return words;
}

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
  const auto path = options.data.empty() ? DataDirectory::default_path() : options.data;
  // A command that was not told where must not begin a database in whatever directory it happens to run.
  if (use == DataDirectory::Use::kCommand && options.data.empty()) use = DataDirectory::Use::kCommandOnExisting;
  const bool is_elsewhere = !loaded.settings.store.url.empty();
  if (use == DataDirectory::Use::kCommandOnExisting && is_elsewhere) {
    TRY_VOID(check_master_key(loaded.settings, path));
    use = DataDirectory::Use::kCommand;
  }
  auto directory = TRY(DataDirectory::open(path, use));
  std::error_code ignored;
  const bool is_new = !is_elsewhere && !std::filesystem::exists(directory.database_file(), ignored);
  crypto::SystemRandom random;
  auto master_key = TRY(open_master_key(loaded.settings, directory, random));
  auto database = TRY(store::Database::open(store_settings(loaded.settings, directory)));
  if (is_new && use != DataDirectory::Use::kServe)
    console.err << format("signpost: new database made in {}\n", directory.path().string());
  const auto node = use == DataDirectory::Use::kServe
                        ? kServerNode
                        : static_cast<std::uint8_t>(kFirstCommandNode + random.below(256 - kFirstCommandNode));
  return std::unique_ptr<StoreSession>(new StoreSession(console.clock, node, std::move(loaded), std::move(directory),
                                                        std::move(master_key), std::move(database)));
}

}  // namespace signpost::app
