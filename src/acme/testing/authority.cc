// SPDX-License-Identifier: Apache-2.0
#include "acme/testing/authority.h"

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>
#include <set>
#include <stdexcept>

#include "acme/testing/signed_request.h"
#include "base/text.h"
#include "crypto/certificate_chain.h"
#include "crypto/certification_request.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/testing/test_issuer.h"
#include "net/http_server.h"

namespace signpost::acme::testing {
namespace {

namespace json = boost::json;
using crypto::testing::TestIssuer;
using net::Response;

constexpr int kAlternatesMax = 10;
constexpr std::string_view kErrorNamespace = "urn:ietf:params:acme:error:";
constexpr Milliseconds kOrderLifetime = std::chrono::days(7);
constexpr Milliseconds kStopBudget = std::chrono::seconds(1);

struct HeldAccount {
  std::string jwk;
  std::string status = "valid";
  json::array contacts;
};

struct HeldAuthorization {
  std::string account;
  std::string name;  // without "*."
  bool is_wildcard = false;
  std::string status = "pending";
  std::string token;
  Time expires{};
  bool is_answered = false;
  int looks_left = 0;
  std::vector<std::string> seen;
  json::object error;  // of the challenge
};

struct HeldOrder {
  std::string account;
  std::vector<DnsName> names;
  std::vector<int> authorizations;
  std::string status = "pending";
  std::string profile;
  std::string replaces;
  std::string serial;  // of the certificate, once finalized
  Time expires{};
  int looks_left = 0;
  json::object error;
};

struct HeldCertificate {
  std::string account;
  std::string chain;
  std::vector<std::string> alternates;
  std::string renewal_id;
  Time start{};
  Time end{};
  bool is_revoked = false;
  bool is_replaced = false;
};

/// How a request goes wrong: thrown inside the authority only, and answered as a problem.
struct Refused {
  int status;
  std::string type;
  std::string detail;
  std::vector<net::Header> headers = {};
  json::array subproblems = {};
};

std::string text_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

json::object problem_of(int status, std::string_view type, std::string_view detail) {
  return {
      {"type", std::string(kErrorNamespace) + std::string(type)}, {"detail", std::string(detail)}, {"status", status}};
}

json::object to_object(std::string_view text) {
  boost::system::error_code problem;
  auto value = json::parse({text.data(), text.size()}, problem);
  if (problem || !value.is_object()) throw Refused{400, "malformed", "the payload is not a JSON object"};
  return value.get_object();
}

Response json_response(int status, const json::object& body) {
  Response response;
  response.status = status;
  response.set("Content-Type", "application/json");
  response.body = json::serialize(body);
  return response;
}

/// The number that stands in a target after `before` and ends before `after`.
std::optional<int> number_in(std::string_view target, std::string_view before, std::string_view after = "") {
  if (!target.starts_with(before) || !target.ends_with(after) || target.size() <= before.size() + after.size())
    return std::nullopt;
  const auto number = parse_integer(target.substr(before.size(), target.size() - before.size() - after.size()));
  return number && *number > 0 && *number < 1'000'000'000 ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

}  // namespace

struct Authority::Impl {
  explicit Impl(const Clock& with) : clock(with), issuer("Signpost Test", with.now()), loops(1) {}

  /// What a request is about.
  struct Target {
    std::string resource;
    int number = 0;
    std::string rest = {};
  };

  Target target_of(const std::string& target) const {
    if (target == "/acme/directory.json") return {"directory"};
    if (target == "/acme/fresh") return {"newNonce"};
    if (target == "/acme/people") return {"newAccount"};
    if (target == "/acme/wishes") return {"newOrder"};
    if (target == "/acme/revocations") return {"revokeCert"};
    if (target == "/acme/new-key") return {"keyChange"};
    if (const auto n = number_in(target, "/acme/people/")) return {"account", *n};
    if (const auto n = number_in(target, "/acme/wishes?number=")) return {"order", *n};
    if (const auto n = number_in(target, "/acme/wishes/", "/sign")) return {"finalize", *n};
    if (const auto n = number_in(target, "/acme/proofs/")) return {"authorization", *n};
    if (const auto n = number_in(target, "/acme/proofs/", "/dns")) return {"challenge", *n};
    if (target.starts_with("/acme/renewal/")) return {"renewalInfo", 0, target.substr(14)};
    if (target.starts_with("/acme/issued/")) return {"certificate", 0, target.substr(13)};
    return {"nothing"};
  }

