// SPDX-License-Identifier: Apache-2.0
//
// Why SERIALIZABLE: a work reads several rows, decides purely, and writes. On SQLite's one writer it is alone while it
// does; here SERIALIZABLE keeps that promise, so that no service needs to know which database it runs on. The price, a
// repeat when two works met, is paid by the retry below: a work may run twice anyway.
#include "store/postgres_database.h"

#include <libpq-fe.h>

#include <chrono>
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

constexpr int kTriesMax = 15;                        // of one work that meets others
constexpr std::chrono::milliseconds kFirstPause{1};  // doubles with every try
constexpr std::chrono::milliseconds kPauseMax{64};
constexpr std::chrono::seconds kReconnectPause{1};  // works fail at once meanwhile
constexpr const char* kConnectSeconds = "5";
constexpr std::int64_t kMigrationLock = 0x5349474E504F5354;  // "SIGNPOST"

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ResultCloser>;

bool is_worth_repeating(std::string_view state) { return state == "40001" || state == "40P01"; }

Error error_of(std::string_view state, std::string_view message) {
  if (is_worth_repeating(state)) return unavailable("other requests changed the same data all the time: try again");
  if (state == "23505") return {Kind::kConflict, "there is such an entry already", {}, {}};
  if (state == "23503") return {Kind::kNotFound, "what the entry belongs to is not there, or is still in use", {}, {}};
  if (state == "57014") return {Kind::kTimeout, "a database statement took longer than work_time_max", {}, {}};
  if (state == "25006") return {Kind::kInternal, "a work that only reads tried to write", {}, {}};
  if (state == "53100")
    return unavailable("the disk of the database is full: free space, nothing else needs to be done");
  const std::string_view kind = state.substr(0, 2);  // PostgreSQL appendix A: the class of the error
  if (kind == "08" || kind == "53" || kind == "57" || kind == "55" || kind == "58" || kind == "25") {
    return unavailable(format("the database cannot be used: {}", printable(trim(message))));
  }
  return {Kind::kInternal, format("a database statement is wrong ({}): {}", state, printable(trim(message))), {}, {}};
}

// ── one connection ──────────────────────────────────────────────────────────────────────────────────────────────────

class Connection {
 public:
  explicit Connection(const Settings& settings) : settings_(settings) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects if it is not connected; at most once in kReconnectPause.
  Result<void> open();
  Result<void> command(const char* text);
  Result<std::int64_t> run(Sql sql, std::span<const Value> values, Rows* rows);
  bool is_worth_repeating() const { return store::is_worth_repeating(state_); }
  void forget_state() { state_.clear(); }
  bool is_in_transaction() const { return connection_ != nullptr && PQtransactionStatus(connection_) != PQTRANS_IDLE; }

 private:
  Result<void> connect();
  Result<const char*> prepared(Sql sql);
  Error failure(const PGresult* answer);
  void close();

  const Settings& settings_;
  PGconn* connection_ = nullptr;
  std::unordered_map<const char*, std::string> statements_;
  std::string state_;  // SQLSTATE of the last failure
  Steady::time_point next_try_ = Steady::time_point::min();
  std::string last_refusal_;
};

void Connection::close() {
  PQfinish(connection_);
  connection_ = nullptr;
  statements_.clear();
}

Result<void> Connection::open() {
  if (connection_ != nullptr && PQstatus(connection_) == CONNECTION_OK) return {};
  close();
  if (Steady::now() < next_try_) return std::unexpected(unavailable(last_refusal_));
  auto connected = connect();
  if (!connected) {
    next_try_ = Steady::now() + kReconnectPause;
    last_refusal_ = connected.error().message;
    close();
  }
  return connected;
}

Result<void> Connection::connect() {
  const char* const keys[] = {"dbname", "connect_timeout", "fallback_application_name", "client_encoding", nullptr};
  const char* const values[] = {settings_.url.c_str(), kConnectSeconds, "signpost", "UTF8", nullptr};
  connection_ = PQconnectdbParams(keys, values, 1);
  if (PQstatus(connection_) != CONNECTION_OK) {
    return std::unexpected(
        unavailable(format("the database does not answer: {}", printable(trim(PQerrorMessage(connection_))))));
  }
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  return command(format("SET statement_timeout = {}", settings_.work_time_max.count()).c_str());
}

Error Connection::failure(const PGresult* answer) {
  const char* state = answer != nullptr ? PQresultErrorField(answer, PG_DIAG_SQLSTATE) : nullptr;
  state_ = state != nullptr ? state : "";
  if (state != nullptr) return error_of(state_, PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY));
  return unavailable(format("the connection to the database broke: {}", printable(trim(PQerrorMessage(connection_)))));
}

Result<void> Connection::command(const char* text) {
  const Answer answer(PQexec(connection_, text));
  if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return std::unexpected(failure(answer.get()));
  return {};
}

Result<const char*> Connection::prepared(Sql sql) {
  if (const auto known = statements_.find(sql.key()); known != statements_.end()) return known->second.c_str();
  auto name = format("s{}", statements_.size());
  const Answer answer(PQprepare(connection_, name.c_str(), sql.in(Dialect::kPostgres).c_str(), 0, nullptr));
  if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return std::unexpected(failure(answer.get()));
  return statements_.emplace(sql.key(), std::move(name)).first->second.c_str();
}

/// Parameters in the text form, which PostgreSQL reads as the type that the statement wants.
class Parameters {
 public:
  explicit Parameters(std::span<const Value> values) {
    texts_.reserve(values.size());
    for (const Value& value : values) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        texts_.push_back(std::to_string(*number));
      } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        texts_.emplace_back(*text);
      } else {
        texts_.emplace_back();
      }
      pointers_.push_back(std::holds_alternative<std::nullptr_t>(value) ? nullptr : texts_.back().c_str());
    }
  }
  int size() const { return static_cast<int>(pointers_.size()); }
  const char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

