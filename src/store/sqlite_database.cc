// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/migrations.h"
#include "store/readiness.h"
#include "store/work_queue.h"

namespace signpost::store {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kProgressSteps = 10'000;    // virtual machine steps between looks at the clock, some 100 µs
constexpr std::size_t kReadBatchMax = 8;  // reads that share one snapshot
constexpr int kLookasideBytes = 2'048;
constexpr int kLookasideSlots = 256;

/// After these SQLite may have undone the whole transaction, or cannot finish it: the batch is lost, not only the work.
bool ends_batch(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;  // SQLite's codes, not an enum of ours
  }
}

Error error_of(int code, const char* message) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unavailable("the database is locked by another process: it is tried again with the next request");
    case SQLITE_FULL:
      return unavailable("the disk of the database is full: free space, nothing else needs to be done");
    case SQLITE_CONSTRAINT:
      break;
    case SQLITE_INTERRUPT:
      return {Kind::kTimeout, "a database statement took longer than work_time_max", {}, {}};
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
      return {Kind::kInternal, format("a database statement is wrong: {}", message), {}, {}};
    case SQLITE_TOOBIG:
      return {Kind::kTooLarge, "a value is too large for the database", {}, {}};
    default:
      return unavailable(format("the database file cannot be used: {}", message));
  }
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return {Kind::kConflict, "there is such an entry already", {}, {}};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Kind::kNotFound, "what the entry belongs to is not there, or is still in use", {}, {}};
    default:
      return {Kind::kInternal, format("a database rule was broken: {}", message), {}, {}};
  }
}

// ── one connection ──────────────────────────────────────────────────────────────────────────────────────────────────

enum class Access { kReadWrite, kReadOnly };

class Connection {
 public:
  explicit Connection(const Settings& settings) : settings_(settings) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<void> open(const std::string& path, Access access);
  Result<std::int64_t> run(Sql sql, std::span<const Value> values, Rows* rows);
  Result<void> command(Sql sql);

  /// Pages of the log after a commit go to `count`.
  void watch_log(std::atomic<int>& count) {
    sqlite3_wal_hook(
        db_,
        [](void* context, sqlite3*, const char*, int pages) {
          static_cast<std::atomic<int>*>(context)->store(pages, std::memory_order_relaxed);
          return SQLITE_OK;
        },
        &count);
  }
  /// Copies the log into the file as far as it is when this begins, and waits for nobody. How many pages are left.
  Result<int> checkpoint() {
    int pages = 0;
    int copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
    if ((code & 0xFF) == SQLITE_BUSY) return pages;  // another one is at it
    if (code != SQLITE_OK) return std::unexpected(failure(code));
    return std::max(pages - copied, 0);
  }

  bool is_in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
  std::int64_t changes_so_far() const { return sqlite3_total_changes64(db_); }
  int last_code() const { return last_code_; }
  void forget_last_code() { last_code_ = SQLITE_OK; }

 private:
  Result<void> set_up();
  Result<void> pragma(const std::string& text);
  Result<sqlite3_stmt*> prepared(Sql sql);
  Error failure(int code);
  void close();
  static int on_progress(void* self) { return Steady::now() > static_cast<Connection*>(self)->deadline_ ? 1 : 0; }

  const Settings& settings_;
  Access access_ = Access::kReadWrite;
  sqlite3* db_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  Steady::time_point deadline_ = Steady::time_point::max();
  int last_code_ = SQLITE_OK;
};

void Connection::close() {
  for (const auto& [key, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
  sqlite3_close(db_);
  db_ = nullptr;
}

Error Connection::failure(int code) {
  last_code_ = code;
  if (access_ == Access::kReadOnly && (code & 0xFF) == SQLITE_READONLY) {
    return {Kind::kInternal, "a work that only reads tried to write", {}, {}};
  }
  return error_of(code, sqlite3_errmsg(db_));
}

/// Once, before the first connection: what SQLite would count about its memory costs a lock at every allocation, and
/// nobody asks.
void leave_memory_uncounted() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

Result<void> Connection::open(const std::string& path, Access access) {
  leave_memory_uncounted();
  // SQLite would create it as the umask says; what it keeps is the owner's business alone. -wal and -shm follow the
  // file. One that is there is not opened here: closing it would drop every lock this process holds on it (POSIX), and
  // the next program that closes the database would take itself for the last and delete the log that we write to.
  access_ = access;
  if (const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); file >= 0) ::close(file);
  const int code =
      sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    return fail(Kind::kUnavailable, format("the database file {} cannot be opened: {}", path, sqlite3_errstr(code)));
  }
  // A statement's memory comes from here; the slots hold a row with an event's body.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_LOOKASIDE, nullptr, kLookasideBytes, kLookasideSlots);
  sqlite3_busy_timeout(db_, static_cast<int>(settings_.busy_timeout.count()));
  if (auto done = set_up(); !done) {
    return fail(done.error().kind, format("the database file {}: {}", path, done.error().message));
  }
  sqlite3_progress_handler(db_, kProgressSteps, &Connection::on_progress, this);
  return {};
}

