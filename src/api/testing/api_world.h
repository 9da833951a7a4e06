// SPDX-License-Identifier: Apache-2.0
//
// The whole API over a real database, called without a socket: one application with identity and origins, an admin key,
// a key of that application, and an identity provider that signs what the test wants. Owned by the test; its thread
// turns the one loop. What cannot fail in a test throws if it does.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "cloud/testing/search_server.h"
#include "crypto/testing/fake_random.h"
#include "crypto/testing/token_signer.h"
#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"
#include "services/history.h"
#include "services/testing/fake_sight.h"
#include "services/testing/fake_site_eye.h"
#include "services/testing/webhook_world.h"
#include "services/webhook_tester.h"

namespace signpost::api::testing {

class ApiWorld {
 public:
  static constexpr std::string_view kIssuer = "https://clerk.saas.example";
  static constexpr std::string_view kOrigin = "https://app.saas.example";
  static Api::Settings generous();  // limits that no test reaches by chance

  explicit ApiWorld(Api::Settings settings = generous());
  /// Stops the database first: its threads still hold the loop when an answer has arrived.
  ~ApiWorld();

  net::Response send(std::string method, std::string target, std::string body = "",
                     std::vector<net::Header> headers = {});
  /// With the admin key and, if there is a body, the JSON content type.
  net::Response admin(std::string method, std::string target, std::string body = "",
                      std::vector<net::Header> more = {});
  /// The same with the application's key.
  net::Response call(std::string method, std::string target, std::string body = "", std::vector<net::Header> more = {});
  /// The same with a token of the organization.
  net::Response as_organization(std::string slug, std::string method, std::string target, std::string body = "",
                                std::vector<net::Header> more = {});

  std::string token(std::string_view organization) const;
  /// A token with these claims besides iss, sub and times.
  std::string token_with(std::string_view claims) const;

  /// A connection of the organization, created over /v1; returns its id.
  std::string connect(std::string_view host = "www.shop.example", std::string_view organization = "acme");
  /// What the connection's host answered before it was ours.
  void keep_original(std::string_view connection, const model::OriginalDns& original);
  /// A second application with a key of its own.
  std::string add_application_key(std::string* application_id = nullptr);

  services::testing::WebhookWorld world;
  signpost::testing::FakeClock& clock = world.clock;
  crypto::testing::FakeRandom random;
  crypto::MasterKey master_key;
  crypto::testing::TokenSigner signer{crypto::Algorithm::kEs256};
  services::Bell bell;
  net::Loops loops{1};
  services::Directory directory;
  services::Connections connections;
  services::Authorities authorities;
  services::testing::FakeSight sight;
  services::Certificates certificates;
  services::Proxies proxies;
  cloud::testing::SearchServer search_server;  // in the place of IndexNow and Google
  net::HttpClient search_http;
  cloud::IndexNow indexnow;
  cloud::Google google;
  services::testing::FakeSiteEye site_eye;
  services::Pages pages;
  services::SearchEngines search;
  services::History history;
  services::Replay replay;
  services::EntriReceiver entri_receiver;
  net::HttpClient http;
  services::Identity identity;
  services::Tokens tokens;
  net::AddressPolicy policy;  // loopback is open
  net::testing::FakeAddressResolver addresses;
  net::PostSender sender;
  services::WebhookTester tester;
  Api api;

  std::string admin_key;
  std::string application;  // id
  std::string secret;       // its client secret
  std::string key;          // its API key

 private:
  services::Identity::Settings identity_settings() const;
};

/// The body as JSON; throws if it is none.
boost::json::object object_in(const net::Response& response);
/// The text of a member; empty if there is none.
std::string text_in(const net::Response& response, std::string_view member);

}  // namespace signpost::api::testing
