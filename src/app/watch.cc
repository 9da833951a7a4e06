// SPDX-License-Identifier: Apache-2.0
#include "app/watch.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "app/canvas.h"
#include "app/connection_view.h"
#include "app/option_names.h"
#include "app/stop_signals.h"
#include "base/record_type.h"
#include "base/text.h"

namespace signpost::app {
namespace {

constexpr OptionName kConnectOptions[] = {{"host", "HOST"},
                                          {"records", "--record"},
                                          {"organization", "--organization"},
                                          {"application", "--application"},
                                          {"user_id", "--user-id"}};

constexpr Milliseconds kPollPause = std::chrono::seconds(1);
// A server that restarts must not end the watch.
constexpr Milliseconds kOutageMax = std::chrono::minutes(1);

std::string connection_path(std::string_view id) { return "/v1/connections/" + std::string(id); }

std::string connection_wish(const ConnectOptions& options) {
  boost::json::array records;
  for (const auto& record : options.records) {
    boost::json::object object{{"type", record.type}, {"host", record.host}, {"value", record.value}};
    if (record.priority) object["priority"] = *record.priority;
    records.push_back(std::move(object));
  }
  boost::json::object wish{
      {"organization", options.organization}, {"host", options.host}, {"records", std::move(records)}};
  if (!options.application.empty()) wish["application"] = options.application;
  if (!options.user_id.empty()) wish["user_id"] = options.user_id;
  return boost::json::serialize(wish);
}

/// Shows each state: over the last one on a terminal, else as lines whenever something has changed.
class Presenter {
 public:
  explicit Presenter(Console& console) : console_(console), canvas_(console) {}
  void show(const ConnectionView& connection) {
    if (console_.screen == Screen::kTerminal)
      return canvas_.draw(watch_picture(connection, console_.clock.now(), console_.columns));
    auto lines = watch_lines(connection);
    if (lines == shown_) return;
    shown_ = std::move(lines);
    console_.out << to_rfc3339(console_.clock.now()).substr(11, 8) << " " << shown_ << std::flush;
  }

 private:
  Console& console_;
  Canvas canvas_;
  std::string shown_;
};

bool is_outage(Kind kind) {
  return kind == Kind::kNetwork || kind == Kind::kTimeout || kind == Kind::kUnavailable || kind == Kind::kRateLimited;
}

Result<Exit> ended(Console& console, const ConnectionView& connection, WatchEnd end) {
  if (end == WatchEnd::kSuccess) {
    console.out << format("{} has propagated: every authoritative server agrees\n", printable(connection.host));
    if (connection.claim == "unproven" && connection.claim_record) {
      console.out << format(
          "but nothing proves yet that the domain is the organization's own: add {} {} with the value {}\n",
          connection.claim_record->type, printable(connection.claim_record->host),
          printable(connection.claim_record->value));
    }
    return Exit::kOk;
  }
  if (connection.status == "DISCONNECTED")
    return fail(Kind::kConflict, format("{} is disconnected: its DNS leads elsewhere again", connection.host));
  return fail(Kind::kConflict, connection.propagation == "failed"
                                   ? format("{} has not propagated within 72 hours", connection.host)
                                   : format("the claim on {} has ended ({}): create the connection again",
                                            connection.host, connection.claim));
}

Result<Exit> follow(Console& console, ApiClient& api, const std::string& id, std::optional<Milliseconds> at_most) {
  using SteadyClock = std::chrono::steady_clock;
  StopSignals signals;
  Presenter presenter(console);
  const auto begun = SteadyClock::now();
  auto answered = begun;
  for (;;) {
    const auto body = api.get(connection_path(id));
    if (!body && (!is_outage(body.error().kind) || SteadyClock::now() - answered > kOutageMax))
      return std::unexpected(body.error());
    if (body) {
      answered = SteadyClock::now();
      const auto connection = TRY(parse_connection(*body));
      presenter.show(connection);
      if (const auto end = end_of(connection); end != WatchEnd::kGoesOn) return ended(console, connection, end);
    }
    if (at_most && SteadyClock::now() - begun >= *at_most) {
      return fail(Kind::kTimeout, format("not propagated within {}; Signpost goes on watching", to_text(*at_most)));
    }
    if (signals.wait(kPollPause) == StopSignals::Woken::kSignal) {
      return fail(Kind::kUnavailable, "stopped watching; Signpost goes on by itself");
    }
  }
}

}  // namespace

Result<RecordWish> parse_record_wish(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return fail(Kind::kUnprocessable,
                format("\"{}\": {}; a record is written 'TYPE HOST VALUE', such as 'CNAME www app.saas.example'",
                       printable(text, 80), why));
  };
  auto rest = trim(text);
  const auto word = [&rest] {
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    const auto first = rest.substr(0, end);
    rest = trim(rest.substr(end));
    return first;
  };
  const auto type = parse_record_type(word());
  if (!type) return wrong(format("the type must be {}", kRecordTypeNames));
  RecordWish wish{std::string(name_of(*type)), std::string(word()), "", std::nullopt};
  if (*type == RecordType::kMx) {
    const auto priority = parse_integer(word());
    if (!priority || *priority < 0 || *priority > 65535)
      return wrong("the value of MX begins with a preference from 0 to 65535");
    wish.priority = static_cast<std::uint16_t>(*priority);
  }
  // As the shell's users write it; a CAA value keeps its quotation marks, which stand further in.
  if (rest.size() >= 2 && rest.starts_with('"') && rest.ends_with('"')) rest = rest.substr(1, rest.size() - 2);
  if (wish.host.empty() || rest.empty()) return wrong("host or value is missing");
  wish.value = rest;
  return wish;
}

Result<Exit> connect(Console& console, const ConnectOptions& options) {
  auto opened = ApiClient::open(console, options.api);
  if (!opened) return wrong_usage(console, opened.error());
  auto& api = *opened;
  const auto answer = api.post("/v1/connections", connection_wish(options));
  if (!answer) return std::unexpected(in_options(answer.error(), kConnectOptions));
  const auto created = TRY(parse_connection(*answer));
  const auto path = connection_path(created.id);
  if (options.flow == ConnectOptions::Flow::kReported) TRY(api.post(path + "/flow", R"({"setup_type":"manual"})"));
  const auto body = TRY(api.get(path));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n" << std::flush;
  } else {
    console.out << instructions(TRY(parse_connection(body)), console.columns) << std::flush;
  }
  if (options.then == ConnectOptions::Then::kReturn) return Exit::kOk;
  if (options.form == OutputForm::kText) console.out << "\n";
  return follow(console, api, created.id, std::nullopt);
}

Result<Exit> watch(Console& console, const WatchOptions& options) {
  auto api = ApiClient::open(console, options.api);
  if (!api) return wrong_usage(console, api.error());
  return follow(console, *api, options.id, options.at_most);
}

}  // namespace signpost::app
