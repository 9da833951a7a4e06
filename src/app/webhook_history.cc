// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_history.h"

#include <boost/json.hpp>
#include <ostream>

#include "app/answered_json.h"
#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::size_t kBodyShownMax = 20'000;

std::string line_of(const AnsweredObject& delivery) {
  return format("{}  {}  {}  {}  {} attempt{}{}\n", delivery.text("created_at"), delivery.text("id"),
                pad(delivery.text("state"), 9), pad(delivery.text("type"), 26), delivery.text("attempts_made"),
                delivery.text("attempts_made") == "1" ? "" : "s",
                delivery.text("next_attempt_at").empty() ? "" : ", next at " + delivery.text("next_attempt_at"));
}

std::string attempt_line(const AnsweredObject& attempt) {
  const auto status = attempt.text("status");
  const auto timing = attempt.object("timing_ms");
  const auto took = timing ? timing->text("total") : std::string();
  auto line = format("  {}. {}  {}{}", attempt.text("number"), attempt.text("started_at"), attempt.text("result"),
                     status.empty() ? "" : " " + status);
  if (const auto address = attempt.text("remote_address"); !address.empty()) line += "  " + address;
  if (!took.empty() && took != "-1") line += "  " + took + " ms";
  line += "\n";
  if (const auto detail = attempt.text("detail"); !detail.empty()) line += "       " + detail + "\n";
  if (const auto answer = attempt.text("response_body"); !answer.empty()) line += "       answered: " + answer + "\n";
  return line;
}

}  // namespace

Result<std::string> delivery_line(std::string_view text) { return line_of(TRY(AnsweredObject::parse(text))); }

Result<std::string> delivery_page(std::string_view text) {
  const auto page = TRY(AnsweredObject::parse(text));
  std::string lines;
  for (const auto& item : page.objects("data")) lines += line_of(item);
  if (lines.empty()) lines = "no delivery is like that\n";
  if (const auto next = page.text("next_cursor"); !next.empty())
    lines += "there are older ones: the same with --cursor " + next + "\n";
  return lines;
}

Result<Exit> webhook_list(Console& console, const WebhookListOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.get(target_of("/v1/deliveries", {{"application", options.application},
                                                             {"job", options.job},
                                                             {"host", options.host},
                                                             {"type", options.type},
                                                             {"state", options.state},
                                                             {"endpoint", options.endpoint},
                                                             {"after", options.after},
                                                             {"before", options.before},
                                                             {"cursor", options.cursor},
                                                             {"limit", std::to_string(options.limit)}})));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  console.out << TRY(delivery_page(body));
  return Exit::kOk;
}

Result<Exit> webhook_show(Console& console, const WebhookShowOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const Parameters application{{"application", options.application}};
  const auto body = TRY(api.get(target_of("/v1/deliveries/" + percent_encoded(options.delivery), application)));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  const auto delivery = TRY(AnsweredObject::parse(body));
  console.out << line_of(delivery)
              << format("  event {} of job {}, connection {}, to endpoint {}\n", delivery.text("event"),
                        delivery.text("job_id"), delivery.text("connection"), delivery.text("endpoint"));
  for (const auto& attempt : delivery.objects("attempts")) console.out << attempt_line(attempt);
  const auto event = api.get(target_of("/v1/events/" + percent_encoded(delivery.text("event")), application));
  if (event) {
    const auto object = TRY(AnsweredObject::parse(*event));
    if (const auto sent = object.text("body", kBodyShownMax); !sent.empty()) console.out << "  " << sent << "\n";
  }
  return Exit::kOk;
}

namespace {

Result<Exit> replay_one(Console& console, ApiClient& api, const WebhookReplayOptions& options) {
  const auto path = "/v1/deliveries/" + percent_encoded(options.delivery) + "/replay";
  const auto body = TRY(api.post(target_of(path, {{"application", options.application}}), "{}"));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
  } else {
    console.out << format("{} is sent again\n", printable(options.delivery));
  }
  return Exit::kOk;
}

Result<Exit> replay_all(Console& console, ApiClient& api, const WebhookReplayOptions& options) {
  const bool is_dry = options.run == WebhookReplayOptions::Run::kDry;
  boost::json::object wish{{"since", options.since},
                           {"rate_per_second", options.rate_per_second},
                           {"state", options.state},
                           {"dry_run", is_dry}};
  if (!options.until.empty()) wish["until"] = options.until;
  const auto path = "/v1/endpoints/" + percent_encoded(options.endpoint) + "/replay";
  const auto body =
      TRY(api.post(target_of(path, {{"application", options.application}}), boost::json::serialize(wish)));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  const auto count = TRY(AnsweredObject::parse(body));
  console.out << format("{} {} sent again: {} failed, {} missed, {} delivered", count.text("count"),
                        is_dry ? "would be" : "are", count.text("failed"), count.text("missed"),
                        count.text("delivered"));
  if (!count.text("last_at").empty()) console.out << "; the last is due at " << count.text("last_at");
  console.out << "\n";
  if (count.text("has_more") == "true") console.out << "there are more: run it again\n";
  return Exit::kOk;
}

}  // namespace

Result<Exit> webhook_replay(Console& console, const WebhookReplayOptions& options) {
  const bool is_one = !options.delivery.empty();
  if (is_one != options.endpoint.empty() || (!is_one && options.since.empty())) {
    return wrong_usage(console, {Kind::kInvalid, "name a delivery, or --endpoint and --since", "", {}});
  }
  auto api = TRY(ApiClient::open(console, options.api));
  return is_one ? replay_one(console, api, options) : replay_all(console, api, options);
}

}  // namespace signpost::app
