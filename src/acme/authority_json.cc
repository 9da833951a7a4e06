// SPDX-License-Identifier: Apache-2.0
#include "acme/authority_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "crypto/json_members.h"
#include "net/url_reference.h"

namespace signpost::acme {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kTextBytesMax = 4096;
constexpr std::size_t kTokenBytesMax = 256;
constexpr std::string_view kErrorNamespace = "urn:ietf:params:acme:error:";

std::unexpected<Error> refuse(std::string why) { return fail(Kind::kProtocol, std::move(why)); }

std::string_view view_of(const json::string& text) { return {text.data(), text.size()}; }

Result<json::value> read(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code problem;
  auto value = json::parse({text.data(), text.size()}, problem, {}, options);
  if (problem) return refuse("it is not JSON: " + problem.message());
  if (!value.is_object()) return refuse("it is not a JSON object");
  if (crypto::count_members_kept(value) != crypto::count_members_written(text)) {
    return refuse("it names a member twice in one object");
  }
  return value;
}

/// Null if the member is absent, or null itself, which some authorities write for it.
const json::value* find(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// Empty if it is absent.
Result<std::string> text_of(const json::object& object, std::string_view name) {
  const auto* value = find(object, name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return refuse(format("its member \"{}\" is not a string", name));
  const auto text = view_of(value->get_string());
  if (text.size() > kTextBytesMax) return refuse(format("its member \"{}\" is over {} bytes", name, kTextBytesMax));
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) return refuse(format("its member \"{}\" holds control characters", name));
  return std::string(text);
}

Result<std::string> needed_text(const json::object& object, std::string_view name) {
  auto text = TRY(text_of(object, name));
  if (text.empty()) return refuse(format("it has no member \"{}\"", name));
  return text;
}

Result<std::string> to_url(std::string_view reference, std::string_view name, const net::Url& from) {
  const auto url = net::resolve(from, reference);
  if (!url) return refuse(format("its member \"{}\" is no URL: {}", name, url.error().message));
  return url->text();
}

/// Empty if it is absent.
Result<std::string> url_of(const json::object& object, std::string_view name, const net::Url& from) {
  const auto text = TRY(text_of(object, name));
  if (text.empty()) return std::string();
  return to_url(text, name, from);
}

Result<std::string> needed_url(const json::object& object, std::string_view name, const net::Url& from) {
  return to_url(TRY(needed_text(object, name)), name, from);
}

/// A page for people: taken as it is, and left out if it is no https or http URL.
std::string page_of(const json::object& object, std::string_view name) {
  const auto text = text_of(object, name);
  const auto url = text ? net::Url::parse(*text) : std::unexpected(text.error());
  return url ? *text : std::string();
}

/// RFC 3339 with any offset; ours are in UTC.
std::optional<Time> to_time(std::string_view text) {
  std::string utc(text);
  for (auto& c : utc) c = c == 't' ? 'T' : c == 'z' ? 'Z' : c;
  std::chrono::minutes offset{0};
  constexpr std::size_t kOffsetLength = 6;  // "+02:00"
  if (utc.size() > kOffsetLength && utc[utc.size() - 3] == ':' && utc.back() != 'Z') {
    const auto zone = utc.substr(utc.size() - kOffsetLength);
    const auto hours = parse_integer(zone.substr(1, 2));
    const auto minutes = parse_integer(zone.substr(4, 2));
    if ((zone[0] != '+' && zone[0] != '-') || !hours || !minutes || *hours < 0 || *hours > 23 || *minutes < 0 ||
        *minutes > 59)
      return std::nullopt;
    offset = std::chrono::minutes((zone[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes));
    utc = utc.substr(0, utc.size() - kOffsetLength) + "Z";
  }
  const auto time = parse_rfc3339(utc);
  return time ? std::optional(*time - offset) : std::nullopt;
}

Result<std::optional<Time>> time_of(const json::object& object, std::string_view name) {
  const auto text = TRY(text_of(object, name));
  if (text.empty()) return std::nullopt;
  const auto time = to_time(text);
  if (!time) return refuse(format("its member \"{}\" is not a time of RFC 3339", name));
  return time;
}

template <typename Status, std::size_t Count>
Result<Status> status_of(const json::object& object, const std::array<Status, Count>& all) {
  const auto text = TRY(needed_text(object, "status"));
  for (const auto one : all) {
    if (name_of(one) == text) return one;
  }
  return refuse(format("its status \"{}\" is none that RFC 8555 knows", printable(text, 40)));
}

/// Null if it is absent.
Result<const json::array*> list_of(const json::object& object, std::string_view name, std::size_t count_max) {
  const auto* value = find(object, name);
  if (value == nullptr) return nullptr;
  const auto* list = value->if_array();
  if (list == nullptr) return refuse(format("its member \"{}\" is not an array", name));
  if (list->size() > count_max)
    return fail(Kind::kTooLarge,
                format("its member \"{}\" has {} elements; at most {} are read", name, list->size(), count_max));
  return list;
}

Result<std::vector<std::string>> texts_of(const json::object& object, std::string_view name, std::size_t count_max) {
  std::vector<std::string> texts;
  const auto* list = TRY(list_of(object, name, count_max));
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto* text = (*list)[i].if_string();
    if (text == nullptr || text->size() > kTextBytesMax)
      return refuse(format("its member \"{}\" holds something other than strings", name));
    texts.emplace_back(view_of(*text));
  }
  return texts;
}

Result<DnsName> identifier_of(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return refuse("one of its identifiers is not an object");
  const auto type = TRY(needed_text(*object, "type"));
  if (type != "dns") return refuse(format("it is about an identifier of type \"{}\"", printable(type, 40)));
  const auto text = TRY(needed_text(*object, "value"));
  const auto name = DnsName::parse(text);
  if (!name) return refuse(format("its identifier \"{}\" is no host name", printable(text, 60)));
  return *name;
}

std::string words_of(const json::object& object, std::string_view name) {
  const auto* text = object.contains(name) ? object.at(name).if_string() : nullptr;
  return text == nullptr ? std::string() : printable(view_of(*text), Problem::text_bytes_max);
}

std::string type_of(const json::object& problem) {
  auto type = words_of(problem, "type");
  return type.starts_with(kErrorNamespace) ? type.substr(kErrorNamespace.size()) : type;
}

Subproblem to_subproblem(const json::object& object) {
  Subproblem sub{type_of(object), words_of(object, "detail"), {}};
  const auto* identifier = object.contains("identifier") ? object.at("identifier").if_object() : nullptr;
  if (identifier != nullptr) sub.identifier = words_of(*identifier, "value");
  return sub;
}

Problem to_problem(const json::object& object) {
  Problem problem;
  problem.type = type_of(object);
  problem.detail = words_of(object, "detail");
  if (problem.detail.empty()) problem.detail = words_of(object, "title");
  problem.instance = page_of(object, "instance");
  const auto* status = object.if_contains("status");
  const auto* number = status == nullptr ? nullptr : status->if_int64();
  if (number != nullptr && *number >= 100 && *number <= 999) problem.status = static_cast<int>(*number);
  const auto* list = object.contains("subproblems") ? object.at("subproblems").if_array() : nullptr;
  for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), Problem::subproblems_max); ++i) {
    if (const auto* sub = (*list)[i].if_object()) problem.subproblems.push_back(to_subproblem(*sub));
  }
  return problem;
}

