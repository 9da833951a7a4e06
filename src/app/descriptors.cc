// SPDX-License-Identifier: Apache-2.0
#include "app/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace signpost::app {
namespace {

// Streams, database with its log for each thread, data directory, fetches of key sets; the operation listener's
// clients.
constexpr std::size_t kHouse = 256;
// epoll, timer, wake-up, two acceptors, and what waits to be refused.
constexpr std::size_t kPerLoop = 80;
// DNS and webhooks want their maximum on the worst day only, so clients keep this share of a small limit.
constexpr std::size_t kClientsShare = 4;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

DescriptorPlan plan_descriptors(std::size_t limit, const DescriptorNeeds& needs) {
  const auto rest = kHouse + needs.loops * kPerLoop + needs.questions + needs.attempts;
  const auto left = limit > rest ? limit - rest : 0;
  DescriptorPlan plan;
  plan.connections = std::max<std::size_t>(1, std::min(needs.connections, std::max(left, limit / kClientsShare)));
  plan.wanted = needs.connections + rest;
  plan.short_by = plan.connections + rest > limit ? plan.connections + rest - limit : 0;
  return plan;
}

}  // namespace signpost::app
