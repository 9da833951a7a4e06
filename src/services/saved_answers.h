// SPDX-License-Identifier: Apache-2.0
//
// What was answered under which Idempotency-Key of which API key.
// Owned by the API; any loop; storage, master key and clock outlive it.
// Answers are kept sealed, because some of them show a secret for its one time; retention drops them after 24 h.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/sealed.h"
#include "services/storage.h"

namespace signpost::services {

/// One request's claim on its key.
struct IdempotencyTicket {
  KeyId scope;
  std::string key;
  std::string digest;  // of everything that makes the request what it is
};

struct SavedAnswer {
  int status = 0;
  std::string body;
};

class SavedAnswers {
 public:
  // How long a request may be under way. One that never came to its end holds its key that long, or until the next
  // start.
  static constexpr Milliseconds kUnderWayMax = std::chrono::seconds(60);
  static constexpr std::size_t body_bytes_max = 256 * 1024;  // a larger answer is not kept, and its key is free again

  SavedAnswers(Storage& storage, const crypto::MasterKey& master_key, const Clock& clock)
      : storage_(storage), master_key_(master_key), clock_(clock) {}

  /// At the start of the single node: keys of requests that died with the last process are free again; returns how
  /// many.
  static Task<Result<std::int64_t>> release_left_behind(Storage& storage);

  /// The saved answer; nothing if the request is the first with its key and may go on. kConflict while another with
  /// this key is under way; kUnprocessable if the key belongs to another request.
  Task<Result<std::optional<SavedAnswer>>> begin(IdempotencyTicket ticket);
  /// Writes the answer in the transaction of the effect, so that no crash comes between the two. An answer over
  /// body_bytes_max frees the key instead.
  Result<void> keep_in(store::Tx& tx, const IdempotencyTicket& ticket, const SavedAnswer& answer) const;
  /// The same in a transaction of its own, for an answer without an effect, or with one that repeats without harm.
  Task<Result<void>> keep(IdempotencyTicket ticket, SavedAnswer answer);
  /// The key is free again.
  Task<Result<void>> forget(IdempotencyTicket ticket);

 private:
  Result<SavedAnswer> opened(const IdempotencyTicket& ticket, int status, std::string_view sealed) const;
  Storage& storage_;
  const crypto::MasterKey& master_key_;
  const Clock& clock_;
};

}  // namespace signpost::services
