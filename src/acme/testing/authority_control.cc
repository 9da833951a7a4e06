// SPDX-License-Identifier: Apache-2.0
#include "acme/testing/authority_control.h"

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <stdexcept>

#include "base/text.h"

namespace signpost::acme::testing {
namespace {

namespace json = boost::json;

std::string to_text(const json::value& value) { return std::string(value.as_string()); }

std::vector<std::string> to_texts(const json::value& value) {
  std::vector<std::string> texts;
  for (const auto& one : value.as_array()) texts.push_back(to_text(one));
  return texts;
}

std::map<std::string, std::string> to_map(const json::value& value) {
  std::map<std::string, std::string> map;
  for (const auto& member : value.as_object()) map.emplace(member.key(), to_text(member.value()));
  return map;
}

std::vector<std::pair<std::string, std::string>> to_pairs(const json::value& value) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& member : value.as_object()) pairs.emplace_back(member.key(), to_text(member.value()));
  return pairs;
}

int to_int(const json::value& value) { return value.to_number<int>(); }

using Set = std::function<void(Choices&, const json::value&)>;

const std::map<std::string, Set, std::less<>>& choices_by_name() {
  static const std::map<std::string, Set, std::less<>> all{
      {"needs_external_account", [](Choices& c, const json::value& v) { c.needs_external_account = v.as_bool(); }},
      {"external_keys", [](Choices& c, const json::value& v) { c.external_keys = to_map(v); }},
      {"has_renewal_info", [](Choices& c, const json::value& v) { c.has_renewal_info = v.as_bool(); }},
      {"has_terms", [](Choices& c, const json::value& v) { c.has_terms = v.as_bool(); }},
      {"profiles", [](Choices& c, const json::value& v) { c.profiles = to_pairs(v); }},
      {"caa_identities", [](Choices& c, const json::value& v) { c.caa_identities = to_texts(v); }},
      {"is_closed", [](Choices& c, const json::value& v) { c.is_closed = v.as_bool(); }},
      {"has_relative_links", [](Choices& c, const json::value& v) { c.has_relative_links = v.as_bool(); }},
      {"gives_nonces_with_errors", [](Choices& c, const json::value& v) { c.gives_nonces_with_errors = v.as_bool(); }},
      {"bad_nonces", [](Choices& c, const json::value& v) { c.bad_nonces = to_int(v); }},
      {"checks_txt", [](Choices& c, const json::value& v) { c.checks_txt = v.as_bool(); }},
      {"reuses_authorizations", [](Choices& c, const json::value& v) { c.reuses_authorizations = v.as_bool(); }},
      {"looks_while_validating", [](Choices& c, const json::value& v) { c.looks_while_validating = to_int(v); }},
      {"looks_until_ready", [](Choices& c, const json::value& v) { c.looks_until_ready = to_int(v); }},
      {"looks_while_processing", [](Choices& c, const json::value& v) { c.looks_while_processing = to_int(v); }},
      {"retry_after", [](Choices& c, const json::value& v) { c.retry_after = to_text(v); }},
      {"certificate_lifetime_ms",
       [](Choices& c, const json::value& v) { c.certificate_lifetime = Milliseconds(v.to_number<std::int64_t>()); }},
      {"certifies_another_key", [](Choices& c, const json::value& v) { c.certifies_another_key = v.as_bool(); }},
      {"leaves_out_issuers", [](Choices& c, const json::value& v) { c.leaves_out_issuers = v.as_bool(); }},
      {"alternates", [](Choices& c, const json::value& v) { c.alternates = to_int(v); }},
      {"fails_validation", [](Choices& c, const json::value& v) { c.fails_validation = to_map(v); }},
      {"refuses_to_order", [](Choices& c, const json::value& v) { c.refuses_to_order = to_map(v); }},
      {"has_changed_terms", [](Choices& c, const json::value& v) { c.has_changed_terms = v.as_bool(); }},
  };
  return all;
}

void choose(Authority& authority, const json::object& wanted) {
  for (const auto& member : wanted) {
    const auto found = choices_by_name().find(std::string_view(member.key().data(), member.key().size()));
    if (found == choices_by_name().end()) throw std::invalid_argument("no such choice: " + std::string(member.key()));
    authority.choose([&](Choices& choices) { found->second(choices, member.value()); });
  }
}

std::string optional_text(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? std::string() : to_text(*value);
}

void add_canned(Authority& authority, const json::object& wanted) {
  Canned canned{.where = optional_text(wanted, "where"),
                .status = to_int(wanted.at("status")),
                .type = optional_text(wanted, "type"),
                .detail = optional_text(wanted, "detail"),
                .retry_after = optional_text(wanted, "retry_after")};
  authority.choose([&](Choices& choices) { choices.canned.push_back(std::move(canned)); });
}

std::string state_of(const Authority& authority) {
  json::object requests;
  for (const auto& request : authority.requests()) {
    auto& count = requests[request.resource];
    count = count.is_null() ? 1 : count.as_int64() + 1;
  }
  json::array serials;
  json::array revoked;
  for (const auto& serial : authority.serials()) {
    serials.emplace_back(serial);
    if (authority.is_revoked(serial)) revoked.emplace_back(serial);
  }
  return json::serialize(json::object{{"issued", authority.issued()},
                                      {"serials", std::move(serials)},
                                      {"revoked", std::move(revoked)},
                                      {"requests", std::move(requests)},
                                      {"root", authority.root_pem()}});
}

void obey(Authority& authority, const std::string& path, const json::object& body) {
  if (path == "/choices") return choose(authority, body);
  if (path == "/canned") return add_canned(authority, body);
  if (path == "/txt") return authority.set_txt(to_text(body.at("name")), to_texts(body.at("values")));
  if (path == "/accounts" && body.contains("forget")) return authority.forget_accounts();
  if (path == "/accounts" && body.contains("deactivate")) return authority.deactivate_accounts();
  if (path == "/orders" && body.contains("expire")) return authority.expire_orders();
  if (path == "/base") return authority.be_seen_at(to_text(body.at("url")));
  if (path != "/window") throw std::invalid_argument("nothing is controlled at " + path);
  authority.set_window(to_text(body.at("renewal_id")), parse_rfc3339(to_text(body.at("start"))).value(),
                       parse_rfc3339(to_text(body.at("end"))).value());
}

}  // namespace

net::Response control(Authority& authority, const net::Request& request) {
  try {
    net::Response response;
    response.set("Content-Type", "application/json");
    if (request.method == "GET" && request.path == "/state") {
      response.body = state_of(authority);
      return response;
    }
    obey(authority, request.path, json::parse(request.body).as_object());
    response.body = "{}";
    return response;
  } catch (const std::exception& why) {
    return net::problem_response(400, why.what());
  }
}

}  // namespace signpost::acme::testing
