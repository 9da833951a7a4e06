// SPDX-License-Identifier: Apache-2.0
#include "dns/observer.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <cstdlib>

#include "base/log.h"
#include "base/text.h"
#include "dns/caa_look.h"
#include "dns/explanation.h"
#include "dns/look.h"

namespace signpost::dns {

namespace {

using std::chrono::steady_clock;

Transport::Settings transport_settings(const Observer::Settings& settings, std::size_t in_flight_server_max) {
  Transport::Settings made;
  made.try_max = settings.try_max;
  made.ask_max = settings.server_max;
  made.in_flight_server_max = in_flight_server_max;
  made.in_flight_max = settings.in_flight_max;
  return made;
}

Resolver::Settings resolver_settings(const Observer::Settings& settings) {
  Resolver::Settings made;
  made.servers = settings.resolvers;
  return made;
}

std::vector<RecordObservation> unseen(std::span<const Expectation> records, Cause cause, const std::string& text) {
  std::vector<RecordObservation> all;
  for (const auto& record : records) {
    RecordObservation seen{.name = record.name, .type = record.type, .expected = expected_text(record)};
    explain(seen, {unseen(cause, text)});
    all.push_back(std::move(seen));
  }
  return all;
}

}  // namespace

class Observer::Turn {
 public:
  explicit Turn(Observer& observer) : observer_(observer) { ++observer_.looks_; }
  ~Turn() {
    if (--observer_.looks_ == 0) observer_.stopped_.cancel();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Observer& observer_;
};

// Dead domains keep a resolver busy for long: there the questions of one server are bounded by the sockets alone, so
// that they do not queue before those of a healthy domain.
Observer::Observer(net::Executor executor, Settings settings, const net::AddressPolicy& policy)
    : settings_(std::move(settings)),
      transport_(executor, transport_settings(settings_, settings_.in_flight_server_max)),
      to_resolvers_(executor, transport_settings(settings_, settings_.in_flight_max)),
      resolver_(to_resolvers_, resolver_settings(settings_)),
      authorities_(transport_, resolver_, policy,
                   {settings_.authority_port, settings_.authorities_max, settings_.addresses_max}),
      stopped_(executor) {}

Observer::~Observer() {
  if (looks_ == 0) return;
  log::error("a DNS observer died before its looks: its owner has to await stop()", {{"looks", looks_}});
  std::abort();
}

Task<Observation> Observer::observe(std::vector<Expectation> expectations, net::Deadline deadline, Progress progress) {
  const auto start = steady_clock::now();
  Observation observation;
  if (stopping_ || looks_ >= settings_.looks_max) {
    observation.records =
        unseen(expectations, Cause::kTooBusy, "DNS was not looked at: too many looks at once, or shutting down.");
    co_return observation;
  }
  const Turn turn(*this);
  const auto taken = std::min(expectations.size(), settings_.expectations_max);
  const std::vector<Expectation> rest(expectations.begin() + static_cast<std::ptrdiff_t>(taken), expectations.end());
  expectations.erase(expectations.begin() + static_cast<std::ptrdiff_t>(taken), expectations.end());
  const Look::Budget budget{std::min(deadline, start + settings_.look_max)};
  const Look::Means means{authorities_,  resolver_, transport_,
                          to_resolvers_, memory_,   settings_.certificate_authorities};
  Look look(std::move(expectations), means, budget, std::move(progress));
  observation.records = co_await look.run();
  std::ranges::move(
      unseen(rest, Cause::kTooManyRecords,
             format("One look takes {} records; this one was not looked at.", settings_.expectations_max)),
      std::back_inserter(observation.records));
  observation.took_ms = std::chrono::duration_cast<Milliseconds>(steady_clock::now() - start).count();
  co_return observation;
}

Task<CaaVerdict> Observer::may_issue(DnsName name, CaaQuestion question, net::Deadline deadline) {
  if (stopping_ || looks_ >= settings_.looks_max) {
    CaaVerdict open;
    open.sentence = "CAA was not looked at: too many looks at once, or shutting down";
    co_return open;
  }
  const Turn turn(*this);
  CaaLook look(authorities_, resolver_, transport_);
  co_return co_await look.judge(std::move(name), std::move(question),
                                std::min(deadline, steady_clock::now() + settings_.look_max));
}

Task<void> Observer::stop() {
  stopping_ = true;
  co_await transport_.stop();
  co_await to_resolvers_.stop();
  while (looks_ > 0) {
    stopped_.expires_at(net::Deadline::max());
    co_await stopped_.async_wait(boost::asio::as_tuple(net::use_task));
  }
}

}  // namespace signpost::dns