Result<void> Connection::pragma(const std::string& text) {
  const int code = sqlite3_exec(db_, ("PRAGMA " + text).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(failure(code));
  return {};
}

Result<void> Connection::set_up() {
  TRY_VOID(pragma("journal_mode = WAL"));
  TRY_VOID(pragma("foreign_keys = ON"));
  TRY_VOID(pragma("temp_store = MEMORY"));
  TRY_VOID(pragma("mmap_size = 16777216"));
  switch (access_) {
    case Access::kReadOnly:
      return pragma("query_only = ON");
    case Access::kReadWrite:
      break;
  }
  TRY_VOID(pragma("synchronous = FULL"));
  TRY_VOID(pragma("cache_size = -65536"));            // KiB
  TRY_VOID(pragma("wal_autocheckpoint = 0"));         // class Checkpoints does it beside the works
  TRY_VOID(pragma("journal_size_limit = 67108864"));  // a burst leaves no huge file behind
  if (settings_.sqlite_pages_max != 0) TRY_VOID(pragma(format("max_page_count = {}", settings_.sqlite_pages_max)));
  return {};
}

Result<sqlite3_stmt*> Connection::prepared(Sql sql) {
  if (const auto known = statements_.find(sql.key()); known != statements_.end()) return known->second;
  const std::string text = sql.in(Dialect::kSqlite);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, text.c_str(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(failure(code));
  statements_.emplace(sql.key(), statement);
  return statement;
}

void bind(sqlite3_stmt* statement, int index, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    sqlite3_bind_int64(statement, index, *number);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    // A null pointer would bind NULL: an empty text is not nothing.
    sqlite3_bind_text64(statement, index, text->data() != nullptr ? text->data() : "", text->size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  } else {
    sqlite3_bind_null(statement, index);
  }
}

void add_row(sqlite3_stmt* statement, int columns, Rows& rows) {
  for (int column = 0; column < columns; ++column) {
    switch (sqlite3_column_type(statement, column)) {
      case SQLITE_NULL:
        rows.add_null();
        break;
      case SQLITE_INTEGER:
        rows.add_integer(sqlite3_column_int64(statement, column));
        break;
      default: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
        rows.add_text({text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))});
      }
    }
  }
}

Result<std::int64_t> Connection::run(Sql sql, std::span<const Value> values, Rows* rows) {
  sqlite3_stmt* statement = TRY(prepared(sql));
  for (std::size_t i = 0; i < values.size(); ++i) bind(statement, static_cast<int>(i) + 1, values[i]);
  deadline_ = Steady::now() + settings_.work_time_max;
  const int columns = sqlite3_column_count(statement);
  if (rows != nullptr) rows->start(static_cast<std::size_t>(columns));
  int code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
    if (rows != nullptr) add_row(statement, columns, *rows);
  }
  if (code != SQLITE_DONE) {
    auto error = failure(code);
    sqlite3_reset(statement);
    return std::unexpected(std::move(error));
  }
  const std::int64_t changed = sqlite3_stmt_readonly(statement) != 0 ? 0 : sqlite3_changes64(db_);
  sqlite3_reset(statement);
  return changed;
}

Result<void> Connection::command(Sql sql) {
  TRY(run(sql, {}, nullptr));
  return {};
}

class SqliteTx final : public Tx {
 public:
  explicit SqliteTx(Connection& connection) : connection_(connection) {}
  Dialect dialect() const override { return Dialect::kSqlite; }

 private:
  Result<std::int64_t> run_checked(Sql sql, std::span<const Value> values, Rows* rows) override {
    return connection_.run(sql, values, rows);
  }
  Connection& connection_;
};

// ── the writer's batch ──────────────────────────────────────────────────────────────────────────────────────────────

/// Runs works in one transaction. At first without savepoints: a work that fails before it has written anything has
/// nothing to undo. If one fails after writing, the transaction is rolled back and all of them run again, each in a
/// savepoint of its own.
class Batch {
 public:
  Batch(Connection& connection, std::vector<WorkQueue::Item>& items) : connection_(connection), items_(items) {}

