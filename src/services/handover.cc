// SPDX-License-Identifier: Apache-2.0
#include "services/handover.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/guarded.h"

namespace signpost::services {

struct HandoverDesk::State {
  struct Taken {
    std::int32_t count = 0;
    std::int32_t max = 0;
  };
  struct Counts {
    std::unordered_map<EndpointId, Taken> taken;
    std::unordered_map<EndpointId, Taken> taken_before_claim;
    std::unordered_map<EndpointId, std::int32_t> backlog;  // and what each may have in flight
    std::unordered_set<EndpointId> paced;
    std::size_t room = 0;
    bool is_closed = false;
    std::vector<Begun> handed;
  };
  Guarded<Counts> counts;
};

HandoverDesk::HandoverDesk(Settings settings, std::function<void()> wake)
    : settings_(settings), wake_(std::move(wake)), state_(std::make_unique<State>()) {}

HandoverDesk::~HandoverDesk() = default;

std::int32_t HandoverDesk::max_of(const model::Endpoint& endpoint) const {
  return std::min(settings_.per_endpoint_max, endpoint.in_flight_max.value_or(settings_.per_endpoint_max));
}

std::shared_ptr<Place> HandoverDesk::occupy(const model::Endpoint& endpoint) {
  state_->counts.with([&](auto& counts) {
    auto& taken = counts.taken[endpoint.id];
    ++taken.count;
    taken.max = max_of(endpoint);
  });
  return std::make_shared<Place>(shared_from_this(), endpoint.id);
}

std::shared_ptr<Place> HandoverDesk::reserve(const model::Endpoint& endpoint) {
  const auto id = endpoint.id;
  const auto max = max_of(endpoint);
  const bool has_place = state_->counts.with([&](auto& counts) {
    const auto found = counts.taken.find(id);
    const auto taken = found == counts.taken.end() ? 0 : found->second.count;
    const bool is_free = !counts.is_closed && counts.room > 0 && taken < max && !endpoint.rate_per_second &&
                         !counts.paced.contains(id) && !counts.backlog.contains(id);
    if (!is_free) {
      counts.backlog.insert_or_assign(id, max);
      return false;
    }
    counts.taken[id] = {taken + 1, max};
    --counts.room;
    return true;
  });
  return has_place ? std::make_shared<Place>(shared_from_this(), id) : nullptr;
}

void HandoverDesk::leave(EndpointId endpoint) {
  state_->counts.with([&](auto& counts) {
    const auto found = counts.taken.find(endpoint);
    if (--found->second.count == 0) counts.taken.erase(found);
  });
}

void HandoverDesk::begin_claim() {
  state_->counts.with([](auto& counts) {
    counts.taken_before_claim = counts.taken;
    for (const auto& [endpoint, taken] : counts.taken) {
      if (taken.count >= taken.max) counts.backlog.insert_or_assign(endpoint, taken.max);
    }
  });
}

void HandoverDesk::end_claim(const std::vector<store::deliveries::ClaimedDelivery>& claimed, bool is_cut_short) {
  state_->counts.with([&](auto& counts) {
    auto& taken = counts.taken_before_claim;
    for (const auto& one : claimed) {
      auto& now = taken[one.delivery.endpoint];
      now.max = max_of(one.endpoint);
      if (++now.count >= now.max) counts.backlog.insert_or_assign(one.delivery.endpoint, now.max);
    }
    if (is_cut_short) return;
    std::erase_if(counts.backlog, [&](const auto& entry) {
      const auto found = taken.find(entry.first);
      return found == taken.end() || found->second.count < entry.second;
    });
  });
}

bool HandoverDesk::has_backlog(EndpointId endpoint) const {
  return state_->counts.with([&](const auto& counts) { return counts.backlog.contains(endpoint); });
}

void HandoverDesk::set_room(std::size_t room) {
  state_->counts.with([&](auto& counts) { counts.room = room; });
}

void HandoverDesk::set_paced(EndpointId endpoint, bool has_pace) {
  state_->counts.with([&](auto& counts) {
    if (has_pace) {
      counts.paced.insert(endpoint);
    } else {
      counts.paced.erase(endpoint);
    }
  });
}

void HandoverDesk::hand_over(Begun begun) {
  // Once it is closed nobody takes anything: the attempt stays open until the next start.
  const bool is_first = state_->counts.with([&](auto& counts) {
    if (counts.is_closed) return false;
    counts.handed.push_back(std::move(begun));
    return counts.handed.size() == 1;
  });
  if (is_first) wake_();
}

std::vector<Begun> HandoverDesk::take() {
  return state_->counts.with([](auto& counts) { return std::exchange(counts.handed, {}); });
}

void HandoverDesk::close() {
  state_->counts.with([](auto& counts) { counts.is_closed = true; });
}

Place::~Place() { desk_->leave(endpoint_); }

std::shared_ptr<Place> Handover::reserve(const model::Endpoint& endpoint) const {
  if (desks_.empty()) return nullptr;
  const auto partition = static_cast<std::size_t>(partition_of(endpoint.id.value()));
  return desks_[partition % desks_.size()]->reserve(endpoint);
}

}  // namespace signpost::services
