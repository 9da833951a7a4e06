// SPDX-License-Identifier: Apache-2.0
#include "dns/dmarc.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace signpost::dns {
namespace {

constexpr std::string_view kVersion = "DMARC1";

std::unexpected<Error> refuse(std::string_view why) {
  return fail(
      Kind::kUnprocessable,
      format("the DMARC record is not valid: {}; write it such as v=DMARC1; p=none; rua=mailto:dmarc@shop.example",
             why),
      "value");
}

/// 0 for no policy, then the stricter the higher.
int strictness_of(std::string_view policy) {
  constexpr std::array<std::string_view, 3> kPolicies{"none", "quarantine", "reject"};
  const auto found = std::ranges::find(kPolicies, policy);
  return found == kPolicies.end() ? 0 : static_cast<int>(found - kPolicies.begin()) + 1;
}

bool is_policy(const std::string& value) { return strictness_of(value) > 0; }
bool is_alignment(const std::string& value) { return value == "r" || value == "s"; }
bool is_percentage(const std::string& value) {
  const auto number = parse_integer(value);
  return number && *number >= 0 && *number <= 100;
}
bool is_interval(const std::string& value) {
  const auto number = parse_integer(value);
  return number && *number >= 0 && *number <= 0xffff'ffffLL;
}
bool is_failure_choice(const std::string& value) {
  return std::ranges::all_of(split(value, ':'), [](std::string_view one) {
    one = trim(one);
    return one == "0" || one == "1" || one == "d" || one == "s";
  });
}
bool is_uri_list(const std::string& value) {
  return std::ranges::all_of(split(value, ','), [](std::string_view one) {
    one = trim(one);
    const auto colon = one.find(':');
    return colon != std::string_view::npos && colon > 0 && colon + 1 < one.size() &&
           one.find_first_of(" \t") == std::string_view::npos;
  });
}

struct Rule {
  std::string_view tag;
  bool (*allows)(const std::string& value);
  std::string_view what;
  std::string_view fallback;  // RFC 7489 6.3
};
constexpr std::array kRules{
    Rule{"p", is_policy, "none, quarantine or reject", ""},
    Rule{"sp", is_policy, "none, quarantine or reject", ""},  // that of p
    Rule{"adkim", is_alignment, "r or s", "r"},
    Rule{"aspf", is_alignment, "r or s", "r"},
    Rule{"pct", is_percentage, "a number from 0 to 100", "100"},
    Rule{"ri", is_interval, "a number of seconds", "86400"},
    Rule{"fo", is_failure_choice, "0, 1, d or s, or several with colons between", "0"},
    Rule{"rf", [](const std::string& value) { return !value.empty(); }, "afrf", "afrf"},
    Rule{"rua", is_uri_list, "URIs such as mailto:dmarc@shop.example, commas between", ""},
    Rule{"ruf", is_uri_list, "URIs such as mailto:dmarc@shop.example, commas between", ""},
};

/// The parts of a list, trimmed, in lower case and sorted.
std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (const auto part : split(text, separator)) parts.push_back(to_lower(trim(part)));
  std::ranges::sort(parts);
  return parts;
}

bool is_met(std::string_view tag, const DmarcRecord& wanted, const DmarcRecord& seen) {
  const auto want = wanted.effective(tag);
  const auto have = seen.effective(tag);
  if (tag == "p" || tag == "sp") return strictness_of(have) >= strictness_of(want);
  if (tag == "pct") return parse_integer(have) >= parse_integer(want);
  if (tag == "rua" || tag == "ruf") return std::ranges::includes(parts_of(have, ','), parts_of(want, ','));
  if (tag == "fo") return parts_of(have, ':') == parts_of(want, ':');
  return have == want;
}

}  // namespace

Result<DmarcRecord> DmarcRecord::parse(std::string_view text) {
  if (!is_dmarc(text)) return refuse("it does not begin with v=DMARC1");
  auto list = TagList::parse(text);
  if (!list) return refuse(list.error().message);
  for (auto& [tag, value] : list->tags) {
    const auto rule = std::ranges::find(kRules, tag, &Rule::tag);
    if (rule != kRules.end() && !rule->allows(to_lower(value)))
      return refuse(format("{}={} is not {}", tag, printable(value, 40), rule->what));
  }
  if (list->find("p") == nullptr && list->find("rua") == nullptr) return refuse("the policy p is missing");
  return DmarcRecord{*std::move(list)};
}

std::string DmarcRecord::effective(std::string_view tag) const {
  if (const auto* value = list.find(tag)) return to_lower(*value);
  // RFC 7489 6.6.3: without p but with rua it is none.
  if (tag == "p") return "none";
  if (tag == "sp") return effective("p");
  const auto rule = std::ranges::find(kRules, tag, &Rule::tag);
  return rule == kRules.end() ? std::string() : std::string(rule->fallback);
}

bool is_dmarc(std::string_view text) {
  const auto part = text.substr(0, text.find(';'));
  const auto equals = part.find('=');
  // RFC 7489 6.4: the version in this case exactly, blanks around the equals sign.
  return equals != std::string_view::npos && equals_ignoring_case(trim(part.substr(0, equals)), "v") &&
         !part.starts_with(' ') && trim(part.substr(equals + 1)) == kVersion;
}

std::vector<std::string> dmarc_records(std::span<const std::string> texts) {
  std::vector<std::string> records;
  std::ranges::copy_if(texts, std::back_inserter(records), is_dmarc);
  return records;
}

bool is_dmarc_name(const DnsName& name) { return name.text().starts_with("_dmarc."); }

std::vector<DmarcDifference> compare(const DmarcRecord& wanted, const DmarcRecord& seen) {
  std::vector<DmarcDifference> differences;
  std::vector<std::string> tags;
  for (const auto& tag : wanted.list.tags) tags.push_back(tag.name);
  // What nobody asked for may still take the wanted policy back.
  const bool is_lenient = wanted.effective("p") == "none";
  for (const auto* tag : {"sp", "pct"}) {
    if (!is_lenient && wanted.list.find(tag) == nullptr && seen.list.find(tag) != nullptr) tags.emplace_back(tag);
  }
  for (const auto& tag : tags) {
    if (tag == "v" || is_met(tag, wanted, seen)) continue;
    const auto* value = seen.list.find(tag);
    differences.push_back({tag, wanted.effective(tag), value == nullptr ? seen.effective(tag) : *value});
  }
  return differences;
}

std::string shown(std::span<const DmarcDifference> differences) {
  std::string text;
  for (const auto& [tag, wanted, seen] : differences) {
    text += text.empty() ? "" : ", ";
    text += seen.empty() ? format("{} is missing", tag)
                         : format("{} is {} instead of {}", tag, printable(seen, 80), printable(wanted, 80));
  }
  return text;
}

}  // namespace signpost::dns
