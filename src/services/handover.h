// SPDX-License-Identifier: Apache-2.0
//
// The short way from an event to its receiver: the transaction that writes a delivery also opens its first attempt, and
// after the commit the courier sends it without having to look for it. What has no place goes the long way: it is a
// row that is due. Owned by the bell; any thread.
// A courier opens its desk, and from then on a place is one attempt that its endpoint may have in flight.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "store/deliveries.h"

namespace signpost::services {

class HandoverDesk;

/// One attempt in flight of one endpoint; the place is free again when this dies.
class Place {
 public:
  Place(std::shared_ptr<HandoverDesk> desk, EndpointId endpoint) : desk_(std::move(desk)), endpoint_(endpoint) {}
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  HandoverDesk& desk() const { return *desk_; }

 private:
  std::shared_ptr<HandoverDesk> desk_;
  EndpointId endpoint_;
};

/// A delivery whose first attempt is open. Copies share the place: a work may run twice, and drops what it made first.
struct Begun {
  store::deliveries::ClaimedDelivery claimed;
  std::shared_ptr<Place> place;
};

/// The courier's side of one loop. Owned by the courier, and by places and by the handover that outlive it.
class HandoverDesk : public std::enable_shared_from_this<HandoverDesk> {
 public:
  struct Settings {
    std::int32_t per_endpoint_max = 8;
    Milliseconds lease{60'000};
  };
  /// `wake` is called when the first of some deliveries is handed over; any thread, it may only notify.
  HandoverDesk(Settings settings, std::function<void()> wake);
  ~HandoverDesk();

  /// A place of an attempt that came the long way: the claim has looked at the limits already.
  std::shared_ptr<Place> occupy(const model::Endpoint& endpoint);
  /// How many more may be handed over until the courier says it again.
  void set_room(std::size_t room);
  /// Nothing is handed over for an endpoint that has a pace.
  void set_paced(EndpointId endpoint, bool has_pace);

  /// Around a claim. Behind an endpoint that gets all it may have, more may be due: it has a backlog, and who comes now
  /// must not overtake it. One that got less, of a claim that was not `is_cut_short`, has nothing left.
  void begin_claim();
  void end_claim(const std::vector<store::deliveries::ClaimedDelivery>& claimed, bool is_cut_short);
  /// Something of the endpoint's may be due that went the long way: when a place comes free, a claim is worth it.
  bool has_backlog(EndpointId endpoint) const;

  /// What was handed over since the last time.
  std::vector<Begun> take();
  /// What is reserved already still comes; nothing more is.
  void close();

  // For event_log and the bell.
  std::shared_ptr<Place> reserve(const model::Endpoint& endpoint);
  void hand_over(Begun begun);
  Milliseconds lease() const { return settings_.lease; }
  void leave(EndpointId endpoint);

 private:
  struct State;
  std::int32_t max_of(const model::Endpoint& endpoint) const;
  const Settings settings_;
  const std::function<void()> wake_;
  std::unique_ptr<State> state_;
};

class Handover {
 public:
  Handover() = default;
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  /// Before the loops start; desk number i is for the partitions of loop i.
  void add(std::shared_ptr<HandoverDesk> desk) { desks_.push_back(std::move(desk)); }
  /// The desk where the endpoint has a free place, which is taken; null: the long way, as always for an endpoint with a
  /// rate.
  std::shared_ptr<Place> reserve(const model::Endpoint& endpoint) const;

  /// Deliveries that have been committed, for metrics.
  void note_accepted(std::size_t deliveries) { accepted_ += deliveries; }
  std::uint64_t accepted() const { return accepted_; }

 private:
  std::atomic<std::uint64_t> accepted_{0};
  std::vector<std::shared_ptr<HandoverDesk>> desks_;
};

}  // namespace signpost::services
