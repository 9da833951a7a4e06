// SPDX-License-Identifier: Apache-2.0
#include "api/idempotency.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace signpost::api {
namespace {

bool may_change(int status) { return status == 429 || status >= 500; }

}  // namespace

Result<std::optional<Idempotency::Ticket>> Idempotency::ticket_of(const net::Request& request, KeyId scope) {
  if (!request.has_header("Idempotency-Key")) return std::nullopt;
  const std::string key(trim(request.header("Idempotency-Key")));
  const bool is_printable = std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7F; });
  if (key.empty() || key.size() > key_bytes_max || !is_printable) {
    return fail(Kind::kInvalid, format("Idempotency-Key must have 1 to {} printable characters", key_bytes_max),
                "Idempotency-Key");
  }
  const auto digest = crypto::sha256_joined({request.method, "\n", request.target, "\n", request.body});
  return Ticket{scope, key, to_hex(digest)};
}

Task<Result<std::optional<net::Response>>> Idempotency::begin(const Ticket& ticket) {
  auto saved = CO_TRY(co_await answers_.begin(ticket));
  if (!saved) co_return std::nullopt;
  net::Response response;
  response.status = saved->status;
  response.body = std::move(saved->body);
  if (!response.body.empty()) {
    response.set("Content-Type", response.status < 400 ? "application/json" : "application/problem+json");
  }
  response.set("Idempotent-Replayed", "true");
  co_return response;
}

Result<void> Idempotency::keep_in(store::Tx& tx, const Ticket& ticket, const net::Response& response) const {
  return answers_.keep_in(tx, ticket, {response.status, response.body});
}

Task<void> Idempotency::end(const Ticket& ticket, const net::Response& response) {
  const auto done = may_change(response.status) ? co_await answers_.forget(ticket)
                                                : co_await answers_.keep(ticket, {response.status, response.body});
  // The effect has happened and its answer goes out in any case; the key is free again after kUnderWayMax.
  if (!done) log::warn("the answer for an Idempotency-Key was not kept", {{"error", done.error().message}});
}

}  // namespace signpost::api
