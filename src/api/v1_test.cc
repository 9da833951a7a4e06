// SPDX-License-Identifier: Apache-2.0
//
// /v1 as backends and operators call it.
#include <gtest/gtest.h>

#include "api/testing/api_world.h"
#include "base/text.h"

namespace signpost::api {
namespace {

using testing::ApiWorld;
using testing::object_in;
using testing::text_in;

constexpr const char* kRecord = R"([{"type":"CNAME","host":"www","value":"app.saas.example"}])";

std::string wish(std::string_view host, std::string_view records = kRecord, std::string_view more = "") {
  return format(R"({{"organization":"acme","host":"{}","records":{}{}}})", host, records, more);
}

std::vector<std::string> names_in(const boost::json::object& object) {
  std::vector<std::string> names;
  for (const auto& member : object) names.emplace_back(member.key());
  return names;
}

TEST(V1Applications, ShowTheirSecretOnce) {
  ApiWorld world;
  const auto made = world.admin(
      "POST", "/v1/applications",
      R"({"name":"New","webhook_url":"https://hooks.saas.example/in","allowed_origins":["https://new.example"],)"
      R"("identity":{"issuer":"https://idp.example","audiences":["web"]}})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto id = text_in(made, "id");
  EXPECT_EQ(made.header("Location"), "/v1/applications/" + id);
  EXPECT_TRUE(text_in(made, "secret").starts_with("whsec_"));
  EXPECT_EQ(object_in(made).at("endpoint").at("url"), "https://hooks.saas.example/in");
  const auto read = world.admin("GET", "/v1/applications/" + id);
  EXPECT_EQ(names_in(object_in(read)),
            (std::vector<std::string>{"id", "name", "cname_target", "allowed_origins", "identity", "supports_dkim",
                                      "entri_receiver", "created_at"}));
  EXPECT_EQ(text_in(read, "name"), "New");
}

TEST(V1Applications, ChangeOnlyWhatIsSent) {
  ApiWorld world;
  const auto path = "/v1/applications/" + world.application;
  EXPECT_EQ(text_in(world.call("PATCH", path, R"({"cname_target":"edge.saas.example"})"), "cname_target"),
            "edge.saas.example");
  const auto cleared = object_in(world.call("PATCH", path, R"({"cname_target":null,"identity":null})"));
  EXPECT_TRUE(cleared.at("cname_target").is_null());
  EXPECT_EQ(cleared.at("identity").at("issuer"), "");
  EXPECT_EQ(cleared.at("name"), "SaaS");
  EXPECT_EQ(cleared.at("allowed_origins").as_array().size(), 1U);
}

TEST(V1Applications, TakeEffectAtOnce) {
  ApiWorld world;
  world.connect();
  EXPECT_EQ(world.as_organization("acme", "GET", "/api/domain/get-proxy/acme").status, 200);
  ASSERT_EQ(world.call("PATCH", "/v1/applications/" + world.application, R"({"identity":null})").status, 200);
  EXPECT_EQ(world.as_organization("acme", "GET", "/api/domain/get-proxy/acme").status, 401);
}

TEST(V1Applications, AreGoneWithTheirKeysOnceDeleted) {
  ApiWorld world;
  const auto connection = world.connect();
  EXPECT_EQ(world.admin("DELETE", "/v1/applications/" + world.application).status, 204);
  EXPECT_EQ(world.call("GET", "/v1/connections").status, 401);
  EXPECT_EQ(world.admin("GET", "/v1/connections/" + connection).status, 404);
  EXPECT_EQ(world.admin("DELETE", "/v1/applications/" + world.application).status, 404);
}

TEST(V1Secrets, RotateWithOverlapAndPromote) {
  ApiWorld world;
  const auto path = "/v1/applications/" + world.application;
  const auto rotated = world.call("POST", path + "/rotate-secret", R"({"overlap":"1h"})");
  EXPECT_EQ(rotated.status, 201);
  EXPECT_EQ(text_in(rotated, "old_secrets_end_at"), to_rfc3339(world.clock.now() + std::chrono::hours(1)));
  const auto id = ApplicationId::parse(world.application).value();
  EXPECT_EQ(world.directory.secrets_of(id)->entri, world.secret);
  EXPECT_EQ(world.call("POST", path + "/promote-secret").status, 200);
  EXPECT_EQ(world.directory.secrets_of(id)->entri, text_in(rotated, "secret"));
  for (const auto* wrong : {R"({"overlap":"8d"})", R"({"overlap":"soon"})", R"({"overlap":24})", R"({"over":"1h"})"}) {
    const auto refused = world.call("POST", path + "/rotate-secret", wrong);
    EXPECT_TRUE(refused.status == 400 || refused.status == 422) << refused.body;
    EXPECT_TRUE(text_in(refused, "member").starts_with("over"));
  }
}

TEST(V1Keys, AreMadeAndRevokedByAdminKeys) {
  ApiWorld world;
  const auto made = world.admin("POST", "/v1/keys", R"({"name":"ci"})");
  ASSERT_EQ(made.status, 201);
  const auto authorization = net::Header{"Authorization", "Bearer " + text_in(made, "key")};
  EXPECT_EQ(world.send("GET", "/v1/keys", "", {authorization}).status, 200);
  EXPECT_FALSE(world.admin("GET", "/v1/keys").body.contains(text_in(made, "key")));
  EXPECT_EQ(world.admin("DELETE", "/v1/keys/" + text_in(made, "id")).status, 204);
  EXPECT_EQ(world.send("GET", "/v1/keys", "", {authorization}).status, 401);
  EXPECT_EQ(world.admin("DELETE", "/v1/keys/" + text_in(made, "id")).status, 404);
}

TEST(V1Endpoints, ComeChangeAndGo) {
  ApiWorld world;
  const auto made =
      world.call("POST", "/v1/applications/" + world.application + "/endpoints",
                 R"({"url":"https://hooks.saas.example/in","event_types":["domain.added"],"sends_v1":false})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto path = "/v1/endpoints/" + text_in(made, "id");
  EXPECT_EQ(object_in(world.call("PATCH", path, R"({"enabled":false})")).at("enabled"), false);
  const auto untouched = object_in(world.call("PATCH", path, R"({"url":null,"event_types":null,"enabled":null})"));
  EXPECT_EQ(untouched.at("event_types").as_array().size(), 1U);
  EXPECT_EQ(untouched.at("enabled"), false);
  EXPECT_EQ(text_in(world.call("PATCH", path, R"({"url":"http://user@host"})"), "member"), "url");
  EXPECT_EQ(world.admin("PATCH", path, R"({"enabled":true})").status, 422);  // an admin key must say whose
  EXPECT_EQ(world.admin("PATCH", path + "?application=" + world.application, R"({"enabled":true})").status, 200);
  EXPECT_EQ(world.call("DELETE", path).status, 204);
  EXPECT_EQ(world.call("DELETE", path).status, 404);
}

TEST(V1Endpoints, AreShownWholeWithTheirValuesMasked) {
  ApiWorld world;
  const auto made = world.call(
      "POST", "/v1/applications/" + world.application + "/endpoints",
      R"({"url":"https://hooks.saas.example/in","timeout":"5s","schedule":"extended","rate_per_second":50,"in_flight_max":2,)"
      R"("headers":{"Authorization":"Bearer hush"},"secret":"0123456789abcdefghijklmn"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto path = "/v1/endpoints/" + text_in(made, "id");
  const auto read = world.call("GET", path);
  EXPECT_EQ(read.body, made.body);
  EXPECT_FALSE(read.body.contains("hush") || read.body.contains("0123456789"));
  const auto object = object_in(read);
  EXPECT_EQ(names_in(object), (std::vector<std::string>{
                                  "id",       "application",     "owner",           "url",           "event_types",
                                  "enabled",  "disabled_reason", "disabled_at",     "failing_since", "paused_reason",
                                  "sends_v1", "v1_covers_body",  "v2_is_hmac",      "own_secret",    "timeout",
                                  "schedule", "headers",         "rate_per_second", "in_flight_max", "created_at"}));
  EXPECT_EQ(object.at("timeout"), "5s");
  EXPECT_EQ(object.at("schedule"), "extended");
  EXPECT_EQ(object.at("headers").at("Authorization"), "***");
  EXPECT_EQ(object.at("own_secret"), true);
  EXPECT_TRUE(object.at("paused_reason").is_null());
  const auto back = world.call("PATCH", path, R"({"headers":{"Authorization":"***"},"rate_per_second":null})");
  EXPECT_EQ(back.status, 200) << back.body;
  EXPECT_TRUE(object_in(back).at("rate_per_second").is_null());
  EXPECT_EQ(world.send("GET", path, "", {{"Authorization", "Bearer " + world.add_application_key()}}).status, 404);
}

TEST(V1Endpoints, RefuseWrongValuesByName) {
  ApiWorld world;
  for (const auto& [more, status, member] : {std::tuple{R"("timeout":"31s")", 422, "timeout"},
                                             {R"("timeout":15)", 400, "timeout"},
                                             {R"("schedule":"daily")", 422, "schedule"},
                                             {R"("rate_per_second":0)", 422, "rate_per_second"},
                                             {R"("in_flight_max":"2")", 400, "in_flight_max"},
                                             {R"("headers":{"Host":"x"})", 422, "headers.Host"},
                                             {R"("headers":{"X-A":7})", 400, "headers.X-A"},
                                             {R"("headers":["X-A"])", 400, "headers"},
                                             {R"("secret":"short")", 422, "secret"},
                                             {R"("owner":"mem_x")", 422, "owner"},
                                             {R"("owner":"mem_0000000000001")", 422, "owner"},
                                             {R"("colour":"red")", 400, "colour"}}) {
    const auto refused = world.call("POST", "/v1/applications/" + world.application + "/endpoints",
                                    format(R"({{"url":"https://hooks.saas.example/in",{}}})", more));
    EXPECT_EQ(refused.status, status) << more << refused.body;
    EXPECT_EQ(text_in(refused, "member"), member) << refused.body;
  }
  const auto refused = world.call("POST", "/v1/applications/" + world.application + "/endpoints",
                                  R"({"url":"https://[::ffff:7f00:1]/"})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(text_in(refused, "member"), "url");
  EXPECT_TRUE(text_in(refused, "detail").contains("loopback")) << refused.body;
}

TEST(V1Endpoints, HaveSecretsOfTheirOwn) {
  ApiWorld world;
  const auto made = world.call("POST", "/v1/applications/" + world.application + "/endpoints",
                               R"({"url":"https://hooks.saas.example/in"})");
  const auto path = "/v1/endpoints/" + text_in(made, "id");
  model::Endpoint endpoint;
  endpoint.id = EndpointId::parse(text_in(made, "id")).value();
  endpoint.application = ApplicationId::parse(world.application).value();
  endpoint.has_own_secret = true;
  const auto first = world.call("POST", path + "/rotate-secret");
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_TRUE(text_in(first, "secret").starts_with("whsec_"));
  EXPECT_TRUE(object_in(first).at("old_secrets_end_at").is_null());
  EXPECT_EQ(world.directory.secrets_for(endpoint)->entri, text_in(first, "secret")) << "at once";
  const auto second = world.call("POST", path + "/rotate-secret", R"({"overlap":"1h"})");
  EXPECT_EQ(world.directory.secrets_for(endpoint)->live_newest_first,
            (std::vector<std::string>{text_in(second, "secret"), text_in(first, "secret")}));
  world.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(world.directory.secrets_for(endpoint)->entri, text_in(second, "secret"));
  const auto given =
      world.call("POST", path + "/rotate-secret", R"({"overlap":"0s","secret":"0123456789abcdefghijklmn"})");
  EXPECT_TRUE(object_in(given).at("secret").is_null()) << given.body;
  EXPECT_EQ(world.directory.secrets_for(endpoint)->entri, "0123456789abcdefghijklmn");
  EXPECT_EQ(world.call("DELETE", path + "/secret").status, 204);
  EXPECT_EQ(object_in(world.call("GET", path)).at("own_secret"), false);
}

TEST(V1Members, ComeChangeAndGo) {
  ApiWorld world;
  const auto path = "/v1/applications/" + world.application + "/members";
  const auto made = world.call("POST", path, R"({"name":"Ada","email":"ada@saas.example","role":"Support"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(names_in(object_in(made)),
            (std::vector<std::string>{"id", "application", "name", "email", "role", "created_at"}));
  EXPECT_EQ(object_in(world.call("GET", path)).at("data").as_array().size(), 2U);
  const auto ada = path + "/" + text_in(made, "id");
  EXPECT_EQ(text_in(world.call("PATCH", ada, R"({"role":"Developer"})"), "role"), "Developer");
  EXPECT_TRUE(object_in(world.call("PATCH", ada, R"({"email":null})")).at("email").is_null());
  EXPECT_EQ(text_in(world.call("PATCH", ada, R"({"role":"Owner"})"), "member"), "role");
  EXPECT_EQ(text_in(world.call("PATCH", ada, R"({"email":"a@b@c"})"), "member"), "email");
  EXPECT_EQ(text_in(world.call("POST", path, R"({"name":"Eve"})"), "member"), "role");
  EXPECT_EQ(world.send("GET", path, "", {{"Authorization", "Bearer " + world.add_application_key()}}).status, 404);
  EXPECT_EQ(world.call("DELETE", ada).status, 204);
  EXPECT_EQ(world.call("DELETE", ada).status, 404);
}

TEST(V1Members, KeepTheLastAdminAndSayTheWayOut) {
  ApiWorld world;
  const auto path = "/v1/applications/" + world.application + "/members";
  const auto all = object_in(world.call("GET", path));
  const auto admin = path + "/" + std::string(all.at("data").at(0).at("id").as_string());
  const auto refused = world.call("DELETE", admin);
  EXPECT_EQ(refused.status, 409);
  EXPECT_TRUE(text_in(refused, "detail").contains("Admin first")) << refused.body;
  EXPECT_EQ(world.call("PATCH", admin, R"({"role":"Viewer"})").status, 409);
}

TEST(V1Members, PauseTheEndpointsTheyOwnWhenTheyMayNotReceive) {
  ApiWorld world;
  const auto members = "/v1/applications/" + world.application + "/members";
  const auto eve = text_in(world.call("POST", members, R"({"name":"Eve","role":"Developer"})"), "id");
  const auto endpoint = world.call("POST", "/v1/applications/" + world.application + "/endpoints",
                                   format(R"({{"url":"https://hooks.saas.example/in","owner":"{}"}})", eve));
  const auto path = "/v1/endpoints/" + text_in(endpoint, "id");
  EXPECT_EQ(text_in(endpoint, "owner"), eve);
  EXPECT_EQ(text_in(endpoint, "paused_reason"), "");
  world.call("PATCH", members + "/" + eve, R"({"role":"Support"})");
  EXPECT_TRUE(text_in(world.call("GET", path), "paused_reason").contains("Support"));
  const auto id = world.connect();
  world.call("POST", "/v1/connections/" + id + "/flow", R"({"setup_type":"manual"})");
  EXPECT_TRUE(object_in(world.call("GET", "/v1/deliveries")).at("data").as_array().empty());
  EXPECT_EQ(world.call("DELETE", members + "/" + eve).status, 409) << "who owns an endpoint";
}

TEST(V1AuditLog, TellsAnApplicationItsOwnActsAndAnAdminAll) {
  ApiWorld world;
  const auto other = net::Header{"Authorization", "Bearer " + world.add_application_key()};
  world.call("POST", "/v1/applications/" + world.application + "/rotate-secret");
  const auto own = object_in(world.call("GET", "/v1/audit-log")).at("data").as_array();
  EXPECT_EQ(own.at(0).at("action"), "secret.rotate");
  EXPECT_TRUE(own.at(0).at("actor").as_string().starts_with("key_"));
  for (const auto& line : own) EXPECT_EQ(line.at("application").as_string(), world.application);
  const auto all = object_in(world.admin("GET", "/v1/audit-log?limit=2"));
  EXPECT_EQ(all.at("data").as_array().size(), 2U);
  const auto next =
      object_in(world.admin("GET", "/v1/audit-log?limit=100&cursor=" + std::string(all.at("next_cursor").as_string())));
  EXPECT_TRUE(next.at("next_cursor").is_null());
  EXPECT_GT(next.at("data").as_array().size(), 2U);
  EXPECT_EQ(
      object_in(world.admin("GET", "/v1/audit-log?application=" + world.application)).at("data").as_array().size(),
      own.size());
  EXPECT_EQ(world.send("GET", "/v1/audit-log?application=" + world.application, "", {other}).status, 422);
  EXPECT_EQ(world.call("GET", "/v1/audit-log?colour=red").status, 400);
}

TEST(V1Meta, TellsAnybodyTheVersionAddressesAndForms) {
  ApiWorld world;
  const auto meta = world.send("GET", "/v1/meta", "");
  ASSERT_EQ(meta.status, 200) << meta.body;
  const auto object = object_in(meta);
  EXPECT_EQ(object.at("version"), "test");
  EXPECT_EQ(object.at("webhooks").at("source_addresses").at(0), "192.0.2.10");
  EXPECT_EQ(object.at("webhooks").at("signature_forms").as_array().size(), 3U);
}

TEST(V1Connections, AreShownWhole) {
  ApiWorld world;
  const auto made = world.call(
      "POST", "/v1/connections",
      wish("WWW.Müller.Example.", R"([{"type":"CNAME","host":"{SUBDOMAIN}","value":"{CNAME_TARGET}","ttl":60}])",
           R"(,"user_id":"u-1","certificate":"external","metadata":{"plan":"pro"})"));
  ASSERT_EQ(made.status, 201) << made.body;
  const auto read = object_in(world.call("GET", std::string(made.header("Location"))));
  EXPECT_EQ(names_in(read), (std::vector<std::string>{"id",           "application",
                                                      "organization", "host",
                                                      "domain",       "subdomain",
                                                      "unicode_host", "user_id",
                                                      "job_id",       "origin_flow_id",
                                                      "proxy_status", "certificate",
                                                      "edge",         "certificate_ends_at",
                                                      "facets",       "records",
                                                      "claim",        "flow",
                                                      "redirection",  "purchased_domains",
                                                      "free_domain",  "next_look_at",
                                                      "last_look_at", "attention",
                                                      "metadata",     "deployed_at",
                                                      "created_at",   "updated_at",
                                                      "observation",  "jobs",
                                                      "distribution", "search"}));
  EXPECT_EQ(read.at("host"), "www.xn--mller-kva.example");
  EXPECT_EQ(read.at("unicode_host"), "www.müller.example");
  EXPECT_EQ(read.at("records").at(0).at("value"), "app.saas.example");
  EXPECT_EQ(read.at("records").at(0).at("host"), "www");
  EXPECT_EQ(read.at("claim").at("record").at("host"), "_signpost.www");
  EXPECT_EQ(read.at("metadata").at("plan"), "pro");
  EXPECT_TRUE(read.at("observation").is_null());
}

TEST(V1Connections, WantNoCertificateThatNobodyCanObtain) {
  ApiWorld world;
  for (const auto* by : {"cname", "txt"}) {
    const auto response =
        world.call("POST", "/v1/connections", wish("www.shop.example", kRecord, format(R"(,"certificate":"{}")", by)));
    EXPECT_EQ(response.status, 422) << by;
    EXPECT_EQ(text_in(response, "member"), "certificate");
    EXPECT_TRUE(text_in(response, "detail").contains("[[authorities]]"));
  }
  const auto wildcard = world.call("POST", "/v1/connections", wish("www.shop.example", kRecord, R"(,"wildcard":true)"));
  EXPECT_EQ(wildcard.status, 422);
  EXPECT_EQ(text_in(wildcard, "member"), "wildcard");
}

TEST(V1Certificates, OfAHouseWithoutAnyAreNone) {
  ApiWorld world;
  world.connect();
  const auto list = world.call("GET", "/v1/certificates");
  EXPECT_EQ(list.status, 200);
  EXPECT_TRUE(object_in(list).at("data").as_array().empty());
  EXPECT_EQ(world.call("GET", "/v1/certificates?ends_within=30d").status, 200);
  EXPECT_EQ(world.call("GET", "/v1/certificates?ends_within=soon").status, 422);
  EXPECT_EQ(world.call("GET", "/v1/certificates?cursor=x").status, 400);
  for (const auto* what : {"", "/renew", "/revoke"}) {
    const auto* method = *what == 0 ? "GET" : "POST";
    EXPECT_EQ(world.call(method, std::string("/v1/certificates/crt_0000000000001") + what).status, 404) << what;
  }
  EXPECT_EQ(world.call("POST", "/v1/certificates/crt_0000000000001/revoke", R"({"reason":"boredom"})").status, 422);
}

TEST(V1Authorities, AreForAdminKeysAlone) {
  ApiWorld world;
  const auto list = world.admin("GET", "/v1/authorities");
  EXPECT_EQ(list.status, 200);
  EXPECT_TRUE(object_in(list).at("data").as_array().empty());
  EXPECT_EQ(world.admin("POST", "/v1/authorities/letsencrypt/rollover-key").status, 404);
  EXPECT_EQ(world.admin("POST", "/v1/authorities/letsencrypt/rollover-key", R"({"force":true})").status, 400);
  EXPECT_EQ(world.call("GET", "/v1/authorities").status, 403);
  EXPECT_EQ(world.call("POST", "/v1/authorities/letsencrypt/rollover-key").status, 403);
}

TEST(V1Connections, TakeWhatTheirWebhooksRepeat) {
  ApiWorld world;
  const auto made = world.call(
      "POST", "/v1/connections",
      wish(
          "www.shop.example",
          R"([{"type":"CNAME","host":"www","value":"app.saas.example","application_url":"www.example.com",)"
          R"("power_root_path_access":["path1"]}])",
          R"(,"origin_flow_id":"Shared-1","free_domain":false,"redirection":{"from":"apex","to":"https://WWW.shop.example"})"));
  ASSERT_EQ(made.status, 201) << made.body;
  const auto read = object_in(made);
  EXPECT_EQ(read.at("origin_flow_id"), "Shared-1");
  EXPECT_EQ(read.at("free_domain"), false);
  EXPECT_EQ(read.at("redirection").at("to"), "https://www.shop.example/");
  EXPECT_EQ(read.at("facets").at("redirection_status"), "pending");
  EXPECT_EQ(read.at("records").at(0).at("application_url"), "www.example.com");
  EXPECT_EQ(read.at("records").at(0).at("power_root_path_access").at(0), "path1");
  const auto path = "/v1/connections/" + text_in(made, "id") + "/flow";
  const auto flow = world.call("POST", path, R"({"setup_type":"manual","dmarc_updated":"exempt"})");
  EXPECT_EQ(object_in(flow).at("flow").at("dmarc_updated"), "exempt");
  EXPECT_EQ(text_in(world.call("POST", path, R"({"setup_type":"manual","dmarc_updated":"yes"})"), "member"),
            "dmarc_updated");
}

TEST(V1Connections, NameTheMemberOfARedirectionThatIsWrong) {
  ApiWorld world;
  for (const auto& [redirection, member] :
       {std::pair{R"({"from":"mail","to":"https://x.example/"})", "redirection.from"},
        {R"({"from":"apex","to":"x.example"})", "redirection.to"},
        {R"({"from":"apex","to":"https://shop.example/"})", "redirection.to"},
        {R"({"from":"apex"})", "redirection.to"},
        {R"({"from":"apex","to":"https://x.example/","code":301})", "redirection.code"}}) {
    const auto refused = world.call("POST", "/v1/connections",
                                    wish("www.shop.example", kRecord, format(R"(,"redirection":{})", redirection)));
    EXPECT_EQ(text_in(refused, "member"), member) << refused.body;
  }
}

TEST(V1Applications, TurnTheirSupportOfDkimOnAndOff) {
  ApiWorld world;
  const auto path = "/v1/applications/" + world.application;
  EXPECT_EQ(object_in(world.call("GET", path)).at("supports_dkim"), false);
  EXPECT_EQ(object_in(world.call("PATCH", path, R"({"supports_dkim":true})")).at("supports_dkim"), true);
  EXPECT_EQ(object_in(world.call("PATCH", path, R"({"name":"Renamed"})")).at("supports_dkim"), true);
}

TEST(V1Webhooks, AreListedByTypeWithASample) {
  ApiWorld world;
  const auto types = object_in(world.call("GET", "/v1/event-types"));
  EXPECT_EQ(types.at("data").as_array().size(), model::kEventTypes.size());
  EXPECT_EQ(types.at("data").at(0).at("type"), "domain.added");
  EXPECT_EQ(types.at("data").at(0).at("sample").at("propagation_status"), "success");
}

TEST(V1Webhooks, AreTestedWithWhatTheReceiverDoesShown) {
  ApiWorld world;
  world.addresses.set("hooks.saas.example", {"10.1.2.3"});
  const auto made = world.call("POST", "/v1/applications/" + world.application + "/endpoints",
                               R"({"url":"http://hooks.saas.example/hook"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto path = "/v1/endpoints/" + text_in(made, "id") + "/test";
  const auto tested = object_in(world.call("POST", path, R"({"type":"purchase.error"})"));
  EXPECT_EQ(tested.at("success"), false);
  EXPECT_EQ(tested.at("failure"), "refused_address");
  EXPECT_TRUE(tested.at("cause").is_null());
  EXPECT_TRUE(tested.at("response").is_null());
  EXPECT_EQ(tested.at("request").at("url"), "http://hooks.saas.example/hook");
  const auto sent = boost::json::parse(tested.at("request").at("body").as_string());
  EXPECT_EQ(sent.at("type"), "purchase.error");
  const auto plain = object_in(world.call("POST", path));
  EXPECT_EQ(boost::json::parse(plain.at("request").at("body").as_string()).at("type"), "domain.added");
  EXPECT_EQ(text_in(world.call("POST", path, R"({"type":"domain.timeout"})"), "member"), "type");
  EXPECT_EQ(world.admin("POST", path).status, 422) << "an admin key must say whose";
  EXPECT_EQ(world.call("POST", "/v1/endpoints/end_0000000000001/test").status, 404);
}

TEST(V1Connections, GiveMetadataBackAsItWasWritten) {
  ApiWorld world;
  const std::string metadata = R"({"rate":1.50,"big":12345678901234567890123,"tiny":1e-7,"text":"a\"b"})";
  const auto made =
      world.call("POST", "/v1/connections", wish("www.shop.example", kRecord, ",\"metadata\": " + metadata));
  ASSERT_EQ(made.status, 201) << made.body;
  const auto path = std::string(made.header("Location"));
  for (const auto& response : {made, world.call("GET", path), world.call("GET", "/v1/connections")})
    EXPECT_TRUE(response.body.contains("\"metadata\":" + metadata + ",\"deployed_at\":null")) << response.body;
}

TEST(V1Connections, TakeBackTheNullsThatTheyShow) {
  ApiWorld world;
  const auto made = world.call(
      "POST", "/v1/connections",
      wish("www.shop.example", R"([{"type":"CNAME","host":"www","value":"app.saas.example","priority":null}])",
           R"(,"user_id":null,"metadata":null,"certificate":null)"));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_TRUE(object_in(made).at("user_id").is_null());
}

TEST(V1Connections, RefuseWrongValuesByName) {
  ApiWorld world;
  const std::string long_label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 60; ++i) long_name += "abcd.";
  for (const auto& host :
       {std::string(""), std::string("localhost"), std::string("192.0.2.1"), std::string("[2001:db8::1]"),
        std::string("co.uk"), std::string("www..shop.example"), long_label + ".shop.example",
        long_name + "shop.example", std::string("a b.shop.example"), std::string(R"(www\u0000.shop.example)")}) {
    const auto refused = world.call("POST", "/v1/connections", wish(host));
    EXPECT_EQ(refused.status, 422) << host << refused.body;
    EXPECT_EQ(text_in(refused, "member"), "host") << host;
  }
  const auto refused = [&](std::string body, int status, std::string_view member) {
    const auto response = world.call("POST", "/v1/connections", body);
    EXPECT_EQ(response.status, status) << body << response.body;
    EXPECT_EQ(text_in(response, "member"), member) << body;
  };
  refused(wish("www.shop.example", "[]"), 422, "records");
  refused(wish("www.shop.example", R"([{"type":"PTR","host":"www","value":"x"}])"), 422, "records[0].type");
  refused(wish("www.shop.example", R"([{"type":"SRV","host":"_sip._tcp","value":"10 5 443"}])"), 422,
          "records[0].value");
  refused(wish("www.shop.example", R"([{"type":"TXT","host":"@","value":"v=spf1 include:saas ~all"}])"), 422,
          "records[0].value");
  refused(wish("www.shop.example", R"([{"type":"A","host":"www","value":"not an address"}])"), 422, "records[0].value");
  refused(wish("www.shop.example", R"([{"type":"A","host":"www","value":"192.0.2.1","ttl":"60"}])"), 400,
          "records[0].ttl");
  refused(wish("www.shop.example", R"([{"type":"A","host":"www","value":"192.0.2.1","ttl":0}])"), 422,
          "records[0].ttl");
  refused(wish("www.shop.example", R"([{"type":"A","host":"www","value":"192.0.2.1","weight":1}])"), 400,
          "records[0].weight");
  refused(wish("www.shop.example", kRecord, R"(,"certificate":"acme")"), 422, "certificate");
  refused(wish("www.shop.example", kRecord, R"(,"metadata":[1])"), 400, "metadata");
  refused(wish("www.shop.example", kRecord, R"(,"tenant":"x")"), 400, "tenant");
  refused(R"({"organization":"a/b","host":"www.shop.example","records":)" + std::string(kRecord) + "}", 422,
          "organization");
  refused(R"({"host":"www.shop.example","records":)" + std::string(kRecord) + "}", 400, "organization");
  EXPECT_TRUE(object_in(world.call("GET", "/v1/connections")).at("data").as_array().empty());
}

TEST(V1Connections, NeedAnApplicationFromAnAdmin) {
  ApiWorld world;
  EXPECT_EQ(text_in(world.admin("POST", "/v1/connections", wish("www.shop.example")), "member"), "application");
  const auto named = format(R"(,"application":"{}")", world.application);
  EXPECT_EQ(world.admin("POST", "/v1/connections", wish("www.shop.example", kRecord, named)).status, 201);
}

TEST(V1Connections, OfOthersCannotBeSeen) {
  ApiWorld world;
  const auto id = world.connect();
  const auto other = net::Header{"Authorization", "Bearer " + world.add_application_key()};
  const auto json = net::Header{"Content-Type", "application/json"};
  const auto path = "/v1/connections/" + id;
  EXPECT_EQ(world.send("GET", path, "", {other}).status, 404);
  EXPECT_EQ(world.send("DELETE", path, "", {other}).status, 404);
  EXPECT_EQ(world.send("POST", path + "/check", "", {other}).status, 404);
  EXPECT_EQ(world.send("POST", path + "/flow", R"({"setup_type":"manual"})", {other, json}).status, 404);
  EXPECT_EQ(world.send("POST", path + "/certificate", R"({"status":"issued"})", {other, json}).status, 404);
  EXPECT_EQ(world.send("PUT", path + "/records", format(R"({{"records":{}}})", kRecord), {other, json}).status, 404);
  EXPECT_EQ(world.send("GET", path + "/events", "", {other}).status, 404);
  EXPECT_EQ(world.send("GET", "/v1/applications/" + world.application, "", {other}).status, 404);
  EXPECT_EQ(world.send("POST", "/v1/applications/" + world.application + "/rotate-secret", "", {other}).status, 404);
  EXPECT_TRUE(object_in(world.send("GET", "/v1/connections", "", {other})).at("data").as_array().empty());
  EXPECT_EQ(world.call("GET", path).status, 200);
}

TEST(V1Connections, AreListedInPagesWithFilters) {
  ApiWorld world;
  for (const auto* host : {"a.shop.example", "b.shop.example", "c.shop.example"}) world.connect(host, "acme");
  world.connect("d.shop.example", "other");
  auto page = object_in(world.call("GET", "/v1/connections?organization=acme&limit=2"));
  EXPECT_EQ(page.at("data").as_array().size(), 2U);
  EXPECT_EQ(page.at("data").at(0).at("host"), "c.shop.example");
  page = object_in(world.call(
      "GET", "/v1/connections?organization=acme&limit=2&cursor=" + std::string(page.at("next_cursor").as_string())));
  EXPECT_EQ(page.at("data").as_array().size(), 1U);
  EXPECT_TRUE(page.at("next_cursor").is_null());
  EXPECT_EQ(object_in(world.call("GET", "/v1/connections?host=D.shop.example")).at("data").as_array().size(), 1U);
  EXPECT_EQ(object_in(world.call("GET", "/v1/connections?proxy_status=DEPLOYED")).at("data").as_array().size(), 0U);
  for (const auto* wrong :
       {"proxy_status=deployed", "limit=0", "limit=201", "limit=x", "cursor=zzz", "colour=red", "application=x"}) {
    EXPECT_EQ(world.call("GET", "/v1/connections?" + std::string(wrong)).status, 400) << wrong;
  }
}

TEST(V1Connections, ReportFlowAndRecordsAndAreDeleted) {
  ApiWorld world;
  const auto path = "/v1/connections/" + world.connect();
  const auto flow = world.call("POST", path + "/flow", R"({"setup_type":"automatic","provider":"cloudflare"})");
  ASSERT_EQ(flow.status, 200) << flow.body;
  EXPECT_EQ(object_in(flow).at("flow").at("setup_type"), "automatic");
  EXPECT_EQ(text_in(world.call("POST", path + "/flow", R"({"setup_type":"magic"})"), "member"), "setup_type");
  const auto replaced =
      world.call("PUT", path + "/records", R"({"records":[{"type":"A","host":"www","value":"192.0.2.1"}]})");
  ASSERT_EQ(replaced.status, 200) << replaced.body;
  EXPECT_EQ(object_in(replaced).at("records").as_array().size(), 1U);
  EXPECT_EQ(world.call("POST", path + "/check").status, 202);
  EXPECT_EQ(world.call("POST", path + "/certificate", R"({"status":"failed"})").status, 422);
  EXPECT_EQ(world.call("POST", path + "/certificate", R"({"status":"issued"})").status, 409);  // step 1 comes first
  EXPECT_EQ(world.call("DELETE", path).status, 204);
  EXPECT_EQ(world.call("GET", path).status, 404);
}

TEST(V1Connections, MayHaveTheirFlowEndedFromABrowser) {
  ApiWorld world;
  const auto path = "/v1/connections/" + world.connect() + "/flow";
  const auto token = world.tokens.mint(ApplicationId::parse(world.application).value());
  const std::vector<net::Header> headers{{"Authorization", "Bearer " + token},
                                         {"Content-Type", "application/json"},
                                         {"Origin", std::string(ApiWorld::kOrigin)}};
  const auto response = world.send("POST", path, R"({"setup_type":"manual"})", headers);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), ApiWorld::kOrigin);
  EXPECT_EQ(world.send("GET", "/v1/connections", "", headers).status, 401);
}

TEST(V1Deliveries, TellWhatWasSentToWhom) {
  ApiWorld world;
  const auto endpoint = world.call("POST", "/v1/applications/" + world.application + "/endpoints",
                                   R"({"url":"https://hooks.saas.example/in"})");
  const auto id = world.connect();
  world.call("POST", "/v1/connections/" + id + "/flow", R"({"setup_type":"manual"})");
  const auto page = object_in(
      world.call("GET", "/v1/deliveries?connection=" + id + "&endpoint=" + text_in(endpoint, "id") + "&state=pending"));
  ASSERT_FALSE(page.at("data").as_array().empty());
  const auto delivery = page.at("data").at(0).as_object();
  const auto read = object_in(world.call("GET", "/v1/deliveries/" + std::string(delivery.at("id").as_string())));
  EXPECT_TRUE(read.at("attempts").as_array().empty());
  const auto event = world.call("GET", "/v1/events/" + std::string(delivery.at("event").as_string()));
  EXPECT_EQ(text_in(event, "connection"), id);
  EXPECT_EQ(world.call("GET", "/v1/deliveries?state=lost").status, 400);
  EXPECT_EQ(world.admin("GET", "/v1/deliveries").status, 422);
  EXPECT_EQ(world.admin("GET", "/v1/deliveries?application=" + world.application).status, 200);
}

TEST(V1Connections, AreServedByCloudFrontOnlyWhereAnAccountIsConfigured) {
  ApiWorld world;
  const auto refused = [&](std::string_view members) {
    return world.call("POST", "/v1/connections",
                      format(R"({{"organization":"acme","host":"www.shop.example",{}}})", members));
  };
  const auto no_account = refused(R"("edge":"cloudfront","certificate":"txt")");
  EXPECT_EQ(no_account.status, 422);
  EXPECT_EQ(text_in(no_account, "member"), "edge");
  EXPECT_NE(text_in(no_account, "detail").find("cloudfront.enabled"), std::string::npos) << no_account.body;
  EXPECT_EQ(text_in(refused(R"("edge":"elsewhere")"), "member"), "edge");
  EXPECT_EQ(text_in(refused(R"("edge":"external")"), "member"), "records") << "only CloudFront brings its own";
  EXPECT_EQ(
      text_in(refused(R"("records":[{"type":"A","host":"www","value":"192.0.2.7"}],"distribution_id":"E1")"), "member"),
      "distribution_id");
  const auto id = world.connect();
  EXPECT_TRUE(testing::object_in(world.call("GET", "/v1/connections/" + id)).at("distribution").is_null());
}

}  // namespace
}  // namespace signpost::api
