// SPDX-License-Identifier: Apache-2.0
#include "api/testing/api_world.h"

#include <fstream>

#include "base/text.h"
#include "services/keys.h"

namespace signpost::api::testing {
namespace {

using services::testing::must;

void add_defaults(std::vector<net::Header>& headers, std::string_view bearer, const std::string& body) {
  headers.push_back({"Authorization", "Bearer " + std::string(bearer)});
  if (!body.empty() && !net::has_header(headers, "Content-Type"))
    headers.push_back({"Content-Type", "application/json"});
}

}  // namespace

Api::Settings ApiWorld::generous() {
  return {.trusted_proxies = {},
          .per_address = {.per_second = 1e6, .burst = 1e6},
          .per_key = {.per_second = 1e6, .burst = 1e6}};
}

services::Identity::Settings ApiWorld::identity_settings() const {
  const auto file = world.folder / "jwks.json";
  std::ofstream(file) << signer.jwks();
  return {.issuers = {{std::string(kIssuer), "", file.string(), ""}}};
}

ApiWorld::ApiWorld(Api::Settings settings)
    : master_key(must(crypto::MasterKey::from_text(std::string(64, 'a')))),
      directory(world.storage, master_key, clock),
      connections(world.storage, bell, clock, world.ids, random),
      authorities({}, world.storage, master_key, clock),
      certificates(world.storage, master_key, bell, clock, world.ids, authorities, nullptr, {&sight}, {}),
      proxies(world.storage),
      search_http({.threads = 1}),
      indexnow(search_http, clock, {.endpoint = search_server.url("/indexnow"), .key = "search-company"}),
      google(search_http, clock,
             must(cloud::GoogleCredential::parse(crypto::Secret(cloud::testing::refresh_credential()))),
             {.api_url = search_server.url(), .token_url = search_server.url(cloud::testing::kTokenPath)}),
      pages(world.storage, bell, clock, world.ids),
      search(world.storage, bell, clock, world.ids, connections, &indexnow, &google, {&site_eye}, {}),
      history(world.storage, clock),
      replay(world.storage, bell),
      entri_receiver(world.storage, bell, clock, world.ids),
      http({.threads = 1}),
      identity(directory, http, clock, identity_settings()),
      tokens(master_key, clock),
      policy({must(net::Network::parse("127.0.0.0/8"))}),
      sender(loops.at(0), policy, addresses, {.idle_per_key_max = 0}),
      tester(world.storage, clock, world.ids, directory, loops, {&sender}, {.user_agent = "Signpost/test"}),
      api({world.storage,
           directory,
           connections,
           certificates,
           proxies,
           pages,
           search,
           history,
           replay,
           entri_receiver,
           identity,
           tokens,
           tester,
           master_key,
           random,
           world.ids,
           clock,
           {},
           {"test", {boost::asio::ip::make_address("192.0.2.10")}}},
          std::move(settings)) {
  const services::Administration by{master_key, random, world.ids, clock.now(), "test"};
  admin_key = must(world.storage.write_now<services::NewKey>([&](store::Tx& tx) {
                return services::create_key(tx, by, "admin", std::nullopt);
              })).text;
  services::ApplicationWish wish{.name = "SaaS",
                                 .webhook_url = {},
                                 .cname_target = "app.saas.example",
                                 .allowed_origins = {std::string(kOrigin)},
                                 .identity = {std::string(kIssuer), {}}};
  const auto made = must(world.storage.write_now<services::NewApplication>(
      [&](store::Tx& tx) { return services::create_application(tx, by, wish); }));
  application = made.application.id.text();
  secret = made.secret;
  key = must(world.storage.write_now<services::NewKey>([&](store::Tx& tx) {
          return services::create_key(tx, by, "backend", made.application.id);
        })).text;
  must(net::testing::run_task(loops.at(0), directory.reload()));
}

ApiWorld::~ApiWorld() { world.database.stop(); }

net::Response ApiWorld::send(std::string method, std::string target, std::string body,
                             std::vector<net::Header> headers) {
  auto parts = must(net::split_target(method, target));
  net::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.path = std::move(parts.path);
  request.query = std::move(parts.query);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.peer = boost::asio::ip::make_address("192.0.2.7");
  return net::testing::run_task(loops.at(0), api.handle(std::move(request)));
}

net::Response ApiWorld::admin(std::string method, std::string target, std::string body, std::vector<net::Header> more) {
  add_defaults(more, admin_key, body);
  return send(std::move(method), std::move(target), std::move(body), std::move(more));
}

net::Response ApiWorld::call(std::string method, std::string target, std::string body, std::vector<net::Header> more) {
  add_defaults(more, key, body);
  return send(std::move(method), std::move(target), std::move(body), std::move(more));
}

net::Response ApiWorld::as_organization(std::string slug, std::string method, std::string target, std::string body,
                                        std::vector<net::Header> more) {
  add_defaults(more, token(slug), body);
  return send(std::move(method), std::move(target), std::move(body), std::move(more));
}

std::string ApiWorld::token(std::string_view organization) const {
  return token_with(format(R"("org_slug":"{}")", organization));
}

std::string ApiWorld::token_with(std::string_view claims) const {
  const auto now = to_seconds(clock.now());
  return signer.sign(
      format(R"({{"iss":"{}","sub":"user_1","iat":{},"nbf":{},"exp":{},{}}})", kIssuer, now, now, now + 60, claims));
}

std::string ApiWorld::connect(std::string_view host, std::string_view organization) {
  const auto response = call(
      "POST", "/v1/connections",
      format(
          R"({{"organization":"{}","host":"{}","records":[{{"type":"CNAME","host":"www","value":"{{CNAME_TARGET}}"}}]}})",
          organization, host));
  if (response.status != 201) throw std::runtime_error(response.body);
  return text_in(response, "id");
}

void ApiWorld::keep_original(std::string_view connection, const model::OriginalDns& original) {
  world.keep_original(must(ConnectionId::parse(connection)), original);
}

std::string ApiWorld::add_application_key(std::string* application_id) {
  const auto made = admin("POST", "/v1/applications", R"({"name":"Other"})");
  const auto id = text_in(made, "id");
  if (application_id != nullptr) *application_id = id;
  return text_in(admin("POST", "/v1/keys", format(R"({{"name":"other","application":"{}"}})", id)), "key");
}

boost::json::object object_in(const net::Response& response) { return boost::json::parse(response.body).as_object(); }

std::string text_in(const net::Response& response, std::string_view member) {
  const auto object = object_in(response);
  const auto* value = object.if_contains(boost::json::string_view(member.data(), member.size()));
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace signpost::api::testing
