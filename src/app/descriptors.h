// SPDX-License-Identifier: Apache-2.0
//
// The descriptors (sockets, files) that the process may open, and how client connections share them with DNS and
// webhooks. Functions of the main thread at start; the plan is a value. What clients can open never takes what the rest
// needs.
#pragma once

#include <cstddef>

namespace signpost::app {

/// Raises the soft limit to the hard one, where the system allows it. Returns what holds now.
std::size_t raise_descriptor_limit();

struct DescriptorNeeds {
  std::size_t connections = 0;  // of clients, as configured
  std::size_t questions = 0;    // of and to DNS servers at a time, all loops
  std::size_t attempts = 0;     // of webhooks at a time, all loops
  std::size_t loops = 1;
};

struct DescriptorPlan {
  std::size_t connections = 0;  // of clients that fit beside the rest; at least a quarter of what there is
  std::size_t wanted = 0;       // the limit under which nothing is cut
  std::size_t short_by = 0;     // what DNS and webhooks together may lack on a day when all want all; 0: nothing
};

/// What fits into `limit` descriptors.
DescriptorPlan plan_descriptors(std::size_t limit, const DescriptorNeeds& needs);

}  // namespace signpost::app