  std::string url(std::string_view path) const { return base + std::string(path); }
  std::string order_url(int number) const { return url(format("/acme/wishes?number={}", number)); }
  std::string proof_url(int number) const { return url(format("/acme/proofs/{}", number)); }

  Task<Response> serve(net::Request request) {
    const auto target = target_of(request.target);
    std::string name;
    LookUp ask;
    {
      const std::lock_guard lock(mutex);
      if (const auto found = proofs.find(target.number); target.resource == "challenge" && found != proofs.end()) {
        name = "_acme-challenge." + found->second.name;
        ask = look_up;
      }
    }
    std::optional<std::vector<std::string>> seen;
    if (ask) seen = co_await ask(DnsName::parse(name).value());
    const std::lock_guard lock(mutex);
    if (!name.empty() && !seen) seen = txt[name];
    Response response;
    try {
      response = answer(request, target, seen.value_or(std::vector<std::string>()));
    } catch (const Refused& why) {
      auto problem = problem_of(why.status, why.type, why.detail);
      if (!why.subproblems.empty()) problem["subproblems"] = why.subproblems;
      response = json_response(why.status, problem);
      response.set("Content-Type", "application/problem+json");
      response.headers.insert(response.headers.end(), why.headers.begin(), why.headers.end());
      if (!choices.gives_nonces_with_errors) co_return response;
    }
    if (request.method == "POST" || target.resource == "newNonce") response.set("Replay-Nonce", new_nonce());
    response.headers.push_back({"Link", format("<{}>;rel=\"index\"", url("/acme/directory.json"))});
    co_return response;
  }

  std::string new_nonce() {
    auto nonce = to_base64url(random.bytes(15));
    nonces.insert(nonce);
    return nonce;
  }

  Response answer(const net::Request& request, const Target& target, const std::vector<std::string>& seen) {
    const auto is_for_it = [&](const Canned& one) { return one.where.empty() || one.where == target.resource; };
    if (const auto canned = std::ranges::find_if(choices.canned, is_for_it); canned != choices.canned.end()) {
      const auto what = *canned;
      choices.canned.erase(canned);
      asked.push_back({target.resource, "", false});
      return canned_response(what);
    }
    if (choices.is_closed) {
      asked.push_back({target.resource, "", false});
      return canned_response({"", 503, "", "closed", choices.retry_after});
    }
    if (request.header("User-Agent").empty()) throw Refused{400, "malformed", "no User-Agent"};
    if (request.method == "POST") return signed_answer(request, target, seen);
    asked.push_back({target.resource, "", false});
    if (target.resource == "directory") return directory();
    if (target.resource == "newNonce") return Response{.status = request.method == "HEAD" ? 200 : 204};
    if (target.resource == "renewalInfo") return renewal(target.rest);
    throw Refused{405, "malformed", "this is asked for with POST-as-GET"};
  }

  static Response canned_response(const Canned& what) {
    auto response = json_response(what.status, problem_of(what.status, what.type, what.detail));
    response.set("Content-Type", "application/problem+json");
    if (what.type.empty()) {
      response.set("Content-Type", "text/html");
      response.body = what.detail;
    }
    if (!what.retry_after.empty()) response.set("Retry-After", what.retry_after);
    return response;
  }

