// SPDX-License-Identifier: Apache-2.0
#include "dns/caa.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace signpost::dns {
namespace {

using Kind = CaaVerdict::Kind;

/// Those that an authority knows; a critical one of another tag forbids everything (RFC 8659 4.1).
bool is_known(const CaaProperty& property) {
  constexpr std::array<std::string_view, 3> kKnown{"issue", "issuewild", "iodef"};
  return std::ranges::find(kKnown, property.tag) != kKnown.end();
}

DnsName without_wildcard(const DnsName& name) { return name.text().starts_with("*.") ? name.parent() : name; }

/// issuewild goes before issue for wildcards, and says nothing about anything else (RFC 8659 4.3).
std::vector<const CaaProperty*> properties_for(std::span<const CaaProperty> all, CaaQuestion::For name) {
  const auto is_wild = [](const CaaProperty& property) { return property.tag == "issuewild"; };
  const bool counts_wild = name == CaaQuestion::For::kWildcard && std::ranges::any_of(all, is_wild);
  std::vector<const CaaProperty*> properties;
  for (const auto& property : all) {
    if (property.tag == (counts_wild ? "issuewild" : "issue")) properties.push_back(&property);
  }
  return properties;
}

bool is_restricted_away(const CaaIssuer& issuer, const CaaQuestion& question) {
  return std::ranges::any_of(issuer.parameters, [&](const auto& parameter) {
    const auto& [tag, value] = parameter;
    if (tag == "accounturi") return !question.account.empty() && value != question.account;
    const auto methods = split(value, ',');
    if (tag == "validationmethods")
      return !question.method.empty() && std::ranges::find(methods, question.method) == methods.end();
    return false;
  });
}

bool lets_issue(const CaaProperty& property, const CaaQuestion& question) {
  const auto issuer = CaaIssuer::parse(property.value);
  // What cannot be read counts as without a domain, which nobody has (RFC 8659 4.2).
  if (!issuer || issuer->domain.empty()) return false;
  const auto is_it = [&](const std::string& domain) { return equals_ignoring_case(domain, issuer->domain); };
  return std::ranges::any_of(question.issuers, is_it) && !is_restricted_away(*issuer, question);
}

std::string listed(std::span<const CaaProperty* const> properties) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(properties.size(), 3); ++i) {
    text += (i == 0 ? "" : ", ") + printable(properties[i]->text(), 100);
  }
  return properties.size() > 3 ? format("{} and {} more", text, properties.size() - 3) : text;
}

}  // namespace

CaaWalk::CaaWalk(DnsName name) : name_(without_wildcard(name)), at_(name_) {
  if (at_.is_root()) end_ = Outcome::kNothing;
}

std::optional<DnsName> CaaWalk::needed() const { return end_ ? std::nullopt : std::optional(at_); }

void CaaWalk::tell(Outcome outcome, std::span<const std::string> values, std::optional<DnsName> alias) {
  if (end_) return;
  alias_ = std::move(alias);
  if (outcome == Outcome::kFailed) {
    end_ = outcome;
    return;
  }
  for (const auto& value : values) {
    auto property = CaaProperty::parse(value);
    if (property && outcome == Outcome::kAnswer) found_.push_back(*std::move(property));
  }
  if (!found_.empty()) {
    end_ = Outcome::kAnswer;
    return;
  }
  alias_.reset();
  if (at_.parent().is_root()) {
    end_ = Outcome::kNothing;
  } else {
    at_ = at_.parent();
  }
}

CaaVerdict CaaWalk::judge(const CaaQuestion& question) const {
  CaaVerdict verdict;
  if (!end_) return verdict;
  if (*end_ == Outcome::kNothing) {
    verdict.kind = Kind::kAllowed;
    verdict.sentence = "no CAA record restricts who may issue";
    return verdict;
  }
  verdict.found_at = at_;
  verdict.alias = alias_;
  verdict.is_inherited = at_ != name_;
  const auto place = alias_ ? format("{} (an alias for {})", at_.text(), alias_->text()) : at_.text();
  if (*end_ == Outcome::kFailed) {
    verdict.kind = Kind::kFailed;
    verdict.sentence = format("the CAA records of {} cannot be looked up, so no authority may issue", place);
    return verdict;
  }
  const auto unknown = std::ranges::find_if(
      found_, [](const CaaProperty& property) { return property.is_critical() && !is_known(property); });
  if (unknown != found_.end()) {
    verdict.kind = Kind::kForbidden;
    verdict.property = unknown->text();
    verdict.sentence = format("{} at {} is critical and unknown, so no authority may issue", verdict.property, place);
    return verdict;
  }
  const auto properties = properties_for(found_, question.name);
  if (properties.empty()) {
    verdict.kind = Kind::kAllowed;
    verdict.sentence = format("the CAA records of {} do not restrict who may issue", place);
    return verdict;
  }
  const auto allows = [&](const CaaProperty* property) { return lets_issue(*property, question); };
  const auto allowing = std::ranges::find_if(properties, allows);
  verdict.kind = allowing == properties.end() ? Kind::kForbidden : Kind::kAllowed;
  verdict.property = (allowing == properties.end() ? properties.front() : *allowing)->text();
  verdict.sentence = verdict.kind == Kind::kAllowed
                         ? format("{} at {} allows it", printable(verdict.property, 100), place)
                         : format("{} at {} does not allow {}", listed(properties), place,
                                  question.issuers.empty() ? "anybody" : question.issuers.front());
  return verdict;
}

}  // namespace signpost::dns