std::optional<Problem> problem_of(const json::object& object) {
  const auto* error = object.contains("error") ? object.at("error").if_object() : nullptr;
  return error == nullptr ? std::nullopt : std::optional(to_problem(*error));
}

Result<void> read_meta(const json::object& meta, Directory& directory) {
  directory.terms_of_service = words_of(meta, "termsOfService");  // Pebble's are a data: URL
  directory.website = page_of(meta, "website");
  for (const auto& identity : TRY(texts_of(meta, "caaIdentities", Directory::caa_identities_max))) {
    directory.caa_identities.push_back(to_lower(printable(identity)));
  }
  const auto* needs = find(meta, "externalAccountRequired");
  if (needs != nullptr && !needs->is_bool())
    return refuse("its member \"externalAccountRequired\" is neither true nor false");
  directory.needs_external_account = needs != nullptr && needs->get_bool();
  const auto* profiles = find(meta, "profiles");
  if (profiles == nullptr) return {};
  if (!profiles->is_object()) return refuse("its member \"profiles\" is not an object");
  const auto& all = profiles->get_object();
  if (all.size() > Directory::profiles_max)
    return fail(Kind::kTooLarge,
                format("it has {} profiles; at most {} are read", all.size(), Directory::profiles_max));
  for (const auto& profile : all) {
    directory.profiles.emplace_back(printable(std::string_view(profile.key().data(), profile.key().size())),
                                    words_of(all, profile.key()));
  }
  return {};
}