  Response directory() const {
    json::object meta{{"website", "https://authority.example/"}, {"caaIdentities", json::array()}};
    for (const auto& identity : choices.caa_identities) meta["caaIdentities"].as_array().emplace_back(identity);
    if (choices.has_terms) meta["termsOfService"] = "https://authority.example/terms/7";
    if (choices.needs_external_account) meta["externalAccountRequired"] = true;
    for (const auto& [name, words] : choices.profiles) {
      if (!meta.contains("profiles")) meta["profiles"] = json::object();
      meta["profiles"].as_object()[name] = words;
    }
    json::object body{{"newNonce", url("/acme/fresh")},
                      {"newAccount", url("/acme/people")},
                      {"newOrder", url("/acme/wishes")},
                      {"revokeCert", url("/acme/revocations")},
                      {"keyChange", url("/acme/new-key")},
                      {"X-something-new", "https://authority.example/why"},
                      {"meta", std::move(meta)}};
    if (choices.has_renewal_info) body["renewalInfo"] = url("/acme/renewal");
    return json_response(200, body);
  }

  Response renewal(const std::string& renewal_id) const {
    if (!choices.has_renewal_info) throw Refused{404, "malformed", "no renewal information here"};
    const auto found =
        std::ranges::find_if(certificates, [&](const auto& one) { return one.second.renewal_id == renewal_id; });
    if (found == certificates.end()) throw Refused{404, "malformed", "no such certificate"};
    auto response = json_response(
        200, {{"suggestedWindow", {{"start", to_rfc3339(found->second.start)}, {"end", to_rfc3339(found->second.end)}}},
              {"explanationURL", "https://authority.example/why"}});
    response.set("Retry-After", choices.retry_after.empty() ? "21600" : choices.retry_after);
    return response;
  }

  // --- signed requests ---

  Response signed_answer(const net::Request& request, const Target& target, const std::vector<std::string>& seen) {
    if (request.header("Content-Type") != "application/jose+json")
      throw Refused{415, "malformed", "no application/jose+json"};
    const auto read = read_signed_request(request.body);
    if (!read) throw Refused{400, "malformed", read.error().message};
    asked.push_back({target.resource, read->payload, true});
    if (read->url != url(request.target)) throw Refused{401, "unauthorized", "the JWS is for another URL"};
    use_nonce(read->nonce);
    if (target.resource == "newAccount") {
      if (read->jwk.empty() || !read->is_signed_by(read->jwk))
        throw Refused{401, "unauthorized", "not signed by its key"};
      return new_account(*read);
    }
    if (target.resource == "revokeCert" && !read->jwk.empty()) {
      if (!read->is_signed_by(read->jwk)) throw Refused{401, "unauthorized", "not signed by its key"};
      return revoke(*read);
    }
    auto& account = account_of(*read);
    if (target.resource == "account") return change_account(account, *read, target.number);
    if (target.resource == "newOrder") return new_order(*read);
    if (target.resource == "order") return order(*read, target.number);
    if (target.resource == "authorization") return authorization(*read, target.number);
    if (target.resource == "challenge") return challenge(account, *read, target.number, seen);
    if (target.resource == "finalize") return finalize(*read, target.number);
    if (target.resource == "certificate") return certificate(*read, target.rest);
    if (target.resource == "revokeCert") return revoke(*read);
    if (target.resource == "keyChange") return change_key(account, *read);
    throw Refused{404, "malformed", "nothing is there"};
  }

  void use_nonce(const std::string& nonce) {
    const bool is_good = nonces.erase(nonce) > 0;
    if (!is_good) throw Refused{400, "badNonce", "the nonce is unknown, or was used"};
    if (choices.bad_nonces > 0) {
      --choices.bad_nonces;
      throw Refused{400, "badNonce", "the nonce is good, but it is refused all the same"};
    }
  }

  HeldAccount& account_of(const SignedRequest& request) {
    const auto prefix = url("/acme/people/");
    const auto number = number_in(request.account_url, prefix);
    const auto found = number ? accounts.find(*number) : accounts.end();
    if (found == accounts.end()) throw Refused{400, "accountDoesNotExist", "no such account"};
    if (!request.is_signed_by(found->second.jwk)) throw Refused{401, "unauthorized", "not signed by the account's key"};
    if (found->second.status != "valid") throw Refused{401, "unauthorized", "the account is " + found->second.status};
    return found->second;
  }

  Response account_response(int status, int number) const {
    const auto& account = accounts.at(number);
    auto response = json_response(status, {{"status", account.status},
                                           {"contact", account.contacts},
                                           {"orders", url(format("/acme/people/{}/orders", number))}});
    response.set("Location",
                 choices.has_relative_links ? format("people/{}", number) : url(format("/acme/people/{}", number)));
    return response;
  }

