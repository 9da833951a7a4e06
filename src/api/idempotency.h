// SPDX-License-Identifier: Apache-2.0
//
// Idempotency-Key: the same request sent twice with one key has one effect and one answer (the IETF draft's header
// field). Owned by Api; any loop; the saved answers outlive it.
#pragma once

#include <optional>

#include "net/http_message.h"
#include "services/saved_answers.h"

namespace signpost::api {

class Idempotency {
 public:
  static constexpr std::size_t key_bytes_max = 255;
  using Ticket = services::IdempotencyTicket;

  Idempotency(services::Storage& storage, const crypto::MasterKey& master_key, const Clock& clock)
      : answers_(storage, master_key, clock) {}

  /// Nothing if the request has no Idempotency-Key; kInvalid for a key that is empty, too long or not printable ASCII.
  static Result<std::optional<Ticket>> ticket_of(const net::Request& request, KeyId scope);

  /// The answer given before, with `Idempotent-Replayed: true`; nothing if the request may go on. Errors as of
  /// SavedAnswers.
  Task<Result<std::optional<net::Response>>> begin(const Ticket& ticket);
  /// Keeps the answer in the transaction of its effect.
  Result<void> keep_in(store::Tx& tx, const Ticket& ticket, const net::Response& response) const;
  /// For an answer that was not kept so: keeps it, or frees the key if it is one that trying again may change (429,
  /// 5xx).
  Task<void> end(const Ticket& ticket, const net::Response& response);

 private:
  services::SavedAnswers answers_;
};

}  // namespace signpost::api
