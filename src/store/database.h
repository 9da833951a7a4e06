// SPDX-License-Identifier: Apache-2.0
//
// Where everything durable is: works go in, each runs in a transaction on a database thread, its outcome comes back.
// Owned by app/wiring; any thread may hand in works. A work that succeeded is on the disk before its Done is called.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/tx.h"

namespace signpost::store {

/// What to do in one transaction. May run more than once (the transaction before it was undone completely), so it sets
/// its captures anew each time, and touches nothing but them and the Tx. An error it returns undoes all it has written.
using Work = std::move_only_function<Result<void>(Tx&)>;
/// Called once, on a database thread: after COMMIT, or with what went wrong. Must not block.
using Done = std::move_only_function<void(Result<void>)>;

struct Settings {
  std::string url = "sqlite:signpost.db";   // sqlite:PATH or postgresql://…
  std::size_t writes_waiting_max = 10'000;  // works; one more is refused with kUnavailable, retry after 1 s
  std::size_t reads_waiting_max = 10'000;   // works; the same
  std::size_t batch_max = 512;              // SQLite: works that share one COMMIT
  std::size_t writers = 4;                  // PostgreSQL: connections that write; SQLite has one
  std::size_t readers = 2;                  // connections that only read
  Milliseconds busy_timeout{2'000};         // SQLite: how long another process may hold the write lock
  Milliseconds work_time_max{5'000};        // of one statement: then kTimeout
  std::size_t sqlite_pages_max = 0;         // SQLite: pages of 4 KiB the file may have; 0: as the disk allows
};

class Database {
 public:
  /// Opens the database, creates or migrates its tables, starts its threads. kInvalid for another kind of url,
  /// kUnavailable when it cannot be reached, kConflict when it was written by a newer Signpost.
  static Result<std::unique_ptr<Database>> open(const Settings& settings);

  virtual ~Database() = default;
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Queues a work that may write. Never blocks; when the queue is full or stopped, Done is called at once, on this
  /// thread.
  virtual void write(Work work, Done done) = 0;
  /// Queues a work that only reads: it sees one moment of the database, and a statement that writes fails.
  virtual void read(Work work, Done done) = 0;

  /// The same, waiting for the outcome. Never from a work, a Done or an event loop.
  Result<void> write_now(Work work);
  Result<void> read_now(Work work);

  /// Readiness: can the database be read, and written if the last write failed? kUnavailable with the cause.
  virtual void check(Done done) = 0;
  Result<void> check();

  /// How much waits, for metrics.
  struct Load {
    std::size_t writes_waiting = 0;
    std::size_t reads_waiting = 0;
  };
  virtual Load load() const = 0;

  /// Refuses new works, finishes those that wait, joins the threads. Idempotent; the destructor does it too.
  virtual void stop() = 0;
};

}  // namespace signpost::store