  Response new_account(const SignedRequest& request) {
    const auto payload = to_object(request.payload);
    const auto found = std::ranges::find_if(accounts, [&](const auto& one) { return one.second.jwk == request.jwk; });
    if (found != accounts.end()) {
      if (found->second.status != "valid") throw Refused{401, "unauthorized", "the account is " + found->second.status};
      return account_response(200, found->first);
    }
    if (payload.contains("onlyReturnExisting")) throw Refused{400, "accountDoesNotExist", "no account has this key"};
    if (choices.has_terms && !payload.contains("termsOfServiceAgreed"))
      throw Refused{403, "userActionRequired", "the terms must be agreed to"};
    if (choices.needs_external_account) check_binding(request, payload);
    HeldAccount account{.jwk = request.jwk};
    if (const auto* contacts = payload.if_contains("contact")) account.contacts = contacts->as_array();
    for (const auto& contact : account.contacts) {
      if (!contact.is_string() || !contact.as_string().starts_with("mailto:"))
        throw Refused{400, "unsupportedContact", "only mailto: is supported"};
    }
    accounts.emplace(++last_number, std::move(account));
    return account_response(201, last_number);
  }

  void check_binding(const SignedRequest& request, const json::object& payload) const {
    const auto* binding = payload.if_contains("externalAccountBinding");
    if (binding == nullptr) throw Refused{403, "externalAccountRequired", "accounts are for customers"};
    for (const auto& [key_id, mac_key] : choices.external_keys) {
      if (is_bound(*binding, mac_key, request.url, request.jwk)) return;
    }
    throw Refused{403, "unauthorized", "the external account is unknown"};
  }

  Response change_account(HeldAccount& account, const SignedRequest& request, int number) {
    if (request.account_url != url(format("/acme/people/{}", number)))
      throw Refused{403, "unauthorized", "not your account"};
    if (!request.payload.empty()) {
      const auto payload = to_object(request.payload);
      if (const auto* contacts = payload.if_contains("contact")) account.contacts = contacts->as_array();
      if (text_of(payload, "status") == "deactivated") account.status = "deactivated";
    }
    return account_response(200, number);
  }

  Response change_key(HeldAccount& account, const SignedRequest& request) {
    const auto inner = read_signed_request(request.payload);
    if (!inner || inner->jwk.empty() || !inner->nonce.empty() || inner->url != request.url ||
        !inner->is_signed_by(inner->jwk)) {
      throw Refused{400, "malformed", "the inner JWS is not as RFC 8555 7.3.5 wants it"};
    }
    const auto change = to_object(inner->payload);
    const auto* old_key = change.if_contains("oldKey");
    const auto old_jwk = old_key == nullptr ? std::unexpected(Error{}) : canonical_jwk(*old_key);
    if (text_of(change, "account") != request.account_url || !old_jwk || *old_jwk != account.jwk)
      throw Refused{400, "malformed", "the key change is for another account"};
    const auto taken = std::ranges::find_if(accounts, [&](const auto& one) { return one.second.jwk == inner->jwk; });
    if (taken != accounts.end())
      throw Refused{409,
                    "malformed",
                    "the key is another account's",
                    {{"Location", url(format("/acme/people/{}", taken->first))}}};
    account.jwk = inner->jwk;
    return json_response(200, {});
  }

  // --- orders ---

  Response new_order(const SignedRequest& request) {
    if (choices.has_changed_terms) {
      Refused why{403, "userActionRequired", "the terms have changed"};
      why.headers.push_back({"Link", "<https://authority.example/terms/8>;rel=\"terms-of-service\""});
      throw why;
    }
    const auto payload = to_object(request.payload);
    HeldOrder order{.account = request.account_url, .expires = clock.now() + kOrderLifetime};
    order.profile = profile_of(payload);
    order.names = names_of(payload);
    order.replaces = text_of(payload, "replaces");
    if (!order.replaces.empty()) replace(request, order.replaces);
    for (const auto& name : order.names) order.authorizations.push_back(proof_for(request.account_url, name));
    order.looks_left = choices.looks_until_ready;
    orders.emplace(++last_number, std::move(order));
    auto response = order_response(201, last_number);
    response.set("Location", choices.has_relative_links ? format("?number={}", last_number) : order_url(last_number));
    return response;
  }

