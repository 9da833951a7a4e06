// SPDX-License-Identifier: Apache-2.0
//
// The second listener, for those who run Signpost: /healthz, /readyz, /metrics.
// Owned by app/wiring; `handle` on any loop; storage, metrics and what the sources read outlive it. No authentication:
// it listens where only the operator's network reaches.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "api/metrics.h"
#include "base/clock.h"
#include "net/http_message.h"
#include "net/task.h"
#include "services/storage.h"

namespace signpost::api {

class OperationApi {
 public:
  /// Adds families of its own; called at every scrape, on a loop: it may only read counters.
  using Source = std::function<void(Exposition&)>;

  /// `in_flight_per_endpoint_max`: with so many attempts under way an endpoint keeps waiting what is due for it.
  OperationApi(services::Storage& storage, const Metrics& metrics, const Clock& clock, std::vector<Source> sources = {},
               std::int32_t in_flight_per_endpoint_max = 8);

  Task<net::Response> handle(net::Request request);

  /// From now on /readyz answers 503, so that balancers send nothing new while we shut down. Any thread.
  void drain() { is_draining_ = true; }

 private:
  Task<net::Response> ready();
  Task<net::Response> metrics();
  Task<void> write_queues(Exposition& to);

  services::Storage& storage_;
  const Metrics& metrics_;
  const Clock& clock_;
  const std::vector<Source> sources_;
  const std::int32_t in_flight_per_endpoint_max_;
  std::atomic<bool> is_draining_{false};
};

}  // namespace signpost::api
