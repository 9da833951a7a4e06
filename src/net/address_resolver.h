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
#include "net/task.h"

namespace signpost::net {

class AddressResolver {
 public:
  static constexpr std::size_t kAddressesMax = 64;

  AddressResolver() = default;
  virtual ~AddressResolver() = default;
  AddressResolver(const AddressResolver&) = delete;
  AddressResolver& operator=(const AddressResolver&) = delete;
  /// A and AAAA of the host, without search domains. kNetwork if there is none or the resolver fails, kTimeout at the
  /// deadline.
  virtual Task<Result<std::vector<IpAddress>>> resolve(std::string host, Deadline deadline) = 0;
};

/// The system's resolver (hosts file, resolv.conf), which blocks: so it runs on its own few threads.
/// `localhost` and names below it are loopback without asking anyone (RFC 6761 6.3).
class SystemResolver final : public AddressResolver {
 public:
  struct Settings {
    std::size_t threads = 2;
    std::size_t waiting_max = 1024;  // lookups not yet begun; over it: kUnavailable
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