  std::string profile_of(const json::object& payload) const {
    const auto wanted = text_of(payload, "profile");
    if (wanted.empty()) return choices.profiles.empty() ? "" : choices.profiles.front().first;
    if (std::ranges::none_of(choices.profiles, [&](const auto& one) { return one.first == wanted; }))
      throw Refused{400, "invalidProfile", "no such profile"};
    return wanted;
  }

  std::vector<DnsName> names_of(const json::object& payload) const {
    std::vector<DnsName> names;
    json::array refused;
    std::string type;
    for (const auto& one : payload.at("identifiers").as_array()) {
      const auto text = text_of(one.as_object(), "value");
      names.push_back(DnsName::parse(text).value());
      const auto why = choices.refuses_to_order.find(text);
      if (why == choices.refuses_to_order.end()) continue;
      type = why->second;
      auto sub = problem_of(403, type, "policy forbids it");
      sub["identifier"] = one;
      refused.push_back(std::move(sub));
    }
    if (refused.empty()) return names;
    const auto outer = refused.size() > 1 ? "compound" : type;
    throw Refused{403, outer, "some names are not certified here", {}, std::move(refused)};
  }

  void replace(const SignedRequest& request, const std::string& renewal_id) {
    const auto found =
        std::ranges::find_if(certificates, [&](const auto& one) { return one.second.renewal_id == renewal_id; });
    if (found == certificates.end() || found->second.account != request.account_url)
      throw Refused{404, "malformed", "the certificate to replace is unknown"};
    if (found->second.is_replaced) throw Refused{409, "alreadyReplaced", "the certificate has a successor"};
    found->second.is_replaced = true;
  }

  int proof_for(const std::string& account, const DnsName& name) {
    const bool is_wildcard = name.text().starts_with("*.");
    const auto text = is_wildcard ? name.text().substr(2) : name.text();
    for (const auto& [number, proof] : proofs) {
      if (choices.reuses_authorizations && proof.account == account && proof.name == text &&
          proof.is_wildcard == is_wildcard && (proof.status == "valid" || proof.status == "pending"))
        return number;
    }
    proofs.emplace(++last_number, HeldAuthorization{.account = account,
                                                    .name = text,
                                                    .is_wildcard = is_wildcard,
                                                    .token = to_base64url(random.bytes(24)),
                                                    .expires = clock.now() + kOrderLifetime});
    return last_number;
  }

  template <typename Held>
  Held& held(std::map<int, Held>& all, int number, const SignedRequest& request) {
    const auto found = all.find(number);
    if (found == all.end()) throw Refused{404, "malformed", "no such thing"};
    if (found->second.account != request.account_url) throw Refused{403, "unauthorized", "it is another account's"};
    return found->second;
  }

  void settle(HeldOrder& order) {
    if (order.status == "pending") {
      bool is_ready = true;
      for (const auto number : order.authorizations) {
        auto& proof = proofs.at(number);
        settle(proof);
        is_ready = is_ready && proof.status == "valid";
        if (proof.status != "invalid") continue;
        order.status = "invalid";
        order.error = proof.error;
        return;
      }
      if (is_ready && order.looks_left-- <= 0) order.status = "ready";
    } else if (order.status == "processing" && order.looks_left-- <= 0) {
      order.status = "valid";
    }
  }