bool is_integer(Oid type) { return type == 20 || type == 21 || type == 23; }  // int8, int2, int4 of pg_type

void add_rows(const PGresult* answer, Rows& rows) {
  const int columns = PQnfields(answer);
  rows.start(static_cast<std::size_t>(columns));
  for (int row = 0; row < PQntuples(answer); ++row) {
    for (int column = 0; column < columns; ++column) {
      const std::string_view text(PQgetvalue(answer, row, column),
                                  static_cast<std::size_t>(PQgetlength(answer, row, column)));
      if (PQgetisnull(answer, row, column) != 0) {
        rows.add_null();
      } else if (const auto number = is_integer(PQftype(answer, column)) ? parse_integer(text) : std::nullopt) {
        rows.add_integer(*number);
      } else {
        rows.add_text(text);
      }
    }
  }
}

Result<std::int64_t> Connection::run(Sql sql, std::span<const Value> values, Rows* rows) {
  const char* name = TRY(prepared(sql));
  const Parameters parameters(values);
  const Answer answer(PQexecPrepared(connection_, name, parameters.size(), parameters.data(), nullptr, nullptr, 0));
  const auto status = PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return std::unexpected(failure(answer.get()));
  if (rows != nullptr) add_rows(answer.get(), *rows);
  return parse_integer(PQcmdTuples(answer.get())).value_or(0);
}

class PostgresTx final : public Tx {
 public:
  explicit PostgresTx(Connection& connection) : connection_(connection) {}
  Dialect dialect() const override { return Dialect::kPostgres; }

 private:
  Result<std::int64_t> run_checked(Sql sql, std::span<const Value> values, Rows* rows) override {
    return connection_.run(sql, values, rows);
  }
  Connection& connection_;
};

// ── one transaction ─────────────────────────────────────────────────────────────────────────────────────────────────

constexpr const char* kBeginWrite = "BEGIN ISOLATION LEVEL SERIALIZABLE";
constexpr const char* kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

struct Outcome {
  Result<void> result;
  bool is_worth_repeating = false;
};

Outcome run_once(Connection& connection, Work& work, const char* begin) {
  connection.forget_state();
  if (auto begun = connection.command(begin); !begun) return {begun, false};
  PostgresTx tx(connection);
  Result<void> outcome = run_work(work, tx);
  const bool is_sound = outcome.has_value();
  if (is_sound) outcome = connection.command("COMMIT");
  const bool is_repeat = !outcome && connection.is_worth_repeating();
  if (!is_sound && connection.is_in_transaction()) {
    if (auto undone = connection.command("ROLLBACK"); !undone)
      log::warn("the database did not roll back", {{"error", undone.error().message}});
  }
  return {std::move(outcome), is_repeat};
}

Result<void> run_until_done(Connection& connection, Work& work, const char* begin) {
  TRY_VOID(connection.open());
  auto pause = kFirstPause;
  for (int tried = 1;; ++tried, pause = std::min(pause * 2, kPauseMax)) {
    Outcome outcome = run_once(connection, work, begin);
    if (!outcome.is_worth_repeating || tried == kTriesMax) return std::move(outcome.result);
    std::this_thread::sleep_for(pause);
  }
}

// ── the database ────────────────────────────────────────────────────────────────────────────────────────────────────

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const Settings& settings)
      : settings_(settings), writes_(settings.writes_waiting_max), reads_(settings.reads_waiting_max) {}
  ~PostgresDatabase() override { stop(); }

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
  void read_loop();

  const Settings settings_;
  WorkQueue writes_;
  WorkQueue reads_;
  Readiness readiness_;
  std::vector<std::thread> threads_;
};

Result<void> PostgresDatabase::start() {
  TRY_VOID(migrate_tables());
  for (std::size_t i = 0; i < std::max<std::size_t>(settings_.writers, 1); ++i)
    threads_.emplace_back([this] { write_loop(); });
  for (std::size_t i = 0; i < std::max<std::size_t>(settings_.readers, 1); ++i)
    threads_.emplace_back([this] { read_loop(); });
  return {};
}

Result<void> PostgresDatabase::migrate_tables() {
  Connection connection(settings_);
  Work work = [](Tx& tx) -> Result<void> {
    TRY(tx.query("SELECT pg_advisory_xact_lock($1)", kMigrationLock));
    return migrate(tx, SystemClock().now());
  };
  // READ COMMITTED: after waiting for the lock, what the other node migrated must be seen.
  return run_until_done(connection, work, "BEGIN ISOLATION LEVEL READ COMMITTED");
}

void PostgresDatabase::write_loop() {
  Connection connection(settings_);
  for (;;) {
    auto items = writes_.take(1);
    if (items.empty()) return;
    Result<void> outcome = run_until_done(connection, items.front().work, kBeginWrite);
    const bool is_database_down = !outcome && outcome.error().kind == Kind::kUnavailable;
    if (!is_database_down) {
      readiness_.note_write({});
    } else if (readiness_.is_writing()) {
      readiness_.note_write(outcome);
      log::warn("a write failed", {{"error", outcome.error().message}});
    }
    items.front().done(std::move(outcome));
  }
}

void PostgresDatabase::read_loop() {
  Connection connection(settings_);
  for (;;) {
    auto items = reads_.take(1);
    if (items.empty()) return;
    items.front().done(run_until_done(connection, items.front().work, kBeginRead));
  }
}

void PostgresDatabase::stop() {
  writes_.stop();
  reads_.stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const Settings& settings) {
  auto database = std::make_unique<PostgresDatabase>(settings);
  TRY_VOID(database->start());
  return database;
}

}  // namespace signpost::store
