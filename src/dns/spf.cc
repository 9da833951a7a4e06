// SPDX-License-Identifier: Apache-2.0
#include "dns/spf.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace signpost::dns {
namespace {

using Term = SpfTerm::Kind;

constexpr std::string_view kVersion = "v=spf1";

enum class Domain { kNone, kOptional, kRequired };
enum class Prefix { kNone, kFour, kSix, kDual };
struct Rule {
  Term kind;
  std::string_view name;
  Domain domain;
  Prefix prefix;
  std::string_view example;
};
// RFC 7208 5 and 6.
constexpr std::array kRules{
    Rule{Term::kAll, "all", Domain::kNone, Prefix::kNone, "-all"},
    Rule{Term::kInclude, "include", Domain::kRequired, Prefix::kNone, "include:spf.saas.example"},
    Rule{Term::kA, "a", Domain::kOptional, Prefix::kDual, "a:mail.shop.example/24"},
    Rule{Term::kMx, "mx", Domain::kOptional, Prefix::kDual, "mx:shop.example"},
    Rule{Term::kPtr, "ptr", Domain::kOptional, Prefix::kNone, "ptr:shop.example"},
    Rule{Term::kIp4, "ip4", Domain::kNone, Prefix::kFour, "ip4:192.0.2.0/24"},
    Rule{Term::kIp6, "ip6", Domain::kNone, Prefix::kSix, "ip6:2001:db8::/32"},
    Rule{Term::kExists, "exists", Domain::kRequired, Prefix::kNone, "exists:%{i}.spf.saas.example"},
    Rule{Term::kRedirect, "redirect", Domain::kRequired, Prefix::kNone, "redirect=spf.saas.example"},
    Rule{Term::kExp, "exp", Domain::kRequired, Prefix::kNone, "exp=why.shop.example"},
};

const Rule* rule_of(std::string_view name) {
  const auto rule = std::ranges::find_if(kRules, [&](const Rule& one) { return equals_ignoring_case(one.name, name); });
  return rule == kRules.end() ? nullptr : &*rule;
}
const Rule* rule_of(Term kind) {
  const auto rule = std::ranges::find(kRules, kind, &Rule::kind);
  return rule == kRules.end() ? nullptr : &*rule;
}
bool is_modifier(Term kind) { return kind == Term::kRedirect || kind == Term::kExp || kind == Term::kOtherModifier; }

std::unexpected<Error> refuse(std::string_view term, std::string_view why) {
  return fail(Kind::kUnprocessable, format("the SPF record is not valid at \"{}\": {}", printable(term, 80), why),
              "value");
}
std::unexpected<Error> refuse(std::string_view term, const Rule& rule, std::string_view why) {
  return refuse(term, format("{}; write it such as {}", why, rule.example));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// RFC 7208 12, name: a letter, then letters, digits and - _ .
bool is_modifier_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

/// RFC 7208 7.1, one macro-expand at the front of `text`: its size, or 0 for what is none.
std::size_t macro_size(std::string_view text) {
  if (text.size() < 2) return 0;
  if (text[1] == '%' || text[1] == '_' || text[1] == '-') return 2;
  const auto end = text.find('}');
  if (text[1] != '{' || end == std::string_view::npos) return 0;
  auto inside = text.substr(2, end - 2);
  if (inside.empty() || std::string_view("slodiphcrtvSLODIPHCRTV").find(inside.front()) == std::string_view::npos)
    return 0;
  inside.remove_prefix(1);
  while (!inside.empty() && is_digit(inside.front())) inside.remove_prefix(1);
  if (!inside.empty() && (inside.front() == 'r' || inside.front() == 'R')) inside.remove_prefix(1);
  return inside.find_first_not_of(".-+,/_=") == std::string_view::npos ? end + 1 : 0;
}

/// RFC 7208 7.1, macro-string: what is visible, every % the beginning of a macro.
bool is_macro_string(std::string_view text) {
  while (!text.empty()) {
    if (text.front() <= 0x20 || text.front() >= 0x7f) return false;
    const auto size = text.front() == '%' ? macro_size(text) : 1;
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

/// Ends in a macro, or in a label that is no number (RFC 7208 7.1, domain-end and toplabel).
bool has_domain_end(std::string_view text) {
  if (text.ends_with('}')) return true;
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto last = text.substr(text.rfind('.') + 1);
  const auto is_allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
  return text.find('.') != std::string_view::npos && !last.empty() && std::ranges::all_of(last, is_allowed) &&
         !std::ranges::all_of(last, is_digit) && last.front() != '-' && last.back() != '-';
}

std::optional<std::string> domain_of(std::string_view text) {
  if (text.find('%') == std::string_view::npos) {
    // What is no name of ours (other octets, longer than the wire has room for) could not be asked for either.
    const auto name = DnsName::parse(text);
    if (!name || !has_domain_end(text)) return std::nullopt;
    return name->text();
  }
  if (!is_macro_string(text) || !has_domain_end(text)) return std::nullopt;
  return std::string(text);
}

/// RFC 7208 5.6: a decimal number without leading zeros.
std::optional<std::uint8_t> prefix_of(std::string_view text, int at_most) {
  if (text.size() > 1 && text.starts_with('0')) return std::nullopt;
  const auto number = parse_integer(text);
  if (!number || *number < 0 || *number > at_most) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

/// Takes "/24", "//64" or "/24//64" off the end of `rest`.
bool take_dual_prefix(std::string_view& rest, SpfTerm& term) {
  if (const auto at = rest.find("//"); at != std::string_view::npos) {
    const auto prefix = prefix_of(rest.substr(at + 2), 128);
    if (!prefix) return false;
    term.prefix6 = *prefix;
    rest = rest.substr(0, at);
  }
  // A macro may have a slash among its delimiters, which is no prefix.
  const auto macro = rest.rfind('}');
  const auto at = rest.find('/', macro == std::string_view::npos ? 0 : macro);
  if (at == std::string_view::npos) return true;
  const auto prefix = prefix_of(rest.substr(at + 1), 32);
  if (!prefix) return false;
  term.prefix4 = *prefix;
  rest = rest.substr(0, at);
  return true;
}

void mask(SpfTerm& term, std::size_t bytes, std::size_t prefix) {
  for (std::size_t i = 0; i < bytes; ++i) {
    const auto bits = std::min<std::size_t>(prefix > i * 8 ? prefix - i * 8 : 0, 8);
    term.network.at(i) &= static_cast<std::uint8_t>(0xff00U >> bits);
  }
}

Result<SpfTerm> network_of(std::string_view text, std::string_view rest, const Rule& rule, SpfTerm term) {
  const bool is_four = rule.prefix == Prefix::kFour;
  auto& prefix = is_four ? term.prefix4 : term.prefix6;
  if (!rest.starts_with(':')) return refuse(text, rule, "an address stands behind the colon");
  rest.remove_prefix(1);
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos) {
    const auto number = prefix_of(rest.substr(slash + 1), is_four ? 32 : 128);
    if (!number) return refuse(text, rule, format("the number of bits is from 0 to {}", is_four ? 32 : 128));
    prefix = *number;
  }
  const std::string address(rest.substr(0, slash));
  if (address.find('\0') != std::string::npos ||
      inet_pton(is_four ? AF_INET : AF_INET6, address.c_str(), term.network.data()) != 1) {
    return refuse(text, rule, format("this is no IPv{} address", is_four ? 4 : 6));
  }
  mask(term, is_four ? 4 : 16, prefix);
  return term;
}

Result<SpfTerm> term_with_domain(std::string_view text, std::string_view rest, const Rule& rule, SpfTerm term) {
  if (rule.prefix == Prefix::kDual && !take_dual_prefix(rest, term))
    return refuse(text, rule, "the number of bits is from 0 to 32, or behind // from 0 to 128");
  if (rest.empty() && rule.domain != Domain::kRequired) return term;
  if (rule.domain == Domain::kNone) return refuse(text, rule, "nothing may follow");
  if (rest.size() < 2 || rest.front() != (is_modifier(rule.kind) ? '=' : ':'))
    return refuse(text, rule, "a domain is missing");
  auto domain = domain_of(rest.substr(1));
  if (!domain) return refuse(text, rule, "this is no domain");
  term.domain = *std::move(domain);
  return term;
}

std::optional<SpfQualifier> qualifier_of(char c) {
  switch (c) {
    case '+':
      return SpfQualifier::kPass;
    case '-':
      return SpfQualifier::kFail;
    case '~':
      return SpfQualifier::kSoftFail;
    case '?':
      return SpfQualifier::kNeutral;
    default:
      return std::nullopt;
  }
}

Result<SpfTerm> modifier_of(std::string_view text, std::size_t equals) {
  const auto name = text.substr(0, equals);
  const auto* rule = rule_of(name);
  if (rule != nullptr && !is_modifier(rule->kind)) return refuse(text, *rule, "a colon stands behind the mechanism");
  if (rule != nullptr) return term_with_domain(text, text.substr(equals), *rule, SpfTerm{rule->kind});
  if (!is_modifier_name(name)) return refuse(text, "this is no mechanism and no modifier");
  if (!is_macro_string(text.substr(equals + 1))) return refuse(text, "a % in it begins no macro");
  return SpfTerm{Term::kOtherModifier, SpfQualifier::kPass, to_lower(name), std::string(text.substr(equals + 1))};
}

Result<SpfTerm> term_of(std::string_view text) {
  const auto end = std::min(text.find_first_of(":/="), text.size());
  if (end < text.size() && text[end] == '=') return modifier_of(text, end);
  SpfTerm term;
  const auto qualifier = qualifier_of(text.front());
  if (qualifier) term.qualifier = *qualifier;
  const auto name = text.substr(qualifier ? 1 : 0, end - (qualifier ? 1 : 0));
  const auto* rule = rule_of(name);
  if (rule == nullptr)
    return refuse(text, "this is no mechanism; there are all, include, a, mx, ptr, ip4, ip6 and exists");
  if (is_modifier(rule->kind)) return refuse(text, *rule, "an equals sign stands behind the modifier");
  term.kind = rule->kind;
  const auto rest = text.substr(end);
  if (rule->prefix == Prefix::kFour || rule->prefix == Prefix::kSix) return network_of(text, rest, *rule, term);
  return term_with_domain(text, rest, *rule, term);
}

std::string network_text(const SpfTerm& term) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_four = term.kind == Term::kIp4;
  inet_ntop(is_four ? AF_INET : AF_INET6, term.network.data(), text.data(), text.size());
  const auto prefix = is_four ? term.prefix4 : term.prefix6;
  return prefix == (is_four ? 32 : 128) ? std::string(text.data()) : format("{}/{}", text.data(), prefix);
}

std::string_view sign_of(SpfQualifier qualifier) {
  switch (qualifier) {
    case SpfQualifier::kPass:
      return "";
    case SpfQualifier::kFail:
      return "-";
    case SpfQualifier::kSoftFail:
      return "~";
    case SpfQualifier::kNeutral:
      return "?";
  }
  return "";
}

int strictness_of(SpfQualifier qualifier) {
  switch (qualifier) {
    case SpfQualifier::kPass:
      return 0;
    case SpfQualifier::kNeutral:
      return 1;
    case SpfQualifier::kSoftFail:
      return 2;
    case SpfQualifier::kFail:
      return 3;
  }
  return 0;
}

bool holds(const SpfTerm& wide, const SpfTerm& narrow) {
  const bool is_four = wide.kind == Term::kIp4;
  const auto prefix = is_four ? wide.prefix4 : wide.prefix6;
  if (prefix > (is_four ? narrow.prefix4 : narrow.prefix6)) return false;
  auto masked = narrow;
  mask(masked, is_four ? 4 : 16, prefix);
  return masked.network == wide.network;
}

std::string domain_at(const SpfTerm& term, const DnsName& at) { return term.domain.empty() ? at.text() : term.domain; }

const SpfTerm* all_of(const SpfRecord& record) {
  const auto all = std::ranges::find(record.terms, Term::kAll, &SpfTerm::kind);
  return all == record.terms.end() ? nullptr : &*all;
}

bool is_met(const SpfTerm& wanted, const DnsName& wanted_at, const SpfAt& seen) {
  if (wanted.kind == Term::kAll) {
    const auto* all = all_of(seen.record);
    return all != nullptr && strictness_of(all->qualifier) >= strictness_of(wanted.qualifier);
  }
  return std::ranges::any_of(seen.record.reached(),
                             [&](const SpfTerm& term) { return covers(term, seen.name, wanted, wanted_at); });
}

}  // namespace

std::string SpfTerm::text() const {
  if (kind == Kind::kOtherModifier) return format("{}={}", name, domain);
  std::string text(sign_of(qualifier));
  text += rule_of(kind)->name;
  if (kind == Kind::kIp4 || kind == Kind::kIp6) return text + ":" + network_text(*this);
  if (!domain.empty()) text += (is_modifier(kind) ? "=" : ":") + domain;
  if (kind != Kind::kA && kind != Kind::kMx) return text;
  if (prefix4 != 32) text += format("/{}", prefix4);
  if (prefix6 != 128) text += format("//{}", prefix6);
  return text;
}

bool SpfTerm::needs_lookup() const {
  switch (kind) {
    case Kind::kInclude:
    case Kind::kA:
    case Kind::kMx:
    case Kind::kPtr:
    case Kind::kExists:
    case Kind::kRedirect:
      return true;
    case Kind::kAll:
    case Kind::kIp4:
    case Kind::kIp6:
    case Kind::kExp:
    case Kind::kOtherModifier:
      return false;
  }
  return false;
}

Result<SpfRecord> SpfRecord::parse(std::string_view text) {
  if (!is_spf(text)) return refuse(text, "it begins with \"v=spf1 \", such as v=spf1 include:spf.saas.example ~all");
  SpfRecord record;
  for (const auto word : split(text.substr(kVersion.size()), ' ')) {
    if (word.empty()) continue;
    if (record.terms.size() == kSpfTermsMax) return refuse(word, format("it has more than {} terms", kSpfTermsMax));
    auto term = TRY(term_of(word));
    const bool is_single = term.kind == Term::kRedirect || term.kind == Term::kExp;
    // RFC 7208 6: redirect and exp appear at most once each.
    if (is_single && std::ranges::count(record.terms, term.kind, &SpfTerm::kind) > 0)
      return refuse(word, "it is there twice; keep one of them");
    record.terms.push_back(std::move(term));
  }
  return record;
}

std::string SpfRecord::text() const {
  std::string text(kVersion);
  for (const auto& term : terms) text += " " + term.text();
  return text;
}

std::vector<SpfTerm> SpfRecord::reached() const {
  const bool has_all = all_of(*this) != nullptr;
  std::vector<SpfTerm> reached;
  bool is_over = false;
  for (const auto& term : terms) {
    // The redirect's place does not matter (RFC 7208 6).
    if (term.kind == Term::kRedirect ? !has_all : !is_over) reached.push_back(term);
    is_over = is_over || term.kind == Term::kAll;
  }
  return reached;
}

bool is_spf(std::string_view text) {
  return equals_ignoring_case(text.substr(0, kVersion.size()), kVersion) &&
         (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

std::vector<std::string> spf_records(std::span<const std::string> texts) {
  std::vector<std::string> records;
  std::ranges::copy_if(texts, std::back_inserter(records), is_spf);
  return records;
}

bool covers(const SpfTerm& seen, const DnsName& seen_at, const SpfTerm& wanted, const DnsName& wanted_at) {
  const bool leads_on = seen.kind == Term::kInclude || seen.kind == Term::kRedirect;
  const bool wants_on = wanted.kind == Term::kInclude || wanted.kind == Term::kRedirect;
  // What passes by a redirect passes by the include too, and by the redirect that is reached what passes by the
  // include.
  if (leads_on && wants_on) return seen.qualifier == wanted.qualifier && seen.domain == wanted.domain;
  if (seen.kind != wanted.kind || seen.qualifier != wanted.qualifier) return false;
  switch (wanted.kind) {
    case Term::kIp4:
    case Term::kIp6:
      return holds(seen, wanted);
    case Term::kA:
    case Term::kMx:
      return domain_at(seen, seen_at) == domain_at(wanted, wanted_at) && seen.prefix4 <= wanted.prefix4 &&
             seen.prefix6 <= wanted.prefix6;
    case Term::kAll:
    case Term::kInclude:
    case Term::kPtr:
    case Term::kExists:
    case Term::kRedirect:
    case Term::kExp:
    case Term::kOtherModifier:
      return seen.name == wanted.name && domain_at(seen, seen_at) == domain_at(wanted, wanted_at);
  }
  return false;
}

std::vector<SpfTerm> demanded_parts(const SpfRecord& wanted) {
  std::vector<SpfTerm> parts;
  std::vector<SpfTerm> alls;
  for (const auto& term : wanted.reached()) {
    if (term.kind == Term::kExp || term.kind == Term::kOtherModifier) continue;
    (term.kind == Term::kAll ? alls : parts).push_back(term);
  }
  return parts.empty() ? alls : parts;
}

std::vector<SpfTerm> missing_parts(const SpfAt& wanted, const SpfAt& seen) {
  auto parts = demanded_parts(wanted.record);
  std::erase_if(parts, [&](const SpfTerm& part) { return is_met(part, wanted.name, seen); });
  return parts;
}

bool stands_after_all(const SpfTerm& wanted, const DnsName& wanted_at, const SpfAt& seen) {
  const auto is_it = [&](const SpfTerm& term) { return covers(term, seen.name, wanted, wanted_at); };
  return std::ranges::any_of(seen.record.terms, is_it) && std::ranges::none_of(seen.record.reached(), is_it);
}

std::string shown(std::span<const SpfTerm> terms) {
  constexpr std::size_t kShownMax = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(terms.size(), kShownMax); ++i) text += (i == 0 ? "" : ", ") + terms[i].text();
  return terms.size() > kShownMax ? format("{} and {} more", text, terms.size() - kShownMax) : text;
}

}  // namespace signpost::dns
