// SPDX-License-Identifier: Apache-2.0
//
// Which addresses we may connect to on a customer's behalf: public ones, and what the operator opens.
// Immutable value; any thread. Every address that a customer can choose is judged at every connection.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"

namespace signpost::net {

/// A block of addresses: "127.0.0.0/8", "fd00::/8".
class Network {
 public:
  /// Address and prefix length; a bare address is a block of one. kUnprocessable for anything else, also for bits
  /// beyond the prefix.
  static Result<Network> parse(std::string_view text);
  /// An address never lies in a network of the other family; mapped ones are the policy's business.
  bool contains(const IpAddress& address) const;
  std::string text() const;

 private:
  Network(IpAddress base, unsigned prefix_bits) : base_(std::move(base)), prefix_bits_(prefix_bits) {}
  IpAddress base_;
  unsigned prefix_bits_;
};

class AddressPolicy {
 public:
  struct Verdict {
    bool allowed = false;
    std::string reason;  // why it is refused: "private use (RFC 1918)"; empty if allowed
  };
  /// `allowed` opens blocks that would be refused, for demo, tests and installations inside a private network.
  explicit AddressPolicy(std::vector<Network> allowed) : allowed_(std::move(allowed)) {}

  /// IPv6 addresses that carry an IPv4 address (mapped, compatible, SIIT, ISATAP, NAT64) get the verdict of what they
  /// carry.
  Verdict judge(const IpAddress& address) const;

 private:
  bool is_opened(const IpAddress& address) const;
  std::vector<Network> allowed_;
};

}  // namespace signpost::net
