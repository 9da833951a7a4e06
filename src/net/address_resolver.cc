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
#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "base/text.h"
#include "net/worker_pool.h"

namespace signpost::net {
namespace {

using Addresses = Result<std::vector<IpAddress>>;
using std::chrono::steady_clock;

constexpr int kTrySeconds = 2;
constexpr int kTriesMax = 2;

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
  // What connects gives this and the connecting five seconds together: to ask for longer holds a thread for nobody.
  _res.retrans = std::min(_res.retrans, kTrySeconds);
  _res.retry = std::min(_res.retry, kTriesMax);
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0)
    return fail(Kind::kNetwork, "the host name " + host + " could not be resolved: " + gai_strerror(error));
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr && addresses.size() <= AddressResolver::kAddressesMax;
       entry = entry->ai_next) {
    if (auto address = address_of(*entry)) addresses.push_back(*address);
  }
  freeaddrinfo(found);
  // Not the first few of them: each must be vetted.
  if (addresses.size() > AddressResolver::kAddressesMax) {
    return fail(Kind::kNetwork, format("the host name {} has more than {} addresses, the most that are taken", host,
                                       AddressResolver::kAddressesMax));
  }
  if (addresses.empty()) return fail(Kind::kNetwork, "the host name " + host + " has no address");
  return addresses;
}

/// Owned by the coroutine that waits and by the lookup: either may be done first.
struct Asker {
  Asker(const Executor& executor, Deadline at) : answered(executor), deadline(at) {}
  Timer answered;
  const Deadline deadline;
  std::optional<Addresses> answer;
};

}  // namespace

struct SystemResolver::Impl {
  struct Asked {
    std::shared_ptr<Asker> asker;
    boost::asio::executor_work_guard<Executor> busy;  // its loop runs until the answer is there
  };
  struct Hosts {
    std::unordered_map<std::string, std::vector<Asked>> asked;  // each is being looked up
    std::unordered_map<std::string, Deadline> slow_until;
  };
  explicit Impl(const Settings& s)
      : settings(s), quick(s.threads_max, s.waiting_max), slow(s.slow_threads_max, s.waiting_max) {}

  WorkerPool::Admission ask(const std::string& host, Asked asked);
  void look_up_for_all(const std::string& host);
  void note(Hosts& hosts, const std::string& host, Milliseconds took) const;

  const Settings settings;
  Guarded<Hosts> hosts;
  WorkerPool quick;  // they die first: their works use the hosts
  WorkerPool slow;
};

WorkerPool::Admission SystemResolver::Impl::ask(const std::string& host, Asked asked) {
  return hosts.with([&](Hosts& all) {
    auto& askers = all.asked[host];
    if (askers.size() >= std::max<std::size_t>(settings.waiting_max, 1)) return WorkerPool::Admission::kFull;
    askers.push_back(std::move(asked));
    if (askers.size() > 1) return WorkerPool::Admission::kTaken;
    const auto known = all.slow_until.find(host);
    auto& lane = known != all.slow_until.end() && known->second > steady_clock::now() ? slow : quick;
    const auto admission = lane.run([this, host] { look_up_for_all(host); });
    if (admission == WorkerPool::Admission::kFull) all.asked.erase(host);
    return admission;
  });
}

void SystemResolver::Impl::look_up_for_all(const std::string& host) {
  const auto start = steady_clock::now();
  const bool is_wanted = hosts.with([&](const Hosts& all) {
    const auto& askers = all.asked.at(host);
    return std::ranges::any_of(askers, [&](const Asked& one) { return one.asker->deadline > start; });
  });
  const bool begins = is_wanted && !quick.is_closing() && !slow.is_closing();
  const auto answer =
      begins ? look_up(host) : Addresses(fail(Kind::kTimeout, "resolving " + host + " did not begin in time"));
  auto askers = hosts.with([&](Hosts& all) {
    if (begins) note(all, host, std::chrono::duration_cast<Milliseconds>(steady_clock::now() - start));
    return std::move(all.asked.extract(host).mapped());
  });
  // Moved: the last to hold a timer is its own loop.
  for (auto& one : askers) {
    boost::asio::post(one.busy.get_executor(), [asker = std::move(one.asker), answer] {
      asker->answer = answer;
      asker->answered.cancel();
    });
  }
}

void SystemResolver::Impl::note(Hosts& all, const std::string& host, Milliseconds took) const {
  const auto now = steady_clock::now();
  if (took < settings.slow_after) {
    all.slow_until.erase(host);
    return;
  }
  if (all.slow_until.size() >= settings.slow_hosts_max) {
    std::erase_if(all.slow_until, [&](const auto& entry) { return entry.second <= now; });
  }
  if (all.slow_until.size() < settings.slow_hosts_max || all.slow_until.contains(host)) {
    all.slow_until[host] = now + settings.slow_for;
  }
}

SystemResolver::SystemResolver(Settings settings) : impl_(std::make_unique<Impl>(settings)) {}
SystemResolver::~SystemResolver() = default;

Task<Result<std::vector<IpAddress>>> SystemResolver::resolve(std::string host, Deadline deadline) {
  if (is_localhost(host)) {
    co_return std::vector<IpAddress>{boost::asio::ip::address_v4::loopback(), boost::asio::ip::address_v6::loopback()};
  }
  const Executor executor = co_await boost::asio::this_coro::executor;
  const auto asker = std::make_shared<Asker>(executor, deadline);
  asker->answered.expires_at(deadline);
  if (impl_->ask(host, {asker, boost::asio::make_work_guard(executor)}) == WorkerPool::Admission::kFull) {
    co_return fail(Kind::kUnavailable, "too many host names are being resolved; try again");
  }
  co_await asker->answered.async_wait(boost::asio::as_tuple(use_task));
  if (asker->answer) co_return *std::move(asker->answer);
  co_return fail(Kind::kTimeout, "resolving " + host + " took too long");
}

}  // namespace signpost::net
