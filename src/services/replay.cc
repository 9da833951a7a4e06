// SPDX-License-Identifier: Apache-2.0
#include "services/replay.h"

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/members.h"

namespace signpost::services {
namespace {

constexpr std::int32_t kEventsRead = 2'000;      // of one transaction that reads
constexpr std::size_t kDeliveriesWritten = 200;  // of one that writes: new deliveries wait for no more than that

/// What gets nothing now would only fail again, without an attempt.
Result<model::Endpoint> receiving_endpoint(store::Tx& tx, ApplicationId application, EndpointId id) {
  const auto found = TRY(store::endpoints::find(tx, application, id));
  if (!found) return fail(Kind::kNotFound, "there is no endpoint " + id.text() + " of this application");
  const auto owner = TRY(store::members::find(tx, application, found->owner));
  const auto reason = model::paused_reason(*found, owner ? owner->role : model::Role::kViewer);
  if (!reason.empty()) return fail(Kind::kConflict, "nothing is sent there now: " + reason);
  return *found;
}

/// What was asked for.
struct Order {
  Administration by;
  ApplicationId application;
  EndpointId endpoint;
  ReplayWish wish;
};

/// How far it has come.
struct Progress {
  model::Endpoint endpoint;
  Time begins_at{};  // when the first of this call comes due
  EventId upto;      // the last event that was looked at
  ReplayCount count;
};

using Candidates = std::vector<store::replay::Candidate>;

/// The next ones to send, in the order of their events.
struct Batch {
  Candidates candidates;
  EventId upto;
  bool is_last = false;
  bool is_over = false;  // kReplayMax leaves some behind
};

bool is_wished(const store::replay::Candidate& candidate, const model::Endpoint& endpoint, ReplayWish::What what) {
  if (!candidate.state) return model::is_wanted(candidate.type, endpoint.event_types);
  if (candidate.state == model::DeliveryState::kDelivered) return what == ReplayWish::What::kAll;
  return candidate.state == model::DeliveryState::kFailed;
}

Result<Progress> begin(store::Tx& tx, const Order& order) {
  Progress progress{.endpoint = TRY(receiving_endpoint(tx, order.application, order.endpoint)),
                    .begins_at = order.by.now,
                    .upto = {},
                    .count = {}};
  const auto last = TRY(store::replay::last_scheduled(tx, order.endpoint));
  if (last) progress.begins_at = std::max(order.by.now, *last + Milliseconds(1000 / order.wish.rate_per_second));
  return progress;
}

Result<Batch> look_on(store::Tx& tx, const Order& order, const Progress& progress) {
  const store::replay::Window window{.after = progress.upto,
                                     .since = order.wish.since,
                                     .until = order.wish.until.value_or(order.by.now + Milliseconds(1)),
                                     .limit = kEventsRead};
  Batch batch{.candidates = TRY(store::replay::list(tx, order.application, order.endpoint, window)),
              .upto = progress.upto};
  auto& candidates = batch.candidates;
  batch.is_last = static_cast<std::int32_t>(candidates.size()) < kEventsRead;
  if (!candidates.empty()) batch.upto = candidates.back().event;
  std::erase_if(candidates, [&](const auto& one) { return !is_wished(one, progress.endpoint, order.wish.what); });
  const auto left = static_cast<std::size_t>(kReplayMax - progress.count.total());
  const auto room = std::min(left, kDeliveriesWritten);
  if (candidates.size() <= room) return batch;
  candidates.resize(room);
  batch.is_last = false;
  batch.is_over = room == left;
  if (!candidates.empty()) batch.upto = candidates.back().event;
  return batch;
}

Result<bool> write(store::Tx& tx, const Order& order, const store::replay::Candidate& candidate, Time at) {
  if (candidate.delivery) return store::replay::send_again(tx, order.application, *candidate.delivery, at);
  const auto id = order.by.ids.make<DeliveryId>();
  return store::replay::send_late(tx, order.application, candidate, order.endpoint, id, order.by.now, at);
}

void count_in(ReplayCount& count, const store::replay::Candidate& candidate, Time at) {
  count.first_at = count.first_at.value_or(at);
  count.last_at = at;
  if (!candidate.state) {
    ++count.missed;
  } else if (candidate.state == model::DeliveryState::kDelivered) {
    ++count.delivered;
  } else {
    ++count.failed;
  }
}

/// Each as far behind the one before as the rate says. Without a transaction it only counts.
Result<Progress> schedule(store::Tx* tx, const Order& order, Progress progress, const Batch& batch) {
  auto& count = progress.count;
  for (const auto& candidate : batch.candidates) {
    const auto at = progress.begins_at + Milliseconds(count.total() * 1000 / order.wish.rate_per_second);
    const bool is_there = tx == nullptr || TRY(write(*tx, order, candidate, at));
    if (is_there) count_in(count, candidate, at);
  }
  progress.upto = batch.upto;
  count.has_more = batch.is_over;
  return progress;
}

Result<void> note(store::Tx& tx, const Order& order, const ReplayCount& count) {
  return audit(tx, order.by, order.application, "endpoint.replay", order.endpoint.text(),
               format("{} failed, {} missed and {} delivered ones since {}, {} a second{}", count.failed, count.missed,
                      count.delivered, to_rfc3339(order.wish.since), order.wish.rate_per_second,
                      count.has_more ? "; there are more" : ""));
}

}  // namespace

Task<Result<model::Delivery>> Replay::one(Administration by, ApplicationId application, DeliveryId id) {
  auto delivery =
      CO_TRY(co_await storage_.write<model::Delivery>([by, application, id](store::Tx& tx) -> Result<model::Delivery> {
        const auto no_delivery = [&] {
          return fail(Kind::kNotFound, "there is no delivery " + id.text() + " of this application");
        };
        const auto before = TRY(store::deliveries::find(tx, application, id));
        if (!before) return no_delivery();
        TRY(receiving_endpoint(tx, application, before->endpoint));
        if (!TRY(store::replay::send_again(tx, application, id, by.now))) {
          return fail(Kind::kConflict, "the delivery is pending: it will be sent without a replay");
        }
        TRY_VOID(audit(tx, by, application, "delivery.replay", id.text(), "to be sent again"));
        const auto after = TRY(store::deliveries::find(tx, application, id));
        if (!after) return no_delivery();
        return *after;
      }));
  bell_.ring_deliveries();
  co_return delivery;
}

Task<Result<ReplayCount>> Replay::all(Administration by, ApplicationId application, EndpointId endpoint,
                                      ReplayWish wish) {
  if (wish.rate_per_second < 1 || wish.rate_per_second > kReplayRateMax) {
    co_return fail(Kind::kUnprocessable, format("rate_per_second is a whole number from 1 to {}", kReplayRateMax),
                   "rate_per_second");
  }
  const Order order{std::move(by), application, endpoint, wish};
  const bool is_dry = wish.run == ReplayWish::Run::kDry;
  auto progress =
      CO_TRY(co_await storage_.read<Progress>([order](store::Tx& tx) -> Result<Progress> { return begin(tx, order); }));
  Batch batch;
  while (!batch.is_last && !batch.is_over) {
    batch = CO_TRY(co_await storage_.read<Batch>(
        [order, progress](store::Tx& tx) -> Result<Batch> { return look_on(tx, order, progress); }));
    if (is_dry || batch.candidates.empty()) {
      progress = CO_TRY(schedule(nullptr, order, progress, batch));
      continue;
    }
    progress = CO_TRY(co_await storage_.write<Progress>(
        [order, progress, batch](store::Tx& tx) -> Result<Progress> { return schedule(&tx, order, progress, batch); }));
    bell_.ring_deliveries();
  }
  if (!is_dry && progress.count.total() > 0) {
    CO_TRY_VOID(co_await storage_.write<void>(
        [order, count = progress.count](store::Tx& tx) -> Result<void> { return note(tx, order, count); }));
  }
  co_return progress.count;
}

}  // namespace signpost::services
