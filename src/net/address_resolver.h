// SPDX-License-Identifier: Apache-2.0
//
// From a host name to its addresses, for connections that we open.
// Owned by app/wiring; any loop. An answer holds at least one address and at most kAddressesMax, and nothing is vetted
// yet.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/task.h"

namespace signpost::net {

class AddressResolver {
 public:
  static constexpr std::size_t kAddressesMax = 64;

  AddressResolver() = default;
  virtual ~AddressResolver() = default;
  AddressResolver(const AddressResolver&) = delete;
  AddressResolver& operator=(const AddressResolver&) = delete;
  /// A and AAAA of the host, without search domains. kNetwork if there is none, if there are more than kAddressesMax or
  /// the resolver fails, kTimeout at the deadline.
  virtual Task<Result<std::vector<IpAddress>>> resolve(std::string host, Deadline deadline) = 0;
};

/// The system's resolver (hosts file, resolv.conf), which blocks: so it runs on its own threads, one a host. Whoever
/// asks for a host that is being looked up waits for the same answer, and a host that was slow the last time waits
/// among its like: names whose servers keep silent hold up no other. `localhost` and names below it are loopback
/// without asking anyone (RFC 6761 6.3).
class SystemResolver final : public AddressResolver {
 public:
  struct Settings {
    std::size_t threads_max = 64;       // begun as they are needed
    std::size_t slow_threads_max = 16;  // for hosts that were slow
    std::size_t waiting_max = 1024;     // lookups not yet begun, and askers of one host; over it: kUnavailable
    Milliseconds slow_after{1'000};
    Milliseconds slow_for{600'000};  // then a host that was slow is tried among the others again
    std::size_t slow_hosts_max = 4096;
  };
  SystemResolver() : SystemResolver(Settings{}) {}
  explicit SystemResolver(Settings settings);
  /// Waits for lookups that have begun; the others never answer, so their tasks must have been stopped.
  ~SystemResolver() override;
  Task<Result<std::vector<IpAddress>>> resolve(std::string host, Deadline deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
