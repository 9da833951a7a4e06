// SPDX-License-Identifier: Apache-2.0
//
// What the last writes say about the database, and the works that ask it again.
// Owned by a Database; any thread.
#pragma once

#include <optional>

#include "base/guarded.h"
#include "store/database.h"

namespace signpost::store {

class Readiness {
 public:
  void note_write(const Result<void>& outcome) {
    last_failure_.with([&](auto& failure) {
      if (outcome) {
        failure.reset();
      } else {
        failure = outcome.error();
      }
    });
  }
  bool is_writing() const {
    return last_failure_.with([](const auto& failure) { return !failure.has_value(); });
  }

  /// Changes a row to what it is: needs the lock and the disk, like every write.
  static Result<void> probe_write(Tx& tx) {
    TRY(tx.execute("UPDATE directory_revision SET revision = revision WHERE id = 1"));
    return {};
  }
  static Result<void> probe_read(Tx& tx) {
    TRY(tx.query("SELECT revision FROM directory_revision WHERE id = 1"));
    return {};
  }

 private:
  Guarded<std::optional<Error>> last_failure_;
};

}  // namespace signpost::store