  /// The transaction's outcome; with success, outcomes() are on the disk.
  Result<void> run() {
    auto done = run_all(Guard::kNone);
    if (done || !is_guard_needed_) return done;
    if (items_.size() == 1) {  // its rollback took nobody along: this is its outcome
      outcomes_.assign(1, std::move(done));
      return {};
    }
    return run_all(Guard::kSavepoints);
  }
  std::vector<Result<void>>& outcomes() { return outcomes_; }

 private:
  enum class Guard { kNone, kSavepoints };

  Result<void> run_all(Guard guard);
  Result<void> run_one(WorkQueue::Item& item, Guard guard);
  std::unexpected<Error> give_up(Error error);

  Connection& connection_;
  std::vector<WorkQueue::Item>& items_;
  std::vector<Result<void>> outcomes_;
  bool is_guard_needed_ = false;
};

std::unexpected<Error> Batch::give_up(Error error) {
  if (connection_.is_in_transaction()) {
    if (auto undone = connection_.command("ROLLBACK"); !undone)
      log::error("the database did not roll back", {{"error", undone.error().message}});
  }
  return std::unexpected(std::move(error));
}

Result<void> Batch::run_all(Guard guard) {
  outcomes_.clear();
  is_guard_needed_ = false;
  TRY_VOID(connection_.command("BEGIN IMMEDIATE"));
  for (auto& item : items_) {
    if (auto done = run_one(item, guard); !done) return give_up(std::move(done).error());
  }
  if (auto done = connection_.command("COMMIT"); !done) return give_up(std::move(done).error());
  return {};
}

/// An error here ends the batch; the work's own outcome goes to outcomes_.
Result<void> Batch::run_one(WorkQueue::Item& item, Guard guard) {
  const bool is_guarded = guard == Guard::kSavepoints;
  const std::int64_t changes_before = connection_.changes_so_far();
  connection_.forget_last_code();
  if (is_guarded) TRY_VOID(connection_.command("SAVEPOINT work"));
  SqliteTx tx(connection_);
  Result<void> outcome = run_work(item.work, tx);
  if (!connection_.is_in_transaction() || ends_batch(connection_.last_code())) {
    return std::unexpected(unavailable(outcome ? "the database dropped the transaction" : outcome.error().message));
  }
  if (!outcome && connection_.changes_so_far() != changes_before) {
    if (!is_guarded) {
      is_guard_needed_ = true;
      return std::unexpected(outcome.error());
    }
    TRY_VOID(connection_.command("ROLLBACK TO work"));
  }
  if (is_guarded) TRY_VOID(connection_.command("RELEASE work"));
  outcomes_.push_back(std::move(outcome));
  return {};
}

// ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────

/// Copies the log into the file on a thread of its own, so that 16 MiB of writing and two syncs hold up no work. The
/// log begins anew only when all of it has been copied, and under load there is always a little more by then: that
/// rest, made small, is the writer's.
class Checkpoints {
 public:
  explicit Checkpoints(const Settings& settings) : connection_(settings) {}
  ~Checkpoints() { stop(); }
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  Result<void> start(const std::string& path, Connection& writer) {
    TRY_VOID(connection_.open(path, Access::kReadWrite));
    writer.watch_log(pages_);
    thread_ = std::thread([this] { run(); });
    return {};
  }