  Response order_response(int status, int number) {
    auto& order = orders.at(number);
    settle(order);
    json::array identifiers;
    json::array authorizations;
    for (const auto& name : order.names) identifiers.push_back({{"type", "dns"}, {"value", name.text()}});
    for (const auto one : order.authorizations) authorizations.emplace_back(proof_url(one));
    json::object body{{"status", order.status},
                      {"expires", to_rfc3339(order.expires)},
                      {"identifiers", std::move(identifiers)},
                      {"authorizations", std::move(authorizations)},
                      {"finalize", url(format("/acme/wishes/{}/sign", number))}};
    if (!order.profile.empty()) body["profile"] = order.profile;
    if (!order.replaces.empty()) body["replaces"] = order.replaces;
    if (!order.error.empty()) body["error"] = order.error;
    if (order.status == "valid") body["certificate"] = url(format("/acme/issued/{}.pem", order.serial));
    auto response = json_response(status, body);
    const bool is_done = order.status != "pending" && order.status != "processing";
    if (!is_done && !choices.retry_after.empty()) response.set("Retry-After", choices.retry_after);
    return response;
  }

  Response order(const SignedRequest& request, int number) {
    (void)held(orders, number, request);
    return order_response(200, number);
  }

  json::object challenge_object(int number) const {
    const auto& proof = proofs.at(number);
    // RFC 8555 7.1.6: a challenge does not expire, its authorization does.
    const auto status = proof.status == "expired" ? "pending" : proof.status;
    json::object challenge{{"type", "dns-01"},
                           {"url", proof_url(number) + "/dns"},
                           {"token", proof.token},
                           {"status", status == "pending" && proof.is_answered ? "processing" : status}};
    if (!proof.error.empty()) challenge["error"] = proof.error;
    if (proof.status == "valid") challenge["validated"] = to_rfc3339(clock.now());
    return challenge;
  }

  /// After so many looks: met, or not, and then why.
  void settle(HeldAuthorization& proof) {
    if (proof.status != "pending" || !proof.is_answered || proof.looks_left-- > 0) return;
    const auto digest = crypto::sha256(proof.token + "." + thumbprint_of(proof.account));
    const auto wanted = to_base64url(digest);
    if (const auto why = choices.fails_validation.find(proof.name); why != choices.fails_validation.end()) {
      proof.error = problem_of(403, why->second, format("{} went wrong for {}", why->second, proof.name));
    } else if (choices.checks_txt && std::ranges::find(proof.seen, wanted) == proof.seen.end()) {
      proof.error =
          problem_of(403, "unauthorized",
                     format("{} TXT values at _acme-challenge.{}, none of them right", proof.seen.size(), proof.name));
    }
    proof.status = proof.error.empty() ? "valid" : "invalid";
  }

  std::string thumbprint_of(const std::string& account_url) const {
    const auto number = number_in(account_url, url("/acme/people/"));
    return to_base64url(crypto::sha256(accounts.at(number.value()).jwk));
  }

  void say_when(Response& response, const HeldAuthorization& proof) const {
    if (proof.status == "pending" && !choices.retry_after.empty()) response.set("Retry-After", choices.retry_after);
  }

  Response authorization(const SignedRequest& request, int number) {
    auto& proof = held(proofs, number, request);
    settle(proof);
    json::object body{{"status", proof.status},
                      {"expires", to_rfc3339(proof.expires)},
                      {"identifier", {{"type", "dns"}, {"value", proof.name}}},
                      {"challenges",
                       {challenge_object(number),
                        {{"type", "of-the-future-01"}, {"url", url("/acme/future")}, {"status", "pending"}}}}};
    if (proof.is_wildcard) body["wildcard"] = true;
    auto response = json_response(200, body);
    say_when(response, proof);
    return response;
  }

  Response challenge(const HeldAccount&, const SignedRequest& request, int number,
                     const std::vector<std::string>& seen) {
    auto& proof = held(proofs, number, request);
    if (!request.payload.empty() && proof.status == "pending" && !proof.is_answered) {
      proof.is_answered = true;
      proof.looks_left = choices.looks_while_validating;
      proof.seen = seen;
      settle(proof);
    }
    auto response = json_response(200, challenge_object(number));
    response.headers.push_back({"Link", format("<{}>;rel=\"up\"", proof_url(number))});
    say_when(response, proof);
    return response;
  }

