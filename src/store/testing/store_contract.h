// SPDX-License-Identifier: Apache-2.0
//
// The fixture of every test that must hold on both databases: a new, empty database of each kind for each test.
// Included by tests alone; one thread, but the database's own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/testing/fake_clock.h"
#include "store/database.h"
#include "store/testing/postgres_server.h"
#include "store/testing/samples.h"

namespace signpost::store::testing {

/// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "signpost-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Runs a work that returns something, and hands that out.
template <typename F>
auto write_in(Database& database, F work) -> std::invoke_result_t<F&, Tx&> {
  std::invoke_result_t<F&, Tx&> result = fail(Kind::kInternal, "the work did not run");
  auto done = database.write_now([&](Tx& tx) -> Result<void> {
    result = work(tx);
    if (!result) return std::unexpected(result.error());
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return result;
}

class StoreContract : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override { open(fresh_settings()); }
  void TearDown() override { database_.reset(); }

  Settings fresh_settings() {
    Settings settings;
    settings.url = GetParam() == Dialect::kSqlite ? "sqlite:" + (directory_.path() / "store.db").string()
                                                  : PostgresServer::shared().fresh_database();
    return settings;
  }
  void open(const Settings& settings) {
    database_.reset();
    settings_ = settings;
    auto opened = Database::open(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = std::move(*opened);
  }
  Database& database() { return *database_; }
  const Settings& settings() const { return settings_; }

  /// One write transaction: what the work returns, or the transaction's error.
  template <typename F>
  auto write(F work) {
    return write_in(*database_, std::move(work));
  }
  /// The same, where an error fails the test.
  template <typename F>
  auto must(F work) {
    auto result = write(std::move(work));
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<typename decltype(result)::value_type>) return *std::move(result);
  }

 private:
  TemporaryDirectory directory_;
  Settings settings_;
  std::unique_ptr<Database> database_;
};

}  // namespace signpost::store::testing

/// Runs the TEST_P cases of a fixture that derives from StoreContract on both databases.
#define ON_BOTH_DATABASES(Fixture)                                                                                  \
  INSTANTIATE_TEST_SUITE_P(                                                                                         \
      Both, Fixture, ::testing::Values(::signpost::store::Dialect::kSqlite, ::signpost::store::Dialect::kPostgres), \
      [](const auto& info) { return info.param == ::signpost::store::Dialect::kSqlite ? "Sqlite" : "Postgres"; })
