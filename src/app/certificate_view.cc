// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_view.h"

#include <array>
#include <vector>

#include "app/answered_json.h"
#include "app/console.h"
#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::size_t kExplanationBytesMax = 4000;
constexpr std::size_t kStateColumns = 10;

std::string names_of(const AnsweredObject& certificate) {
  return format("{}", fmt::join(certificate.texts("names"), ", "));
}

/// "2026-11-30T06:00:00.000Z" without what nobody reads.
std::string moment_of(const AnsweredObject& object, std::string_view name) {
  const auto text = object.text(name);
  const auto dot = text.find('.');
  return dot == std::string::npos ? text : text.substr(0, dot) + "Z";
}

std::string moment_text(const AnsweredObject& object, std::string_view name, Time now) {
  const auto time = object.time(name);
  return time ? format("{} ({})", moment_of(object, name), distance_text(*time, now)) : moment_of(object, name);
}

std::string line_of(const AnsweredObject& certificate, Time now) {
  const auto issued = certificate.object("issued");
  const auto ends = issued ? "ends " + moment_text(*issued, "not_after", now) : std::string("nothing issued yet");
  return format("{}  {}  {}  {}\n", certificate.text("id"), pad(certificate.text("state"), kStateColumns),
                names_of(certificate), ends);
}

std::string paragraph(std::string_view head, const std::string& text, std::size_t columns) {
  return format("\n{}\n{}", head, wrap(text, columns, "  "));
}

std::string way_of(std::string_view by) {
  if (by == "cname") return "a CNAME into the ACME zone: renewed without a hand";
  if (by == "txt") return "a TXT of the customer: each renewal needs a new value";
  return std::string(by);
}

std::string held_text(const AnsweredObject& certificate, const AnsweredObject& issued, Time now) {
  std::string text =
      format("  issued by    {}, on {}\n  serial       {}\n  ends         {}\n", issued.text("authority"),
             moment_of(issued, "issued_at"), issued.text("serial"), moment_text(issued, "not_after", now));
  if (!issued.text("revoked_at").empty())
    return text + format("  revoked      {}\n", moment_text(issued, "revoked_at", now));
  const auto renew_at = issued.time("renew_at");
  if (!renew_at || certificate.object("order")) return text;
  if (*renew_at <= now) return text + "  renewal      due now\n";
  return text + format("  renewal      {}\n", moment_text(issued, "renew_at", now));
}

// ── the order ───────────────────────────────────────────────────────────────────────────────────────────────────

struct Step {
  std::string_view name;   // on the wire
  std::string_view doing;  // while it goes on
};
constexpr std::array kSteps{
    Step{"placed", "DNS must show the challenge at every name server"},
    Step{"posted", "the authority looks for itself"},
    Step{"finalizing", "the authority makes the certificate"},
};

std::string order_text(const AnsweredObject& certificate, const AnsweredObject& order, Time now) {
  const auto reached = order.text("step");
  auto text = format("\nOrder at {}, placed {}, open until {}\n", order.text("authority"),
                     moment_of(order, "placed_at"), moment_text(order, "expires_at", now));
  bool is_ahead = false;
  for (const auto& step : kSteps) {
    const bool is_here = step.name == reached;
    text += format("  {} {}\n", is_here ? "→" : is_ahead ? "·" : "✓", step.doing);
    is_ahead = is_ahead || is_here;
  }
  if (certificate.text("by") != "txt" || reached != kSteps.front().name) return text;
  text += "  The customer adds, all of them at one name:\n";
  for (const auto& challenge : order.objects("challenges")) {
    if (const auto value = challenge.text("txt_value"); !value.empty())
      text += format("    TXT  _acme-challenge.{}  {}\n", challenge.text("identifier"), value);
  }
  return text;
}

/// What goes on when nothing is held and no order is placed.
std::string waiting_text(const AnsweredObject& certificate) {
  if (certificate.text("by") == "txt")
    return "\nNo order yet: start-certificate places one and tells the TXT to add.\n";
  return "\nNo order yet: one is placed once step 1 is marked and DNS shows the CNAME.\n";
}

}  // namespace