bool is_token(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return text.size() <= kTokenBytesMax && std::ranges::all_of(text, is_letter);
}

ChallengeType to_challenge_type(std::string_view text) {
  for (const auto type : {ChallengeType::kDns01, ChallengeType::kHttp01, ChallengeType::kTlsAlpn01}) {
    if (name_of(type) == text) return type;
  }
  return ChallengeType::kOther;
}

Result<Challenge> to_challenge(const json::object& object, const net::Url& from) {
  using enum ChallengeStatus;
  Challenge challenge;
  challenge.url = TRY(needed_url(object, "url", from));
  challenge.type = to_challenge_type(TRY(needed_text(object, "type")));
  challenge.status = TRY(status_of(object, std::array{kPending, kProcessing, kValid, kInvalid}));
  challenge.validated_at = TRY(time_of(object, "validated"));
  challenge.problem = problem_of(object);
  if (challenge.type == ChallengeType::kOther) return challenge;
  challenge.token = TRY(needed_text(object, "token"));
  // It goes into DNS names and paths of files: nothing but the alphabet of RFC 8555 8.1.
  if (!is_token(challenge.token)) return refuse("the token of a challenge is not base64url");
  return challenge;
}

json::array to_array(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

}  // namespace

Result<Directory> parse_directory(std::string_view text, const net::Url& from) {
  const auto value = TRY(read(text));
  const auto& object = value.get_object();
  Directory directory;
  directory.new_nonce = TRY(needed_url(object, "newNonce", from));
  directory.new_account = TRY(needed_url(object, "newAccount", from));
  directory.new_order = TRY(needed_url(object, "newOrder", from));
  directory.revoke_cert = TRY(url_of(object, "revokeCert", from));
  directory.key_change = TRY(url_of(object, "keyChange", from));
  directory.renewal_info = TRY(url_of(object, "renewalInfo", from));
  const auto* meta = find(object, "meta");
  if (meta == nullptr) return directory;
  if (!meta->is_object()) return refuse("its member \"meta\" is not an object");
  TRY_VOID(read_meta(meta->get_object(), directory));
  return directory;
}

Result<AccountState> parse_account(std::string_view text, std::string url) {
  using enum AccountStatus;
  const auto value = TRY(read(text));
  const auto& object = value.get_object();
  AccountState state;
  state.url = std::move(url);
  state.status = TRY(status_of(object, std::array{kValid, kDeactivated, kRevoked}));
  state.contacts = TRY(texts_of(object, "contact", AccountState::contacts_max));
  return state;
}

Result<Order> parse_order(std::string_view text, const net::Url& from) {
  using enum OrderStatus;
  const auto value = TRY(read(text));
  const auto& object = value.get_object();
  Order order;
  order.url = from.text();
  order.status = TRY(status_of(object, std::array{kPending, kReady, kProcessing, kValid, kInvalid}));
  order.expires_at = TRY(time_of(object, "expires"));
  const auto* identifiers = TRY(list_of(object, "identifiers", Order::names_max));
  if (identifiers == nullptr || identifiers->empty()) return refuse("it has no identifiers");
  for (const auto& one : *identifiers) order.names.push_back(TRY(identifier_of(one)));
  for (const auto& one : TRY(texts_of(object, "authorizations", Order::names_max))) {
    order.authorizations.push_back(TRY(to_url(one, "authorizations", from)));
  }
  order.finalize_url = TRY(needed_url(object, "finalize", from));
  order.certificate_url = TRY(url_of(object, "certificate", from));
  if (order.status == kValid && order.certificate_url.empty()) return refuse("it is valid and has no certificate");
  order.profile = TRY(text_of(object, "profile"));
  order.replaces = TRY(text_of(object, "replaces"));
  order.problem = problem_of(object);
  return order;
}