  /// After each batch, on the writer's thread.
  void after_commit(Connection& writer) {
    if (pages_.load(std::memory_order_relaxed) < kPages) return;
    switch (state_.load()) {
      case State::kIdle:
        begin();
        return;
      case State::kCopying:
        return;
      case State::kRestIsSmall:
        if (const auto left = writer.checkpoint(); !left) warn(left.error());
        state_ = State::kIdle;
        return;
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopped_ = true;
    }
    is_something_to_do_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  static constexpr int kPages = 4'000;  // 16 MiB, some thousand works
  static constexpr int kRestPages = 256;
  static constexpr int kPassesMax = 4;
  enum class State { kIdle, kCopying, kRestIsSmall };

  void begin() {
    {
      const std::lock_guard lock(mutex_);
      state_ = State::kCopying;
    }
    is_something_to_do_.notify_one();
  }

  void run() {
    while (wait_for_work()) {
      for (int pass = 0; pass < kPassesMax; ++pass) {
        const auto left = connection_.checkpoint();
        if (!left) {
          warn(left.error());
          break;
        }
        if (*left <= kRestPages) break;
      }
      state_ = State::kRestIsSmall;
    }
  }

  bool wait_for_work() {
    std::unique_lock lock(mutex_);
    is_something_to_do_.wait(lock, [this] { return is_stopped_ || state_ == State::kCopying; });
    return !is_stopped_;
  }

  static void warn(const Error& error) {
    log::warn("the log of the database was not copied into its file", {{"error", error.message}});
  }

  Connection connection_;
  std::atomic<int> pages_{0};
  std::atomic<State> state_{State::kIdle};
  std::mutex mutex_;
  std::condition_variable is_something_to_do_;
  bool is_stopped_ = false;
  std::thread thread_;
};

// ── the database ────────────────────────────────────────────────────────────────────────────────────────────────────

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const Settings& settings)
      : settings_(settings),
        writes_(settings.writes_waiting_max),
        reads_(settings.reads_waiting_max),
        writer_(settings_),
        checkpoints_(settings_) {}
  ~SqliteDatabase() override { stop(); }

  Result<void> start();
  void write(Work work, Done done) override { writes_.push(std::move(work), std::move(done)); }
  void read(Work work, Done done) override { reads_.push(std::move(work), std::move(done)); }
  void check(Done done) override {
    if (readiness_.is_writing()) return read(&Readiness::probe_read, std::move(done));
    write(&Readiness::probe_write, std::move(done));
  }
  Load load() const override { return {writes_.size(), reads_.size()}; }
  void stop() override;

 private:
  Result<void> migrate_tables();
  void write_loop();
  void read_loop(Connection& connection);
  void read_batch(Connection& connection, std::vector<WorkQueue::Item>& items);

  const Settings settings_;
  WorkQueue writes_;
  WorkQueue reads_;
  Readiness readiness_;
  Connection writer_;
  Checkpoints checkpoints_;  // dies before the writer, whose log it watches
  std::vector<std::unique_ptr<Connection>> readers_;
  std::vector<std::thread> threads_;
};

Result<void> SqliteDatabase::start() {
  const std::string path = settings_.url.substr(std::string_view("sqlite:").size());
  if (path.empty() || path == ":memory:") {
    return fail(Kind::kInvalid, "the database url needs the path of a file: sqlite:/var/lib/signpost/signpost.db",
                "store.url");
  }
  TRY_VOID(writer_.open(path, Access::kReadWrite));
  TRY_VOID(migrate_tables());
  for (std::size_t i = 0; i < std::max<std::size_t>(settings_.readers, 1); ++i) {
    readers_.push_back(std::make_unique<Connection>(settings_));
    TRY_VOID(readers_.back()->open(path, Access::kReadOnly));
  }
  TRY_VOID(checkpoints_.start(path, writer_));
  threads_.emplace_back([this] { write_loop(); });
  for (auto& reader : readers_) threads_.emplace_back([this, &reader] { read_loop(*reader); });
  return {};
}

Result<void> SqliteDatabase::migrate_tables() {
  TRY_VOID(writer_.command("BEGIN IMMEDIATE"));
  SqliteTx tx(writer_);
  Work work = [](Tx& inner) { return migrate(inner, SystemClock().now()); };
  if (auto migrated = run_work(work, tx); !migrated) {
    TRY_VOID(writer_.command("ROLLBACK"));
    return migrated;
  }
  return writer_.command("COMMIT");
}

void SqliteDatabase::write_loop() {
  for (;;) {
    auto items = writes_.take(settings_.batch_max);
    if (items.empty()) return;
    Batch batch(writer_, items);
    const Result<void> committed = batch.run();
    if (committed || readiness_.is_writing()) readiness_.note_write(committed);
    if (!committed)
      log::warn("a batch of writes failed", {{"works", items.size()}, {"error", committed.error().message}});
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].done(committed ? std::move(batch.outcomes()[i]) : committed);
    }
    checkpoints_.after_commit(writer_);
  }
}

void SqliteDatabase::read_loop(Connection& connection) {
  for (;;) {
    auto items = reads_.take(kReadBatchMax);
    if (items.empty()) return;
    read_batch(connection, items);
  }
}

void SqliteDatabase::read_batch(Connection& connection, std::vector<WorkQueue::Item>& items) {
  const Result<void> begun = connection.command("BEGIN");
  for (auto& item : items) {
    if (!begun) {
      item.done(begun);
      continue;
    }
    SqliteTx tx(connection);
    item.done(run_work(item.work, tx));
  }
  if (!connection.is_in_transaction()) return;
  if (auto ended = connection.command("COMMIT"); !ended)
    log::warn("a read did not end", {{"error", ended.error().message}});
}

void SqliteDatabase::stop() {
  writes_.stop();
  reads_.stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  checkpoints_.stop();
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const Settings& settings) {
  auto database = std::make_unique<SqliteDatabase>(settings);
  TRY_VOID(database->start());
  return database;
}

}  // namespace signpost::store
