// SPDX-License-Identifier: Apache-2.0
//
// The way from a loop to the database threads and back: `const auto found = CO_TRY(co_await storage.read<T>(work));`
// Owned by app/wiring; any loop, any thread; the database outlives it.
// A work touches nothing but the transaction, its own captures and what it returns, because it may run twice; an error
// undoes all it has written; a write is on the disk before its caller resumes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "net/task.h"
#include "net/wait.h"
#include "store/database.h"
#include "store/tx.h"

namespace signpost::services {

class Storage {
 public:
  explicit Storage(store::Database& database) : database_(database) {}
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// One transaction that may write; resumes on the caller's loop. The work's error, or kUnavailable / kTimeout of the
  /// database.
  template <typename T>
  Task<Result<T>> write(std::function<Result<T>(store::Tx&)> work) {
    return hop(&store::Database::write, std::move(work));
  }
  /// One transaction that sees one moment of the database and cannot write.
  template <typename T>
  Task<Result<T>> read(std::function<Result<T>(store::Tx&)> work) {
    return hop(&store::Database::read, std::move(work));
  }

  /// The same for start-up, commands and tests: blocks. Never on a loop.
  template <typename T>
  Result<T> write_now(std::function<Result<T>(store::Tx&)> work) {
    return wait(&store::Database::write_now, std::move(work));
  }
  template <typename T>
  Result<T> read_now(std::function<Result<T>(store::Tx&)> work) {
    return wait(&store::Database::read_now, std::move(work));
  }

  store::Database& database() { return database_; }

 private:
  // What the work answered last; Result<void> needs no room.
  template <typename T>
  struct Answer {
    std::function<Result<T>(store::Tx&)> work;
    std::conditional_t<std::is_void_v<T>, char, std::optional<T>> value{};

    Result<void> run(store::Tx& tx) {
      auto result = work(tx);
      if (!result) return std::unexpected(std::move(result).error());
      if constexpr (!std::is_void_v<T>) value.emplace(*std::move(result));
      return {};
    }
    Result<T> take(Result<void> outcome) {
      if (!outcome) return std::unexpected(std::move(outcome).error());
      if constexpr (std::is_void_v<T>) {
        return {};
      } else {
        return *std::move(value);
      }
    }
  };

  template <typename T>
  Task<Result<T>> hop(void (store::Database::*queue)(store::Work, store::Done),
                      std::function<Result<T>(store::Tx&)> work) {
    return net::hop<Result<T>>([this, queue, work = std::move(work)](net::Resume<Result<T>> resume) mutable {
      // Owned by the work and by its Done, of which the database may drop either first.
      auto answer = std::make_shared<Answer<T>>(std::move(work));
      (database_.*queue)([answer](store::Tx& tx) { return answer->run(tx); },
                         [answer, resume = std::move(resume)](Result<void> outcome) mutable {
                           resume(answer->take(std::move(outcome)));
                         });
    });
  }

  template <typename T>
  Result<T> wait(Result<void> (store::Database::*run)(store::Work), std::function<Result<T>(store::Tx&)> work) {
    Answer<T> answer{std::move(work)};
    return answer.take((database_.*run)([&answer](store::Tx& tx) { return answer.run(tx); }));
  }

  store::Database& database_;
};

}  // namespace signpost::services
