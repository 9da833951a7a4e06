// SPDX-License-Identifier: Apache-2.0
#include "dns/zone_writer.h"

#include <boost/asio/this_coro.hpp>
#include <random>

#include "base/text.h"
#include "dns/probe.h"
#include "dns/transport.h"

namespace signpost::dns {
namespace {

std::uint16_t random_id() {
  static thread_local std::random_device device;
  return static_cast<std::uint16_t>(device());
}

}  // namespace

Task<Result<void>> ZoneWriter::add(DnsName name, std::string value) const {
  return update({TextUpdate::Act::kAdd, std::move(name), std::move(value)});
}

Task<Result<void>> ZoneWriter::remove(DnsName name, std::string value) const {
  return update({TextUpdate::Act::kRemove, std::move(name), std::move(value)});
}

Task<Result<void>> ZoneWriter::update(TextUpdate wish) const {
  const auto made = CO_TRY(encode_update(settings_.zone, wish, settings_.ttl, random_id(), settings_.key));
  const auto server = text_of(settings_.server);
  Transport transport(co_await boost::asio::this_coro::executor, {.try_max = settings_.try_max, .tries_max = 2});
  const auto deadline = std::chrono::steady_clock::now() + settings_.update_max;
  const auto answer = co_await transport.exchange(settings_.server, made.octets, deadline);
  if (!answer) {
    co_return fail(answer.error().kind,
                   format("the name server {} could not be told to change {}: {}; is it running, and may this machine "
                          "reach its port by UDP and TCP?",
                          server, wish.name.text(), answer.error().message));
  }
  co_return read_update_answer(*answer, made, settings_.zone, settings_.key, server, SystemClock().now());
}

}  // namespace signpost::dns
