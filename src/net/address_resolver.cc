// SPDX-License-Identifier: Apache-2.0
#include "net/address_resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/worker_pool.h"

namespace signpost::net {
namespace {

using Addresses = Result<std::vector<IpAddress>>;

bool is_localhost(std::string_view host) { return host == "localhost" || host.ends_with(".localhost"); }

std::optional<IpAddress> address_of(const addrinfo& entry) {
  if (entry.ai_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, entry.ai_addr, sizeof v4);
    return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (entry.ai_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, entry.ai_addr, sizeof v6);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes, v6.sin6_scope_id);
  }
  return std::nullopt;
}

/// Blocks, on a worker's thread.
Addresses look_up(const std::string& host) {
  // The thread's own resolver state: no search domains, or "hooks.shop.example" might become a name of our own network.
  res_init();
  _res.options &= ~static_cast<unsigned long>(RES_DEFNAMES | RES_DNSRCH);
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0)
    return fail(Kind::kNetwork, "the host name " + host + " could not be resolved: " + gai_strerror(error));
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr && addresses.size() < AddressResolver::kAddressesMax;
       entry = entry->ai_next) {
    if (auto address = address_of(*entry)) addresses.push_back(*address);
  }
  freeaddrinfo(found);
  if (addresses.empty()) return fail(Kind::kNetwork, "the host name " + host + " has no address");
  return addresses;
}

/// Owned by the coroutine that waits and by the worker that looks up: either may be done first.
struct Lookup {
  explicit Lookup(const Executor& executor) : answered(executor) {}
  Timer answered;
  std::optional<Addresses> answer;
};

}  // namespace

struct SystemResolver::Impl {
  explicit Impl(const Settings& settings) : workers(settings.threads, settings.waiting_max) {}
  WorkerPool workers;
};

SystemResolver::SystemResolver(Settings settings) : impl_(std::make_unique<Impl>(settings)) {}
SystemResolver::~SystemResolver() = default;

Task<Result<std::vector<IpAddress>>> SystemResolver::resolve(std::string host, Deadline deadline) {
  if (is_localhost(host)) {
    co_return std::vector<IpAddress>{boost::asio::ip::address_v4::loopback(), boost::asio::ip::address_v6::loopback()};
  }
  const Executor executor = co_await boost::asio::this_coro::executor;
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->answered.expires_at(deadline);
  auto& workers = impl_->workers;
  const auto work = [&workers, lookup, host, deadline, busy = boost::asio::make_work_guard(executor)] {
    const bool is_late = workers.is_closing() || std::chrono::steady_clock::now() >= deadline;
    auto answer =
        is_late ? Addresses(fail(Kind::kTimeout, "resolving " + host + " did not begin in time")) : look_up(host);
    boost::asio::post(busy.get_executor(), [lookup, answer = std::move(answer)]() mutable {
      lookup->answer = std::move(answer);
      lookup->answered.cancel();
    });
  };
  if (workers.run(work) == WorkerPool::Admission::kFull) {
    co_return fail(Kind::kUnavailable, "too many host names are being resolved; try again");
  }
  co_await lookup->answered.async_wait(boost::asio::as_tuple(use_task));
  if (lookup->answer) co_return *std::move(lookup->answer);
  co_return fail(Kind::kTimeout, "resolving " + host + " took too long");
}

}  // namespace signpost::net
