// SPDX-License-Identifier: Apache-2.0
#include "services/retention.h"

#include "base/log.h"
#include "net/wait.h"
#include "store/attempts.h"
#include "store/audit_log.h"
#include "store/authorizations.h"
#include "store/connections.h"
#include "store/events.h"
#include "store/idempotency_keys.h"
#include "store/issuance_buckets.h"
#include "store/received_webhooks.h"

namespace signpost::services {

Retention::Retention(Storage& storage, const Clock& clock, net::Executor executor, Settings settings)
    : storage_(storage), clock_(clock), settings_(settings), tasks_(std::move(executor)) {}

void Retention::start() { tasks_.spawn(run(), "retention"); }

Task<void> Retention::stop() { return tasks_.stop(); }

Task<Result<std::size_t>> Retention::sweep_once() {
  const Time now = clock_.now();
  const auto events = CO_TRY(co_await drop(store::events::remove_before_across_applications, now - settings_.events));
  const auto connections =
      CO_TRY(co_await drop(store::connections::forget_removed_before_across_applications, now - settings_.events));
  const auto attempts =
      CO_TRY(co_await drop(store::attempts::remove_before_across_applications, now - settings_.attempts));
  const auto keys = CO_TRY(
      co_await drop(store::idempotency_keys::remove_before_across_applications, now - settings_.idempotency_keys));
  const auto audit = CO_TRY(co_await drop(store::audit_log::remove_before_across_applications, now - settings_.audit));
  const auto received = CO_TRY(
      co_await drop(store::received_webhooks::remove_before_across_applications, now - settings_.received_webhooks));
  const auto buckets = CO_TRY(co_await drop(store::issuance_buckets::forget_full, now));
  const auto authorizations =
      CO_TRY(co_await drop(store::authorizations::remove_before_across_applications, now - settings_.authorizations));
  co_return static_cast<std::size_t>(events + connections + attempts + keys + audit + received + buckets +
                                     authorizations);
}

Task<Result<std::int64_t>> Retention::drop(Remove remove, Time before) {
  const auto limit = settings_.batch_max;
  co_return co_await storage_.write<std::int64_t>([=](store::Tx& tx) { return remove(tx, before, limit); });
}

Task<void> Retention::run() {
  while (!tasks_.is_stopping()) {
    const auto dropped = co_await sweep_once();
    if (!dropped) log::warn("old rows could not be dropped, trying again later", {{"cause", dropped.error().message}});
    const bool is_more = dropped && *dropped > 0;
    const auto pause = is_more ? settings_.batch_pause : settings_.round_pause;
    const auto slept = co_await net::sleep_until(std::chrono::steady_clock::now() + pause);
    if (!slept) co_return;
  }
}

}  // namespace signpost::services
