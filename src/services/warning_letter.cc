// SPDX-License-Identifier: Apache-2.0
#include "services/warning_letter.h"

#include "base/text.h"

namespace signpost::services {
namespace {

constexpr std::size_t kNameBytesMax = 120;

/// "2026-11-25 09:52:39 UTC"
std::string time_text(Time time) {
  auto text = to_rfc3339(time).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

/// Receivers put tokens into queries.
std::string without_query(const std::string& url) { return printable(url.substr(0, url.find('?')), 2048); }

std::string list_of(const std::vector<std::string>& words) {
  if (words.empty()) return "no longer known";
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  const bool is_cut = words.size() >= static_cast<std::size_t>(store::notices::kNamedMax);
  return text + (is_cut ? ", …" : "");
}

std::string count_of(std::int64_t count, std::string_view noun) {
  return format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

net::Mail letter(const LetterHead& head, std::string subject, std::string body, const std::string& id) {
  return {.to = head.to, .subject = std::move(subject), .body = std::move(body), .message_id = id, .date = head.now};
}

std::string name_in(const LetterHead& head) { return printable(head.application_name, kNameBytesMax); }

std::string paragraph_of(const store::notices::FailedAtEndpoint& failed) {
  const auto when =
      failed.count == 1 ? time_text(failed.last_at) : time_text(failed.first_at) + " to " + time_text(failed.last_at);
  return format(
      "{}\n  endpoint     {}\n  failed       {}, {}\n  event types  {}\n  host names   {}\n  last error   {}\n\n",
      without_query(failed.url), failed.endpoint.text(), failed.count, when, list_of(failed.event_types),
      list_of(failed.hosts), printable(failed.last_detail, 500));
}

}  // namespace

net::Mail failed_letter(const LetterHead& head, const store::notices::Extent& extent,
                        const std::vector<store::notices::FailedAtEndpoint>& failed) {
  std::string body = format(
      "{} of the application \"{}\" ({}) could not be delivered since {}.\n"
      "All retries have been made; nothing more is tried by itself.\n\n",
      count_of(extent.count, "webhook"), name_in(head), head.application.text(), time_text(extent.oldest_at));
  for (const auto& one : failed) body += paragraph_of(one);
  body += format(
      "What to do: let the endpoint answer with a status from 200 to 299 within its timeout. What has failed is kept:\n"
      "GET /v1/deliveries?state=failed lists it, with every attempt.\n\n"
      "You get this mail as Admin or Developer of the application; at most one is sent a day.\n");
  return letter(head,
                format("[Signpost] {} of {} could not be delivered", count_of(extent.count, "webhook"), name_in(head)),
                std::move(body), extent.last.text() + ".failed");
}

net::Mail disabled_letter(const LetterHead& head, const std::vector<store::notices::Disabled>& disabled) {
  std::string body =
      format("The application \"{}\" ({}) gets no webhooks any more at:\n\n", name_in(head), head.application.text());
  for (const auto& one : disabled) {
    body += format("{}\n  endpoint  {}\n  disabled  {}\n  because   {}\n\n", without_query(one.url),
                   one.endpoint.text(), time_text(one.at), printable(one.detail, 500));
  }
  body +=
      "What to do: once the endpoint takes webhooks again, enable it with PATCH /v1/endpoints/ID {\"enabled\": true}.\n"
      "If it is not needed any more, delete it.\n\n"
      "You get this mail as Admin or Developer of the application.\n";
  return letter(head,
                format("[Signpost] {} of {} {} disabled",
                       disabled.size() == 1 ? "A webhook endpoint"
                                            : count_of(static_cast<std::int64_t>(disabled.size()), "webhook endpoint"),
                       name_in(head), disabled.size() == 1 ? "was" : "were"),
                std::move(body), disabled.back().id.text() + ".disabled");
}

}  // namespace signpost::services
