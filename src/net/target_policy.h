// SPDX-License-Identifier: Apache-2.0
//
// Which URLs customers may name as receivers: the ports, and the addresses that can be judged before a name is
// resolved. Immutable value; any thread. What passes at the door is judged again at every attempt: by the sender for
// its port, by the address policy for every address of its name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address_policy.h"
#include "net/url.h"

namespace signpost::net {

/// "443", "8000-8999".
struct PortRange {
  std::uint16_t first = 1;
  std::uint16_t last = 65535;
  /// kUnprocessable for anything but one port from 1 to 65535, or two with a hyphen, the lower one first.
  static Result<PortRange> parse(std::string_view text);
  bool contains(std::uint16_t port) const { return first <= port && port <= last; }
  std::string text() const;
  bool operator==(const PortRange&) const = default;
};

/// 80 and 443, which the web uses, and those that the operator adds.
std::vector<PortRange> ports_with(std::vector<PortRange> added);
/// kRefused with a sentence that lists what is allowed. Other ports belong to other protocols: an HTTP request to a
/// mail or database server could be taken for commands.
Result<void> check_port(const std::vector<PortRange>& allowed, std::uint16_t port);

class TargetPolicy {
 public:
  /// Public addresses, ports 80 and 443.
  TargetPolicy() : TargetPolicy({}, {}) {}
  TargetPolicy(std::vector<Network> opened, std::vector<PortRange> added_ports)
      : addresses_(std::move(opened)), ports_(ports_with(std::move(added_ports))) {}

  /// kUnprocessable with the reason. A literal address is judged here, so is localhost, which always means this
  /// machine.
  Result<void> check(const Url& url) const;
  const std::vector<PortRange>& ports() const { return ports_; }

 private:
  AddressPolicy addresses_;
  std::vector<PortRange> ports_;
};

}  // namespace signpost::net