  Response finalize(const SignedRequest& request, int number) {
    auto& order = held(orders, number, request);
    settle(order);
    if (order.status != "ready") throw Refused{403, "orderNotReady", "the order is " + order.status};
    const auto der = from_base64url(text_of(to_object(request.payload), "csr")).value_or("");
    const auto csr = crypto::testing::read_request(der);
    if (!csr) throw Refused{400, "badCSR", csr.error().message};
    if (std::set(csr->names.begin(), csr->names.end()) != std::set(order.names.begin(), order.names.end()))
      throw Refused{400, "badCSR", "its names are not those of the order"};
    order.serial = issue(order, der);
    order.status = "processing";
    order.looks_left = choices.looks_while_processing;
    return order_response(200, number);
  }

  static std::string request_with_another_key(const HeldOrder& order) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
    return crypto::make_certification_request(key, order.names).value();
  }

  std::string issue(const HeldOrder& order, const std::string& der) {
    const auto now = clock.now();
    const auto end = now + choices.certificate_lifetime;
    const auto request = choices.certifies_another_key ? request_with_another_key(order) : der;
    const auto leaf = issuer.issue(request, order.names, now, end);
    HeldCertificate certificate{.account = order.account, .chain = leaf + issuer.intermediate_pem()};
    if (choices.leaves_out_issuers) certificate.chain = leaf;
    for (int i = 0; i < std::min(choices.alternates, kAlternatesMax); ++i) {
      while (others.size() <= static_cast<std::size_t>(i))
        others.push_back(std::make_unique<TestIssuer>(format("Alternate {}", others.size() + 1), now));
      certificate.alternates.push_back(leaf + issuer.intermediate_signed_by(*others[static_cast<std::size_t>(i)]));
    }
    const auto chain = crypto::CertificateChain::parse(certificate.chain).value();
    certificate.renewal_id = chain.renewal_id().value();
    certificate.start = end - choices.certificate_lifetime / 3;
    certificate.end = certificate.start + choices.certificate_lifetime / 15;
    certificates.emplace(chain.leaf().serial, std::move(certificate));
    return chain.leaf().serial;
  }

  Response certificate(const SignedRequest& request, std::string_view rest) const {
    const auto mark = rest.find(".pem");
    const auto found = certificates.find(std::string(rest.substr(0, mark)));
    if (found == certificates.end() || mark == std::string_view::npos)
      throw Refused{404, "malformed", "no such certificate"};
    if (found->second.account != request.account_url) throw Refused{403, "unauthorized", "it is another account's"};
    const auto root = number_in(rest.substr(mark), ".pem?root=");
    const auto& alternates = found->second.alternates;
    if (root && static_cast<std::size_t>(*root) > alternates.size()) throw Refused{404, "malformed", "no such chain"};
    Response response;
    response.set("Content-Type", "application/pem-certificate-chain");
    response.body = root ? alternates[static_cast<std::size_t>(*root) - 1] : found->second.chain;
    for (std::size_t i = 1; i <= alternates.size(); ++i) {
      const auto path = format("{}.pem?root={}", found->first, i);
      response.headers.push_back({"Link", format("<{}>; title=\"a, b\"; rel=\"alternate\"",
                                                 choices.has_relative_links ? path : url("/acme/issued/" + path))});
    }
    return response;
  }

  /// As certificates have it (RFC 5480 2.2): 04, x, y.
  static std::string point_of(std::string_view jwk) {
    const auto key = to_object(jwk);
    return "\x04" + from_base64url(text_of(key, "x")).value_or("") + from_base64url(text_of(key, "y")).value_or("");
  }

  Response revoke(const SignedRequest& request) {
    const auto payload = to_object(request.payload);
    const auto certificate = from_base64url(text_of(payload, "certificate")).value_or("");
    const auto found = certificates.find(crypto::testing::serial_of(certificate));
    if (found == certificates.end()) throw Refused{404, "malformed", "no such certificate"};
    const bool is_allowed = request.jwk.empty() ? found->second.account == request.account_url
                                                : certificate.contains(point_of(request.jwk));
    if (!is_allowed) throw Refused{403, "unauthorized", "it is another account's, and has another key"};
    if (const auto* reason = payload.if_contains("reason");
        reason != nullptr && (!reason->is_int64() || reason->get_int64() == 2))
      throw Refused{400, "badRevocationReason", "that is no reason"};
    if (found->second.is_revoked) throw Refused{400, "alreadyRevoked", "it is revoked already"};
    found->second.is_revoked = true;
    if (choices.during_revocation) choices.during_revocation();
    return Response{.status = 200};
  }