Result<Authorization> parse_authorization(std::string_view text, const net::Url& from) {
  using enum AuthorizationStatus;
  const auto value = TRY(read(text));
  const auto& object = value.get_object();
  const auto status = TRY(status_of(object, std::array{kPending, kValid, kInvalid, kDeactivated, kExpired, kRevoked}));
  const auto* identifier = find(object, "identifier");
  if (identifier == nullptr) return refuse("it has no identifier");
  Authorization authorization{.url = from.text(), .status = status, .name = TRY(identifier_of(*identifier))};
  authorization.expires_at = TRY(time_of(object, "expires"));
  const auto* wildcard = find(object, "wildcard");
  authorization.is_wildcard = wildcard != nullptr && wildcard->is_bool() && wildcard->get_bool();
  const auto* challenges = TRY(list_of(object, "challenges", Authorization::challenges_max));
  for (std::size_t i = 0; challenges != nullptr && i < challenges->size(); ++i) {
    const auto* challenge = (*challenges)[i].if_object();
    if (challenge == nullptr) return refuse("one of its challenges is not an object");
    authorization.challenges.push_back(TRY(to_challenge(*challenge, from)));
  }
  return authorization;
}

Result<Challenge> parse_challenge(std::string_view text, const net::Url& from) {
  const auto value = TRY(read(text));
  return to_challenge(value.get_object(), from);
}

Result<RenewalInfo> parse_renewal_info(std::string_view text) {
  const auto value = TRY(read(text));
  const auto& object = value.get_object();
  const auto* window = find(object, "suggestedWindow");
  if (window == nullptr || !window->is_object()) return refuse("it has no suggestedWindow");
  const auto start = TRY(time_of(window->get_object(), "start"));
  const auto end = TRY(time_of(window->get_object(), "end"));
  if (!start || !end) return refuse("its suggestedWindow has no start or no end");
  if (*end <= *start) return refuse("its suggestedWindow ends before it starts");
  return RenewalInfo{.start = *start, .end = *end, .explanation_url = page_of(object, "explanationURL")};
}

std::optional<Problem> parse_problem(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code problem;
  const auto value = json::parse({text.data(), text.size()}, problem, {}, options);
  return problem || !value.is_object() ? std::nullopt : std::optional(to_problem(value.get_object()));
}

std::string new_account_json(const NewAccount& wanted, std::string_view binding) {
  json::object object;
  if (!wanted.contacts.empty()) object["contact"] = to_array(wanted.contacts);
  if (wanted.agrees_to_terms) object["termsOfServiceAgreed"] = true;
  if (!binding.empty()) object["externalAccountBinding"] = json::parse({binding.data(), binding.size()});
  return json::serialize(object);
}

std::string existing_account_json() { return R"({"onlyReturnExisting":true})"; }

std::string contacts_json(const std::vector<std::string>& contacts) {
  return json::serialize(json::object{{"contact", to_array(contacts)}});
}

std::string key_change_json(std::string_view account_url, std::string_view old_public_jwk) {
  return json::serialize(json::object{{"account", json::string({account_url.data(), account_url.size()})},
                                      {"oldKey", json::parse({old_public_jwk.data(), old_public_jwk.size()})}});
}

std::string new_order_json(const NewOrder& wanted) {
  json::array identifiers;
  for (const auto& name : wanted.names) identifiers.push_back(json::object{{"type", "dns"}, {"value", name.text()}});
  json::object object{{"identifiers", std::move(identifiers)}};
  if (!wanted.profile.empty()) object["profile"] = wanted.profile;
  if (!wanted.replaces.empty()) object["replaces"] = wanted.replaces;
  return json::serialize(object);
}

std::string finalize_json(std::string_view request_der) {
  return json::serialize(json::object{{"csr", to_base64url(request_der)}});
}

std::string revocation_json(std::string_view certificate_der, int reason) {
  return json::serialize(json::object{{"certificate", to_base64url(certificate_der)}, {"reason", reason}});
}

}  // namespace signpost::acme