std::string distance_text(Time time, Time now) {
  struct Unit {
    std::chrono::seconds length;
    std::string_view name;
  };
  constexpr std::array kUnits{Unit{std::chrono::days(1), "day"}, Unit{std::chrono::hours(1), "hour"},
                              Unit{std::chrono::minutes(1), "minute"}, Unit{std::chrono::seconds(1), "second"}};
  const auto length = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::abs(time - now));
  if (length.count() == 0) return "now";
  for (const auto& unit : kUnits) {
    // Two of a unit at least: a day and a half is 36 hours.
    if (length < 2 * unit.length && unit.length > std::chrono::seconds(1)) continue;
    const auto count = length / unit.length;
    const auto words = format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
    return time > now ? "in " + words : words + " ago";
  }
  return "";
}

Result<std::string> certificate_page(std::string_view json, Time now, std::size_t columns, std::string_view if_none) {
  const auto page = TRY(AnsweredObject::parse(json));
  std::string lines;
  for (const auto& certificate : page.objects("data")) {
    lines += line_of(certificate, now);
    if (const auto trouble = certificate.object("trouble"))
      lines += wrap(format("! {}: {}", trouble->text("cause"), trouble->text("explanation", kExplanationBytesMax)),
                    columns, "    ");
  }
  if (lines.empty()) lines = format("{}\n", if_none);
  if (const auto next = page.text("next_cursor"); !next.empty())
    lines += "there are older ones: the same with --cursor " + next + "\n";
  return lines;
}

Result<std::string> certificate_text(std::string_view json, Time now, std::size_t columns) {
  const auto certificate = TRY(AnsweredObject::parse(json));
  const auto issued = certificate.object("issued");
  const auto order = certificate.object("order");
  const auto trouble = certificate.object("trouble");
  auto text =
      format("{}  {}  {}\n  connection   {}\n  step 1       {}\n", certificate.text("id"), names_of(certificate),
             certificate.text("state"), certificate.text("connection"), way_of(certificate.text("by")));
  if (issued) text += held_text(certificate, *issued, now);
  if (order) text += order_text(certificate, *order, now);
  if (!order && !issued) text += waiting_text(certificate);
  const auto missing = certificate.text("missing", kExplanationBytesMax);
  const auto explanation = trouble ? trouble->text("explanation", kExplanationBytesMax) : std::string();
  if (!missing.empty() && missing != explanation) text += paragraph("Missing:", missing, columns);
  if (trouble) {
    text += paragraph(format("Trouble since {}, {}:", moment_text(*trouble, "since", now), trouble->text("cause")),
                      explanation, columns);
  }
  const auto failures = certificate.text("failures");
  if (failures != "0" && !failures.empty())
    text += format("\n{} attempt{} failed since the last certificate.\n", failures, failures == "1" ? "" : "s");
  if ((order || trouble || !missing.empty()) && !certificate.text("next_attempt_at").empty())
    text += format("\nIt goes on by itself at {}.\n", moment_text(certificate, "next_attempt_at", now));
  return text;
}

Result<std::string> revocation_text(std::string_view json, std::string_view reason, Time now, std::size_t columns) {
  const auto certificate = TRY(AnsweredObject::parse(json));
  const auto issued = certificate.object("issued");
  const auto id = certificate.text("id");
  if (!issued) return fail(Kind::kConflict, format("{} has not been issued yet: there is nothing to revoke", id));
  if (!issued->text("revoked_at").empty())
    return fail(Kind::kConflict, format("{} is revoked since {}", id, moment_of(*issued, "revoked_at")));
  return format("{}  {}  issued by {}, serial {}, ends {}\n\n", id, names_of(certificate), issued->text("authority"),
                issued->text("serial"), moment_text(*issued, "not_after", now)) +
         wrap(format("Revoking it tells {} that nobody may trust it any more (reason: {}). This cannot be undone. "
                     "Signpost obtains another at once; until that one serves the traffic, visitors whose browsers "
                     "ask about revocation see a warning.",
                     issued->text("authority"), reason),
              columns, "");
}

}  // namespace signpost::app
