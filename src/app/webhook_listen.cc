// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_listen.h"

#include <boost/json.hpp>
#include <ostream>

#include "app/stop_signals.h"
#include "app/webhook_verify.h"
#include "base/guarded.h"
#include "base/text.h"
#include "net/http_server.h"
#include "net/loops.h"

namespace signpost::app {
namespace {

constexpr std::size_t kShownBodyBytesMax = 2000;
constexpr Milliseconds kStopBudget = std::chrono::seconds(2);
constexpr std::size_t kNestingMax = 32;

boost::json::object object_of(std::string_view body) {
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = kNestingMax;
  const auto value = boost::json::parse({body.data(), body.size()}, error, {}, options);
  return !error && value.is_object() ? value.as_object() : boost::json::object{};
}

std::string text_of(const boost::json::object& object, const char* name) {
  const auto* member = object.if_contains(name);
  return member && member->is_string() ? std::string(member->as_string()) : std::string{};
}

std::string joined(const boost::json::object& object, const char* name) {
  const auto* member = object.if_contains(name);
  std::string text;
  if (!member || !member->is_array()) return text;
  for (const auto& item : member->as_array()) {
    if (item.is_string()) text += (text.empty() ? "" : ",") + std::string(item.as_string());
  }
  return text;
}

class Receiver {
 public:
  Receiver(Console& console, const WebhookListenOptions& options, std::vector<std::string> secrets,
           StopSignals& signals)
      : console_(console), options_(options), secrets_(std::move(secrets)), signals_(signals) {}

  /// Only ever on the one loop.
  net::Response receive(const net::Request& request) {
    const auto now = console_.clock.now();
    const auto verification =
        services::verify(request.headers, request.body, secrets_, now, options_.accepted, tolerance_);
    const bool is_again =
        verification.ok && guard_.note(verification, to_seconds(now)) == services::ReplayGuard::Seen::kAgain;
    ++received_;
    print(request, verification, is_again);
    if (!verification.ok) return net::problem_response(401, "the signature is not genuine");
    if (is_again) return net::problem_response(409, "this webhook has been received before");
    net::Response response;
    response.status = options_.status;
    count_verified(request.body);
    return response;
  }

  bool is_finished() const {
    return finished_.with([](bool finished) { return finished; });
  }
  std::size_t received() const { return received_; }
  std::size_t verified() const { return verified_; }

 private:
  void print(const net::Request& request, const services::Verification& verification, bool is_again) {
    const auto time = to_rfc3339(console_.clock.now()).substr(11, 12);
    const auto state = !verification.ok ? "NOT GENUINE" : is_again ? "REPLAYED" : "verified";
    console_.out << format("{} {} #{}  {}{}\n", state, time, received_, webhook_summary(request.body),
                           verification.ok ? "  signature=" + verification.accepted_form : "");
    if (!verification.ok) console_.out << findings_text(verification);
    console_.out << "    " << printable(request.body, kShownBodyBytesMax)
                 << (request.body.size() > kShownBodyBytesMax ? format(" … ({} bytes)", request.body.size()) : "")
                 << "\n"
                 << std::flush;
  }

  void count_verified(std::string_view body) {
    ++verified_;
    const bool is_enough = options_.count > 0 && verified_ >= options_.count;
    const bool is_success = options_.until == WebhookListenOptions::Until::kSuccess && is_success_webhook(body);
    if (!is_enough && !is_success) return;
    finished_.with([](bool& finished) { finished = true; });
    signals_.wake();
  }

  Console& console_;
  const WebhookListenOptions& options_;
  const std::vector<std::string> secrets_;
  StopSignals& signals_;
  const services::Tolerance tolerance_;
  services::ReplayGuard guard_;
  std::size_t received_ = 0;
  std::size_t verified_ = 0;
  Guarded<bool> finished_{false};
};

Task<net::Response> answer(Receiver& receiver, net::Request request) { co_return receiver.receive(request); }

}  // namespace

std::string webhook_summary(std::string_view body) {
  const auto object = object_of(body);
  const auto subdomain = text_of(object, "subdomain");
  std::string line = text_of(object, "type").empty() ? "(no JSON event)" : text_of(object, "type");
  line += "  " + (subdomain.empty() ? "" : subdomain + ".") + text_of(object, "domain");
  if (const auto status = text_of(object, "propagation_status"); !status.empty())
    line += "  propagation_status=" + status;
  if (const auto updated = joined(object, "updated_objects"); !updated.empty()) line += "  updated=" + updated;
  return printable(line, 300);
}

bool is_success_webhook(std::string_view body) { return text_of(object_of(body), "propagation_status") == "success"; }

Result<Exit> webhook_listen(Console& console, const WebhookListenOptions& options) {
  auto secrets = secrets_or_environment(options.secrets, console);
  if (!secrets) return wrong_usage(console, secrets.error());
  StopSignals signals;
  Receiver receiver(console, options, *std::move(secrets), signals);
  net::Loops loops(1);
  net::HttpLimits limits;
  limits.body_bytes_max = kWebhookBytesMax;
  const auto server = TRY(net::HttpServer::open(loops, options.listen, limits, [&receiver](net::Request request) {
    return answer(receiver, std::move(request));
  }));
  loops.start();
  const auto endpoint = server->endpoint();
  console.out << format("listening for webhooks on http://{}:{}/\n",
                        endpoint.address().is_v6() ? "[" + endpoint.address().to_string() + "]"
                                                   : endpoint.address().to_string(),
                        endpoint.port())
              << std::flush;
  const auto woken = signals.wait(options.at_most);
  server->stop(kStopBudget);
  loops.stop_and_join();
  console.out << format("{} received, {} verified\n", receiver.received(), receiver.verified()) << std::flush;
  if (woken == StopSignals::Woken::kTimeout) {
    return fail(Kind::kTimeout, format("nothing of what was waited for came within {}", to_text(*options.at_most)));
  }
  const bool waits = options.count > 0 || options.until == WebhookListenOptions::Until::kSuccess;
  return receiver.is_finished() || !waits ? Exit::kOk : Exit::kFailed;
}

}  // namespace signpost::app
