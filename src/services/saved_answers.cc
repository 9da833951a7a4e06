// SPDX-License-Identifier: Apache-2.0
#include "services/saved_answers.h"

#include "base/text.h"
#include "store/idempotency_keys.h"

namespace signpost::services {
namespace {

namespace keys = store::idempotency_keys;

constexpr std::string_view kMember = "Idempotency-Key";

std::string identity_of(const IdempotencyTicket& ticket) { return ticket.scope.text() + " " + ticket.key; }

Result<std::optional<keys::SavedAnswer>> claim(store::Tx& tx, const IdempotencyTicket& ticket, Time now) {
  const keys::SavedAnswer mine{ticket.digest, 0, "", now};
  if (TRY(keys::insert_if_absent(tx, ticket.scope, ticket.key, mine))) return std::nullopt;
  auto saved = TRY(keys::find(tx, ticket.scope, ticket.key));
  const bool is_left_behind = saved && saved->status == 0 && now >= saved->created_at + SavedAnswers::kUnderWayMax;
  if (!is_left_behind) return saved;
  static_cast<void>(TRY(keys::remove(tx, ticket.scope, ticket.key)));
  static_cast<void>(TRY(keys::insert_if_absent(tx, ticket.scope, ticket.key, mine)));
  return std::nullopt;
}

}  // namespace

Task<Result<std::int64_t>> SavedAnswers::release_left_behind(Storage& storage) {
  return storage.write<std::int64_t>(keys::remove_under_way_across_applications);
}

Task<Result<std::optional<SavedAnswer>>> SavedAnswers::begin(IdempotencyTicket ticket) {
  const Time now = clock_.now();
  const auto found = CO_TRY(co_await storage_.write<std::optional<keys::SavedAnswer>>(
      [ticket, now](store::Tx& tx) { return claim(tx, ticket, now); }));
  if (!found) co_return std::nullopt;
  if (found->request_digest != ticket.digest) {
    co_return fail(Kind::kUnprocessable,
                   "this Idempotency-Key was used for another request; take a new key for every new request",
                   std::string(kMember));
  }
  if (found->status == 0) {
    co_return std::unexpected(Error{Kind::kConflict,
                                    "a request with this Idempotency-Key is under way; ask again in a moment",
                                    std::string(kMember), std::chrono::seconds(1)});
  }
  co_return CO_TRY(opened(ticket, found->status, found->body));
}

Result<SavedAnswer> SavedAnswers::opened(const IdempotencyTicket& ticket, int status, std::string_view sealed) const {
  if (sealed.empty()) return SavedAnswer{status, ""};
  const auto bytes = from_base64(sealed);
  if (!bytes) return fail(Kind::kInternal, "a saved answer is not base64");
  const auto body = master_key_.unseal(*bytes, identity_of(ticket));
  if (!body) {
    return fail(Kind::kConflict, "the answer of this Idempotency-Key can no longer be opened; take a new key",
                std::string(kMember));
  }
  return SavedAnswer{status, body->expose()};
}

Result<void> SavedAnswers::keep_in(store::Tx& tx, const IdempotencyTicket& ticket, const SavedAnswer& answer) const {
  if (answer.body.size() > body_bytes_max) {
    static_cast<void>(TRY(keys::remove(tx, ticket.scope, ticket.key)));
    return {};
  }
  const auto sealed =
      answer.body.empty() ? std::string() : to_base64(master_key_.seal(answer.body, identity_of(ticket)));
  static_cast<void>(TRY(keys::complete(tx, ticket.scope, ticket.key, answer.status, sealed)));
  return {};
}

Task<Result<void>> SavedAnswers::keep(IdempotencyTicket ticket, SavedAnswer answer) {
  return storage_.write<void>([this, ticket = std::move(ticket), answer = std::move(answer)](store::Tx& tx) {
    return keep_in(tx, ticket, answer);
  });
}

Task<Result<void>> SavedAnswers::forget(IdempotencyTicket ticket) {
  return storage_.write<void>([ticket = std::move(ticket)](store::Tx& tx) -> Result<void> {
    static_cast<void>(TRY(keys::remove(tx, ticket.scope, ticket.key)));
    return {};
  });
}

}  // namespace signpost::services
