// SPDX-License-Identifier: Apache-2.0
//
// A resolver whose answers the test writes down. One loop, or set up before the loops run.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/address_resolver.h"

namespace signpost::net::testing {

class FakeAddressResolver final : public AddressResolver {
 public:
  /// From now on the host has these addresses; none: the name does not exist.
  void set(std::string host, const std::vector<std::string>& addresses) {
    auto& answer = answers_[std::move(host)];
    answer.clear();
    for (const auto& address : addresses) answer.push_back(boost::asio::ip::make_address(address));
  }
  int lookups() const { return lookups_; }

  Task<Result<std::vector<IpAddress>>> resolve(std::string host, Deadline) override {
    ++lookups_;
    const auto found = answers_.find(host);
    if (found == answers_.end() || found->second.empty()) {
      co_return fail(Kind::kNetwork, "the host name " + host + " has no address");
    }
    co_return found->second;
  }

 private:
  std::map<std::string, std::vector<IpAddress>, std::less<>> answers_;
  int lookups_ = 0;
};

}  // namespace signpost::net::testing