  const Clock& clock;
  std::string base;
  mutable std::mutex mutex;  // of what follows
  Choices choices;
  LookUp look_up;
  std::map<std::string, std::vector<std::string>> txt;
  std::set<std::string> nonces;
  std::map<int, HeldAccount> accounts;
  std::map<int, HeldAuthorization> proofs;
  std::map<int, HeldOrder> orders;
  std::map<std::string, HeldCertificate> certificates;  // by serial
  std::vector<Request> asked;
  int last_number = 0;
  crypto::SystemRandom random;
  TestIssuer issuer;
  std::vector<std::unique_ptr<TestIssuer>> others;
  net::Loops loops;
  std::unique_ptr<net::HttpServer> server;
};

Authority::Authority(const Clock& clock, std::string_view listen) : impl_(std::make_unique<Impl>(clock)) {
  auto server = net::HttpServer::open(impl_->loops, listen, {},
                                      [this](net::Request request) { return impl_->serve(std::move(request)); });
  if (!server) throw std::runtime_error("the authority cannot listen: " + server.error().message);
  impl_->server = *std::move(server);
  impl_->base =
      format("http://{}:{}", impl_->server->endpoint().address().to_string(), impl_->server->endpoint().port());
  impl_->loops.start();
}

Authority::~Authority() {
  impl_->server->stop(kStopBudget);
  impl_->loops.stop_and_join();
}

std::string Authority::directory_url() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->url("/acme/directory.json");
}

void Authority::be_seen_at(std::string base) {
  const std::lock_guard lock(impl_->mutex);
  impl_->base = std::move(base);
}

void Authority::choose(const std::function<void(Choices&)>& change) {
  const std::lock_guard lock(impl_->mutex);
  change(impl_->choices);
}

void Authority::set_txt(std::string_view name, std::vector<std::string> values) {
  const std::lock_guard lock(impl_->mutex);
  impl_->txt[std::string(name)] = std::move(values);
}

void Authority::look_up_by(LookUp look_up) {
  const std::lock_guard lock(impl_->mutex);
  impl_->look_up = std::move(look_up);
}

net::Loop& Authority::loop() { return impl_->loops.at(0); }

void Authority::forget_accounts() {
  const std::lock_guard lock(impl_->mutex);
  impl_->accounts.clear();
}

void Authority::deactivate_accounts() {
  const std::lock_guard lock(impl_->mutex);
  for (auto& [number, account] : impl_->accounts) account.status = "deactivated";
}

void Authority::expire_orders() {
  const std::lock_guard lock(impl_->mutex);
  for (auto& [number, proof] : impl_->proofs) {
    if (proof.status == "pending") proof.status = "expired";
  }
  for (auto& [number, order] : impl_->orders) {
    if (order.status == "pending" || order.status == "ready") order.status = "invalid";
  }
}

void Authority::set_window(const std::string& renewal_id, Time start, Time end) {
  const std::lock_guard lock(impl_->mutex);
  for (auto& [serial, certificate] : impl_->certificates) {
    if (certificate.renewal_id != renewal_id) continue;
    certificate.start = start;
    certificate.end = end;
  }
}

std::vector<Authority::Request> Authority::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->asked;
}

std::size_t Authority::count_of(std::string_view resource) const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<std::size_t>(
      std::ranges::count_if(impl_->asked, [&](const Request& one) { return one.resource == resource; }));
}

bool Authority::is_revoked(const std::string& serial) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->certificates.find(serial);
  return found != impl_->certificates.end() && found->second.is_revoked;
}

std::vector<std::string> Authority::serials() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> all;
  for (const auto& [serial, certificate] : impl_->certificates) all.push_back(serial);
  return all;
}

int Authority::issued() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<int>(impl_->certificates.size());
}

std::string Authority::root_pem() const { return impl_->issuer.root_pem(); }

}  // namespace signpost::acme::testing
