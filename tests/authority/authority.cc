// SPDX-License-Identifier: Apache-2.0
//
// acme_authority LISTEN CONTROL [RESOLVER]: our own certificate authority for tests of the whole program. It serves
// ACME at LISTEN and takes orders at CONTROL (acme/testing/authority_control.h), both "127.0.0.1:PORT"; TXT records are
// asked of RESOLVER, else they are what the control has been told. Says "ready" and the directory's URL, ends with
// SIGTERM.
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "acme/testing/authority.h"
#include "acme/testing/authority_control.h"
#include "base/clock.h"
#include "base/text.h"
#include "dns/resolver.h"
#include "net/http_server.h"
#include "net/url.h"

namespace {

using namespace signpost;

constexpr Milliseconds kLookUpBudget = std::chrono::seconds(5);

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "acme_authority: %s\n", why.c_str());
  std::exit(2);
}

net::UdpEndpoint endpoint_of(const std::string& text) {
  const auto url = net::Url::parse("http://" + text);
  if (!url || !url->literal) die(text + " is not an address and a port");
  return {*url->literal, url->port};
}

Task<std::vector<std::string>> look_up(dns::Resolver& resolver, DnsName name) {
  const auto deadline = std::chrono::steady_clock::now() + kLookUpBudget;
  const auto answer = co_await resolver.ask({name, dns::WireType::kTxt}, deadline);
  std::vector<std::string> values;
  if (!answer) co_return values;
  for (const auto& record : answer->answer) {
    if (record.type == dns::WireType::kTxt) values.push_back(record.value);
  }
  co_return values;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3 || count > 4) die("usage: LISTEN CONTROL [RESOLVER]");
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before the first thread, which inherits it

  const SystemClock clock;
  acme::testing::Authority authority(clock, words[1]);
  std::optional<dns::Transport> transport;
  std::optional<dns::Resolver> resolver;
  if (count == 4) {
    transport.emplace(authority.loop().get_executor(), dns::Transport::Settings{});
    resolver.emplace(*transport, dns::Resolver::Settings{.servers = {endpoint_of(words[3])}});
    authority.look_up_by([&](DnsName name) { return look_up(*resolver, std::move(name)); });
  }
  net::Loops loops(1);
  auto server = net::HttpServer::open(loops, words[2], {}, [&](net::Request request) -> Task<net::Response> {
    co_return acme::testing::control(authority, request);
  });
  if (!server) die(server.error().message);
  loops.start();
  std::printf("ready %s\n", authority.directory_url().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  std::_Exit(0);  // a test is over: nothing here is worth an orderly end
}
