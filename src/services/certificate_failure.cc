// SPDX-License-Identifier: Apache-2.0
#include "services/certificate_failure.h"

#include "base/caa_property.h"
#include "base/log.h"
#include "base/text.h"
#include "services/certificate_cause.h"

namespace signpost::services {
namespace {

using model::AttemptFailed;

constexpr std::size_t kServersInWordsMax = 8;
constexpr Milliseconds kClockTolerance = std::chrono::hours(1);

/// Does the order survive it?
AttemptFailed::Order order_after(acme::Trouble trouble) {
  switch (trouble) {
    case acme::Trouble::kRateLimited:
    case acme::Trouble::kTryLater:
    case acme::Trouble::kUnreachable:
    case acme::Trouble::kNonsense:
    case acme::Trouble::kTermsChanged:
    case acme::Trouble::kOrderNotReady:
      return AttemptFailed::Order::kKept;
    case acme::Trouble::kCaa:
    case acme::Trouble::kDns:
    case acme::Trouble::kConnection:
    case acme::Trouble::kUnauthorized:
    case acme::Trouble::kIncorrectResponse:
    case acme::Trouble::kTls:
    case acme::Trouble::kIdentifierRefused:
    case acme::Trouble::kBadRequest:
    case acme::Trouble::kBadProfile:
    case acme::Trouble::kAlreadyReplaced:
    case acme::Trouble::kAlreadyRevoked:
    case acme::Trouble::kNotFound:
    case acme::Trouble::kAccountGone:
    case acme::Trouble::kExternalAccountNeeded:
    case acme::Trouble::kBadContact:
    case acme::Trouble::kBadKey:
    case acme::Trouble::kRefused:
      return AttemptFailed::Order::kDropped;
  }
  return AttemptFailed::Order::kDropped;
}

std::string_view in_words(model::LimitKind kind) {
  switch (kind) {
    case model::LimitKind::kOrders:
      return "new orders of our account";
    case model::LimitKind::kDomain:
      return "certificates of the domain";
    case model::LimitKind::kNames:
      return "certificates of these names";
    case model::LimitKind::kFailures:
      return "failed validations of the name";
  }
  return "";
}

}  // namespace

std::string_view way_out_of(acme::Trouble trouble) {
  switch (trouble) {
    case acme::Trouble::kCaa:
      return "let the domain's CAA records name the authority";
    case acme::Trouble::kDns:
    case acme::Trouble::kConnection:
    case acme::Trouble::kUnauthorized:
    case acme::Trouble::kIncorrectResponse:
    case acme::Trouble::kTls:
      return "the domain's name servers answered the authority otherwise than us; it is tried again";
    case acme::Trouble::kIdentifierRefused:
      return "this authority never certifies the name: add another authority to the settings";
    case acme::Trouble::kBadRequest:
    case acme::Trouble::kRefused:
    case acme::Trouble::kOrderNotReady:
    case acme::Trouble::kNonsense:
      return "it is tried again; if it stays so, report it as a bug";
    case acme::Trouble::kBadProfile:
      return "set authorities.profile to one that the authority has";
    case acme::Trouble::kAlreadyReplaced:
    case acme::Trouble::kAlreadyRevoked:
    case acme::Trouble::kNotFound:
      return "a new order is placed";
    case acme::Trouble::kRateLimited:
      return "it is tried again when the authority allows it";
    case acme::Trouble::kAccountGone:
      return "another account is made";
    case acme::Trouble::kTermsChanged:
      return "read the authority's terms, then set authorities.agree_to_terms and restart";
    case acme::Trouble::kExternalAccountNeeded:
      return "get an external account key from the authority and set authorities.eab_key_id and eab_mac_key_file";
    case acme::Trouble::kBadContact:
      return "correct authorities.contact";
    case acme::Trouble::kBadKey:
      return "the authority refuses the account's key: report it as a bug";
    case acme::Trouble::kTryLater:
    case acme::Trouble::kUnreachable:
      return "it is tried again by itself";
  }
  return "";
}

bool may_be_for_replaces(acme::Trouble trouble) {
  switch (trouble) {
    case acme::Trouble::kRateLimited:
    case acme::Trouble::kAccountGone:
    case acme::Trouble::kTermsChanged:
    case acme::Trouble::kTryLater:
    case acme::Trouble::kUnreachable:
    case acme::Trouble::kNonsense:
      return false;
    case acme::Trouble::kCaa:
    case acme::Trouble::kDns:
    case acme::Trouble::kConnection:
    case acme::Trouble::kUnauthorized:
    case acme::Trouble::kIncorrectResponse:
    case acme::Trouble::kTls:
    case acme::Trouble::kIdentifierRefused:
    case acme::Trouble::kBadRequest:
    case acme::Trouble::kBadProfile:
    case acme::Trouble::kOrderNotReady:
    case acme::Trouble::kAlreadyReplaced:
    case acme::Trouble::kAlreadyRevoked:
    case acme::Trouble::kNotFound:
    case acme::Trouble::kExternalAccountNeeded:
    case acme::Trouble::kBadContact:
    case acme::Trouble::kBadKey:
    case acme::Trouble::kRefused:
      return true;
  }
  return true;
}

bool needs_its_own_key(acme::Trouble trouble) {
  return trouble == acme::Trouble::kUnauthorized || trouble == acme::Trouble::kAccountGone ||
         trouble == acme::Trouble::kNotFound;
}

bool is_authority_down(acme::Trouble trouble) {
  return trouble == acme::Trouble::kTryLater || trouble == acme::Trouble::kUnreachable;
}

bool is_authority_down(std::string_view cause) {
  return cause == cause_of(acme::Trouble::kTryLater) || cause == cause_of(acme::Trouble::kUnreachable);
}

AttemptFailed failed_of(const acme::Failure& failure, const Authority& authority, Time now) {
  if (failure.trouble == acme::Trouble::kRateLimited && !authority.limits().empty()) {
    log::error("a certificate authority refuses what our model of its limits allows: report it as a bug",
               {{"authority", authority.name()}, {"problem", failure.error.message}});
  }
  AttemptFailed failed{
      .order = order_after(failure.trouble),
      .fault = is_authority_down(failure.trouble) ? AttemptFailed::Fault::kAuthority : AttemptFailed::Fault::kOurs,
      .cause = cause_of(failure.trouble),
      .explanation =
          format("the authority {}: {}; {}", authority.name(), failure.error.message, way_out_of(failure.trouble))};
  if (failure.error.retry_after) failed.not_before = now + *failure.error.retry_after;
  return failed;
}

AttemptFailed failed_here(std::string_view doing, const Error& error) {
  log::error("a certificate cannot go on: something of our own fails",
             {{"doing", std::string(doing)}, {"cause", error.message}});
  return {.order = AttemptFailed::Order::kKept,
          .fault = AttemptFailed::Fault::kProgram,
          .cause = cause_of("own_failure"),
          .explanation = format("{} failed here, not at an authority: {}; it is tried again within a minute", doing,
                                error.message)};
}

std::string servers_in_words(const dns::Observation& observation) {
  std::string words;
  std::size_t servers = 0;
  for (const auto& record : observation.records) {
    for (const auto& answer : record.authorities) {
      if (++servers > kServersInWordsMax) break;
      words += format("{} {} ({}) for {} {}: {}", words.empty() ? " to us" : ",", answer.server, answer.address,
                      name_of(record.type), record.name.text(), dns::name_of(answer.verdict));
    }
  }
  return words.empty() ? words : words + ";";
}

std::optional<AttemptFailed> wrong_clock(Authority& authority, const acme::Failure& failure) {
  if (failure.trouble != acme::Trouble::kUnreachable) return std::nullopt;
  const auto ahead = authority.client().clock_ahead();
  if (!ahead || std::chrono::abs(*ahead) < kClockTolerance) return std::nullopt;
  return AttemptFailed{
      .order = AttemptFailed::Order::kKept,
      .cause = cause_of("clock_wrong"),
      .explanation =
          format("our clock is {} {} the authority {}'s: set it (chronyc makestep, timedatectl)",
                 to_text(std::chrono::abs(*ahead)), ahead->count() > 0 ? "behind" : "ahead of", authority.name())};
}

AttemptFailed limited(const Authority& authority, const LimitReached& limit) {
  return {.fault = AttemptFailed::Fault::kLimit,
          .cause = cause_of("limit"),
          .explanation = format("{}'s limit of {} is used up", authority.name(), in_words(limit.kind))};
}

std::string way_out_of_caa(const dns::CaaVerdict& verdict, std::string_view issuer) {
  const auto property = CaaProperty::parse(verdict.property);
  const auto tag = property ? property->tag : "issue";
  if (tag != "issue" && tag != "issuewild") return "no authority issues beside it: take that record out";
  return format("add a CAA record 0 {} \"{}\" beside it", tag, issuer);
}

}  // namespace signpost::services
