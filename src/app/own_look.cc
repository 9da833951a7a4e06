// SPDX-License-Identifier: Apache-2.0
#include "app/own_look.h"

#include "app/canvas.h"
#include "app/observation_view.h"
#include "app/resolv_conf.h"
#include "app/run_here.h"
#include "base/text.h"
#include "dns/observer.h"

namespace signpost::app {
namespace {

Task<dns::Observation> look(dns::Observer& observer, std::vector<dns::Expectation> expectations, net::Deadline deadline,
                            dns::Progress progress) {
  auto seen = co_await observer.observe(std::move(expectations), deadline, std::move(progress));
  co_await observer.stop();
  co_return seen;
}

std::string names_of(const dns::Observation& observation) {
  if (observation.records.empty()) return "nothing";
  const auto more = observation.records.size() - 1;
  const auto& first = observation.records.front().name.text();
  return more == 0 ? first : format("{} and {} more", first, more);
}

}  // namespace

Result<dns::Observation> look_here(Console& console, const LookOptions& options,
                                   std::vector<dns::Expectation> expectations, OutputForm form) {
  net::Loop loop(1);
  const net::AddressPolicy policy(options.allow);
  dns::Observer::Settings settings;
  settings.resolvers = options.resolvers.empty() ? TRY(system_resolvers()) : options.resolvers;
  settings.authority_port = options.authority_port;
  settings.certificate_authorities = options.certificate_authorities;
  dns::Observer observer(loop.get_executor(), settings, policy);
  Canvas canvas(console);
  dns::Progress progress;
  if (console.screen == Screen::kTerminal && form == OutputForm::kText) {
    progress = [&](const dns::Observation& so_far, std::size_t answered, std::size_t asked) {
      canvas.draw(asked == 0 ? format("… looking for the name servers of {}\n", names_of(so_far))
                             : observation_table(view_of(so_far, console.clock.now()), console.columns) +
                                   format("… {} of {} questions answered\n", answered, asked));
    };
  }
  const auto deadline = std::chrono::steady_clock::now() + settings.look_max;
  auto seen = run_here(loop, look(observer, std::move(expectations), deadline, std::move(progress)));
  canvas.wipe();
  return seen;
}

}  // namespace signpost::app
