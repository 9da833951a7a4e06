// SPDX-License-Identifier: Apache-2.0
#include "app/settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "app/setting_table.h"
#include "app/settings_text.h"
#include "base/text.h"

namespace signpost::app {
namespace {

std::string nothing(const char*) { return ""; }

Result<LoadedSettings> parse(std::string_view toml, const Environment& environment = nothing) {
  return parse_settings(toml, "signpost.toml", environment);
}

std::string error_of(std::string_view toml) {
  const auto loaded = parse(toml);
  return loaded ? "no error" : loaded.error().message;
}

std::string file(const char* path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Settings, AnEmptyFileMeansTheDefaults) {
  const auto loaded = parse("");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.api.listen.port(), 8080);
  EXPECT_TRUE(loaded->settings.api.listen.address().is_loopback());
  EXPECT_EQ(loaded->settings.process.stop_budget, std::chrono::seconds(20));
  EXPECT_TRUE(loaded->origins.empty());
}

TEST(Settings, ValuesOfEveryTypeAreRead) {
  const auto loaded = parse(R"([api]
listen = "[::1]:9443"
trusted_proxies = ["10.0.0.0/8", "::1"]
requests_per_key = 0
[log]
level = "debug"
format = "json"
[dns]
resolvers = ["192.0.2.53", "[2001:db8::53]:5353"]
authority_port = 5300
look_budget = "300ms"
server_budget = "100ms"
[webhooks]
source_address = "192.0.2.10"
in_flight_max = 64
slow_in_flight_max = 512
allowed_ports = ["8443", "8000-8999"]
[smtp]
url = "smtp://mail.saas.example:587"
from = "signpost@saas.example"
tls = "none"
[[issuers]]
issuer = "https://clerk.saas.example"
jwks_url = "https://clerk.saas.example/.well-known/jwks.json"
[[issuers]]
issuer = "https://login.saas.example"
jwks_file = "/etc/signpost/jwks.json"
organization_claim = "org.slug"
)");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& settings = loaded->settings;
  EXPECT_EQ(settings.api.listen.port(), 9443);
  ASSERT_EQ(settings.api.trusted_proxies.size(), 2U);
  EXPECT_EQ(settings.api.requests_per_key, 0U);
  EXPECT_EQ(settings.log.level, log::Level::kDebug);
  ASSERT_EQ(settings.dns.resolvers.size(), 2U);
  EXPECT_EQ(settings.dns.resolvers[0].port(), 53);
  EXPECT_EQ(settings.dns.resolvers[1].port(), 5353);
  EXPECT_EQ(settings.dns.look_budget, Milliseconds(300));
  ASSERT_EQ(settings.webhooks.source_address.size(), 1U);
  EXPECT_EQ(settings.webhooks.source_address[0].to_string(), "192.0.2.10");
  ASSERT_EQ(settings.webhooks.allowed_ports.size(), 2U);
  EXPECT_EQ(settings.webhooks.allowed_ports[1].last, 8999);
  EXPECT_EQ(settings.smtp.url->url, "smtp://mail.saas.example:587");
  EXPECT_EQ(settings.smtp.from->text(), "signpost@saas.example");
  EXPECT_EQ(settings.smtp.tls, net::MailTls::kNone);
  EXPECT_EQ(settings.webhooks.in_flight_max, 64U);
  EXPECT_EQ(settings.webhooks.slow_in_flight_max, 512U);
  ASSERT_EQ(settings.issuers.size(), 2U);
  EXPECT_EQ(settings.issuers[1].organization_claim, "org.slug");
  EXPECT_EQ(loaded->origins.at("dns.authority_port"), "signpost.toml:10");
}

TEST(Settings, AnUnknownKeyIsNamedWithItsLineAndTheNearestKnownOne) {
  const auto error = error_of("[api]\nlisten = \"127.0.0.1:1\"\nlissten = \"127.0.0.1:2\"\n");
  EXPECT_TRUE(has(error, "signpost.toml:3")) << error;
  EXPECT_TRUE(has(error, "api.lissten")) << error;
  EXPECT_TRUE(has(error, "\"api.listen\"")) << error;
}

TEST(Settings, AKeyInTheWrongSectionIsLedToTheRightOne) {
  EXPECT_TRUE(has(error_of("[api]\nstop_budget = \"5s\"\n"), "\"process.stop_budget\""));
  EXPECT_TRUE(has(error_of("listen = \"127.0.0.1:1\"\n"), "listen\""));
}

TEST(Settings, AKeyThatIsLikeNoneIsLedToTheListAlone) {
  for (const auto* text : {"[api]\nrainbow_colour = 1\n", "[webhooks]\nx = 1\n", "the_wind_in_the_willows = \"\"\n"}) {
    const auto error = error_of(text);
    EXPECT_TRUE(has(error, "unknown setting")) << error;
    EXPECT_FALSE(has(error, "nearest")) << error;
    EXPECT_TRUE(has(error, "signpost config show")) << error;
  }
}

TEST(Settings, AnUnknownSectionIsAnError) {
  const auto error = error_of("\n[webhook]\nca_file = \"x\"\n");
  EXPECT_TRUE(has(error, "unknown setting \"webhook\"")) << error;
}

TEST(Settings, AWrongTypeNamesKeyLineAndWhatIsWanted) {
  const auto error = error_of("[process]\n\nstop_budget = 20\n");
  EXPECT_TRUE(has(error, "signpost.toml:3")) << error;
  EXPECT_TRUE(has(error, "\"process.stop_budget\" must be a duration")) << error;
  EXPECT_TRUE(has(error, "not the number 20")) << error;
}

TEST(Settings, AMailProviderIsOneThatIsKnown) {
  EXPECT_EQ(parse("[dns]\ndkim_providers = [\"google\", \"zoho\"]")->settings.dns.dkim_providers,
            (std::vector{model::MailProvider::kGoogle, model::MailProvider::kZoho}));
  EXPECT_TRUE(has(error_of("[dns]\ndkim_providers = [\"fastmail\"]"), "\"fastmail\" is none"));
}

TEST(Settings, ValuesOutsideTheirLimitsAreRefused) {
  for (const auto* toml : {"[dns]\nauthority_port = 0\n",
                           "[dns]\nauthority_port = 65536\n",
                           "[api]\nbody_bytes_max = -1\n",
                           "[process]\nstop_budget = \"11m\"\n",
                           "[process]\nloops = 1000\n",
                           "[api]\nlisten = \"localhost:80\"\n",
                           "[api]\nlisten = \"127.0.0.1\"\n",
                           "[network]\nallow = [\"10.0.0.1/8\"]\n",
                           "[network]\nallow = [1]\n",
                           "[log]\nlevel = \"loud\"\n",
                           "[webhooks]\nsource_address = \"nowhere\"\n",
                           "[webhooks]\nallowed_ports = [8443]\n",
                           "[webhooks]\nallowed_ports = [\"90-80\"]\n",
                           "[smtp]\nurl = \"http://mail.saas.example\"\n",
                           "[smtp]\nfrom = \"Ops <ops@saas.example>\"\n",
                           "[smtp]\ntls = \"maybe\"\n",
                           "[search]\nindexnow_key = \"short\"\n",
                           "[search]\nindexnow_key = \"under_score\"\n",
                           "[search]\nindexnow_key_path = \"key.txt\"\n",
                           "[search]\nindexnow_key_path = \"/\"\n",
                           "[search]\nindexnow_key_path = \"https://shop.example/key.txt\"\n",
                           "[search]\nindexnow_url = \"http://api.indexnow.org/indexnow\"\n",
                           "[search]\ngoogle_api_url = \"https://www.googleapis.com/\"\n",
                           "[search]\ngoogle_token_url = \"http://192.0.2.1/token\"\n",
                           "[store]\nurl = \"mysql://x\"\n",
                           "[api]\nlisten = 1979-05-27\n",
                           "api = 3\n",
                           "[dns]\nresolvers = \"192.0.2.53\"\n"}) {
    EXPECT_NE(error_of(toml), "no error") << toml;
  }
}

TEST(Settings, SourceAddressesAreOneAFamily) {
  const auto loaded = parse("[webhooks]\nsource_address = [\"192.0.2.10\", \"2001:db8::10\"]\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.webhooks.source_address.size(), 2U);
  EXPECT_TRUE(parse("[webhooks]\nsource_address = \"\"\n")->settings.webhooks.source_address.empty());
  EXPECT_TRUE(has(error_of("[webhooks]\nsource_address = [\"192.0.2.10\", \"192.0.2.11\"]\n"), "one IPv4"));
}

TEST(Settings, ReceiversAreToldPublicAddressesOnly) {
  const auto told = [](const std::string& toml) {
    std::vector<std::string> texts;
    for (const auto& one : published_addresses(parse("[webhooks]\n" + toml)->settings.webhooks))
      texts.push_back(one.to_string());
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(told("source_address = [\"10.0.0.5\", \"2620:fe::9\"]\n"), Texts{"2620:fe::9"});
  EXPECT_EQ(told("source_address = \"10.0.0.5\"\n"), Texts{});
  EXPECT_EQ(told("source_address = \"10.0.0.5\"\npublic_addresses = [\"9.9.9.9\"]\n"), Texts{"9.9.9.9"});
  EXPECT_TRUE(has(error_of("[webhooks]\npublic_addresses = [\"10.0.0.5\"]\n"), "10.0.0.5 is not public"));
}

TEST(Settings, MailNeedsASenderAndGivesNoPasswordAway) {
  const std::string server = "[smtp]\nurl = \"smtp://mail.saas.example\"\n";
  const std::string from = "from = \"signpost@saas.example\"\n";
  EXPECT_TRUE(has(error_of(server), "smtp.from"));
  EXPECT_TRUE(parse(server + from));
  EXPECT_TRUE(has(error_of(server + from + "username = \"u\"\n"), "belong together"));
  EXPECT_TRUE(has(error_of(server + from + "password_file = \"p\"\n"), "belong together"));
  const auto user = from + "username = \"u\"\npassword_file = \"p\"\n";
  EXPECT_TRUE(parse(server + user));
  EXPECT_TRUE(has(error_of(server + user + "tls = \"opportunistic\"\n"), "in between"));
  EXPECT_TRUE(parse("[smtp]\nurl = \"smtps://mail.saas.example\"\n" + user + "tls = \"opportunistic\"\n"));
  EXPECT_TRUE(has(error_of("[smtp]\npassword = \"p\"\n"), "SIGNPOST_SMTP_PASSWORD"));
}

TEST(Settings, MailSendsAPasswordInClearOnlyToThisMachine) {
  const std::string user =
      "from = \"signpost@saas.example\"\nusername = \"u\"\npassword_file = \"p\"\ntls = \"none\"\n";
  EXPECT_TRUE(has(error_of("[smtp]\nurl = \"smtp://mail.saas.example\"\n" + user), "required"));
  EXPECT_TRUE(has(error_of("[smtp]\nurl = \"smtp://192.0.2.1:25\"\n" + user), "required"));
  EXPECT_TRUE(parse("[smtp]\nurl = \"smtp://127.0.0.1:25\"\n" + user));
  EXPECT_TRUE(parse("[smtp]\nurl = \"smtp://[::1]:25\"\n" + user));
  EXPECT_TRUE(parse("[smtp]\nurl = \"smtp://mail.saas.example\"\nfrom = \"s@saas.example\"\ntls = \"none\"\n"));
}

TEST(Settings, WhatIsNotTomlNamesTheLine) {
  const auto error = error_of("[api]\nlisten = \n");
  EXPECT_TRUE(has(error, "signpost.toml:2")) << error;
  EXPECT_TRUE(has(error_of(std::string_view("[api]\n\0", 7)), "signpost.toml:2"));
  EXPECT_TRUE(has(error_of("[api]\nlistén = 1\n"), "signpost.toml:2"));
  EXPECT_TRUE(has(error_of("[# api]\n"), "signpost.toml:1"));
}

TEST(Settings, CharactersOutsideAsciiAreForCommentsAndEscapes) {
  const auto loaded = parse("# für\n[store]\nmaster_key_file = \"/etc/schl\\u00fcssel\"\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.store.master_key_file, "/etc/schlüssel");
  EXPECT_TRUE(has(error_of("[store]\nmaster_key_file = \"/etc/schlüssel\"\n"), "signpost.toml:2"));
}

TEST(Settings, WhoAgreesToTheTermsIsReadAndWhatIsNoYesOrNoIsRefused) {
  const auto toml = [](std::string_view value) {
    return format(
        "[[authorities]]\nname = \"ca\"\ndirectory_url = \"https://ca.example/directory\"\nagree_to_terms = {}\n",
        value);
  };
  EXPECT_TRUE(parse(toml("true"))->settings.authorities.front().agree_to_terms);
  EXPECT_FALSE(parse(toml("false"))->settings.authorities.front().agree_to_terms);
  for (const auto* other : {"\"yes\"", "1", "2026-11-30", "[true]", "[1, \"a\"]"})
    EXPECT_TRUE(has(error_of(toml(other)), "must be true or false")) << other;
}

TEST(Settings, AnIssuerNeedsExactlyOneSourceOfKeys) {
  EXPECT_TRUE(has(error_of("[[issuers]]\nissuer = \"https://a.example\"\n"), "exactly one of"));
  EXPECT_TRUE(has(error_of("[[issuers]]\nissuer = \"a\"\njwks_url = \"u\"\njwks_file = \"f\"\n"), "exactly one of"));
  EXPECT_TRUE(has(error_of("[[issuers]]\njwks_url = \"u\"\n"), "no \"issuer\""));
  EXPECT_TRUE(
      has(error_of("[[issuers]]\nissuer = \"a\"\njwks_url = \"u\"\n[[issuers]]\nissuer = \"a\"\njwks_url = \"u\"\n"),
          "twice"));
  EXPECT_TRUE(has(error_of("[[issuers]]\nissuer = \"a\"\njwks_uri = \"u\"\n"), "\"issuers.jwks_url\""));
  EXPECT_TRUE(has(error_of("[issuers]\nissuer = \"a\"\n"), "[[issuers]]"));
}

TEST(Settings, ValuesThatContradictEachOtherAreRefused) {
  EXPECT_TRUE(has(error_of("[operation]\nlisten = \"127.0.0.1:8080\"\n"), "different ports"));
  EXPECT_TRUE(has(error_of("[dns]\nlook_budget = \"1s\"\n"), "dns.server_budget"));
}

TEST(Settings, AnAcmeZoneIsServedHereOrWrittenToAServer) {
  const auto here = parse(
      "[dns]\nacme_zone = \"ACME.saas.example.\"\n"
      "acme_zone_name_servers = [\"ns1.acme.saas.example 192.0.2.53 2001:db8::53\", \"ns.other.example\"]\n");
  ASSERT_TRUE(here) << here.error().message;
  EXPECT_EQ(here->settings.dns.acme_zone->text(), "acme.saas.example");
  ASSERT_EQ(here->settings.dns.acme_zone_name_servers.size(), 2U);
  EXPECT_EQ(here->settings.dns.acme_zone_name_servers[0].addresses.size(), 2U);
  EXPECT_EQ(here->settings.dns.acme_zone_listen.size(), 2U);
  const auto there = parse(
      "[dns]\nacme_zone = \"acme.saas.example\"\nacme_zone_server = \"192.0.2.53\"\n"
      "acme_zone_key_name = \"signpost\"\nacme_zone_key_algorithm = \"hmac-sha512\"\n"
      "acme_zone_key_file = \"/etc/signpost/acme-zone-key\"\n");
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ(there->settings.dns.acme_zone_server->port(), 53);
}

TEST(Settings, AnAcmeZoneThatCannotWorkIsRefusedWithTheWayOut) {
  const std::string zone = "[dns]\nacme_zone = \"acme.saas.example\"\n";
  EXPECT_TRUE(has(error_of(zone), "dns.acme_zone_name_servers"));
  EXPECT_TRUE(has(error_of("[dns]\nacme_zone_server = \"192.0.2.53\"\n"), "\"dns.acme_zone\" is missing"));
  EXPECT_TRUE(has(error_of(zone + "acme_zone_name_servers = [\"ns1.acme.saas.example\"]\n"), "inside the zone"));
  EXPECT_TRUE(has(error_of(zone + "acme_zone_name_servers = [\"ns.x.example\", \"NS.x.example\"]\n"), "twice"));
  EXPECT_TRUE(has(error_of(zone + "acme_zone_name_servers = [\"ns.x.example nonsense\"]\n"), "list of name servers"));
  EXPECT_TRUE(
      has(error_of(zone + "acme_zone_server = \"192.0.2.53\"\nacme_zone_key_name = \"k\"\n"), "belong together"));
  EXPECT_TRUE(has(error_of(zone + "acme_zone_name_servers = [\"ns.x.example\"]\nacme_zone_key_name = \"k\"\n"
                                  "acme_zone_key_file = \"/k\"\n"),
                  "dns.acme_zone_server"));
  EXPECT_TRUE(has(error_of(zone + "acme_zone_server = \"ns1.saas.example\"\n"), "an address such as"));
  for (const auto* name : {"example", ".", "*.saas.example"}) {
    EXPECT_TRUE(has(error_of(format("[dns]\nacme_zone = \"{}\"\nacme_zone_server = \"192.0.2.53\"\n", name)),
                    "below a domain of yours"))
        << name;
  }
}

TEST(Settings, AnAcmeZoneIsLimited) {
  const auto with = [](std::size_t servers, std::size_t addresses, std::size_t listen) {
    std::string toml = "[dns]\nacme_zone = \"acme.saas.example\"\nacme_zone_name_servers = [";
    for (std::size_t i = 0; i < servers; ++i) {
      toml += format("{}\"ns{}.acme.saas.example", i == 0 ? "" : ", ", i);
      for (std::size_t j = 0; j < addresses; ++j) toml += format(" 192.0.2.{}", j + 1);
      toml += "\"";
    }
    toml += "]\nacme_zone_listen = [";
    for (std::size_t i = 0; i < listen; ++i) toml += format("{}\"127.0.0.{}\"", i == 0 ? "" : ", ", i + 1);
    return toml + "]\n";
  };
  EXPECT_TRUE(parse(with(kAcmeNameServersMax, kAcmeAddressesMax, kAcmeListenMax)));
  EXPECT_TRUE(has(error_of(with(kAcmeNameServersMax + 1, 1, 1)), "at most"));
  EXPECT_TRUE(has(error_of(with(1, kAcmeAddressesMax + 1, 1)), "at most"));
  EXPECT_TRUE(has(error_of(with(1, 1, kAcmeListenMax + 1)), "dns.acme_zone_listen"));
  EXPECT_TRUE(has(error_of(with(1, 1, 0)), "dns.acme_zone_listen"));
}

TEST(Settings, ASecretInTheFileIsRefusedWithoutRepeatingIt) {
  const auto error = error_of("[store]\nmaster_key = \"geheim\"\n");
  EXPECT_TRUE(has(error, "SIGNPOST_MASTER_KEY")) << error;
  EXPECT_FALSE(has(error, "geheim")) << error;
}

TEST(Settings, TheEnvironmentOverridesTheFile) {
  const auto loaded = parse("[store]\nurl = \"postgresql://file/db\"\n", [](const char* name) {
    return std::string_view(name) == "SIGNPOST_STORE_URL" ? "postgresql://signpost:pw@env/db" : "";
  });
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.store.url, "postgresql://signpost:pw@env/db");
  EXPECT_EQ(loaded->origins.at("store.url"), "environment (SIGNPOST_STORE_URL)");
}

TEST(Settings, CloudFrontIsCheckedAsAWhole) {
  const std::string enabled = "[cloudfront]\nenabled = true\n";
  EXPECT_TRUE(parse(enabled)) << "credentials may come from AWS's own variables, or from the machine";
  EXPECT_TRUE(has(error_of(enabled + "[aws]\naccess_key_id = \"AKIA\""), "belong together"));
  EXPECT_TRUE(parse(enabled + "[aws]\naccess_key_id = \"AKIA\"\nsecret_access_key_file = \"secret\""));
  for (const auto* url : {"http://aws.example", "https://aws.example/path", "aws.example"}) {
    EXPECT_TRUE(has(error_of(enabled + "[aws]\nacm_endpoint = \"" + url + "\""), "aws.acm_endpoint")) << url;
  }
  for (const auto* url : {"https://aws.example", "http://127.0.0.1:4711", "http://[::1]:4711"}) {
    EXPECT_TRUE(parse(enabled + "[aws]\ncloudfront_endpoint = \"" + url + "\"")) << url;
  }
  EXPECT_TRUE(has(error_of("[cloudfront]\npages_paths = [\"no path\"]"), "cloudfront.pages_paths"));
  EXPECT_TRUE(has(error_of("[cloudfront]\npages_paths = []"), "1 to 25 paths"));
  std::string many = "[cloudfront]\npages_paths = [";
  for (int i = 0; i < 26; ++i) many += "\"/" + std::to_string(i) + "\", ";
  EXPECT_TRUE(has(error_of(many + "]"), "1 to 25 paths"));
  EXPECT_TRUE(has(error_of("[cloudfront]\napex_gateway_ips = [\"2001:db8::1\"]"), "IPv4"));
  EXPECT_TRUE(has(error_of("[cloudfront]\napex_gateway_ips = [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\", "
                           "\"192.0.2.4\", \"192.0.2.5\"]"),
                  "4 IPv4 addresses"));
}

TEST(Settings, TermsOfAnAuthorityAreAgreedToOnlyWhereTheFileSaysTrue) {
  const std::string authority = "[[authorities]]\nname = \"a\"\ndirectory_url = \"https://authority.example/\"\n";
  EXPECT_TRUE(parse(authority + "agree_to_terms = true")->settings.authorities.front().agree_to_terms);
  EXPECT_FALSE(parse(authority + "agree_to_terms = false")->settings.authorities.front().agree_to_terms);
  EXPECT_FALSE(parse(authority)->settings.authorities.front().agree_to_terms);
  EXPECT_TRUE(has(error_of(authority + "agree_to_terms = 2026-01-01"), "true or false"));
}

TEST(Settings, ShowMasksSecretsAndSaysWhereValuesComeFrom) {
  const auto loaded = parse("[log]\nlevel = \"warn\"\n", [](const char* name) {
    return std::string_view(name) == "SIGNPOST_STORE_URL" ? "postgresql://signpost:geheim@db/x" : "geheimer";
  });
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (const auto& shown : {show_settings(*loaded), show_settings_json(*loaded)}) {
    EXPECT_FALSE(has(shown, "geheim")) << shown;
    EXPECT_TRUE(has(shown, "postgresql://signpost:***@db/x"));
    EXPECT_TRUE(has(shown, "signpost.toml:2"));
    EXPECT_TRUE(has(shown, "environment (SIGNPOST_MASTER_KEY)")) << shown;
  }
}

TEST(Settings, WhatShowPrintsIsAFileThatMeansTheSame) {
  const auto loaded = parse(
      "[api]\nlisten = \"[::1]:0\"\n[[issuers]]\nissuer = \"a\\\"b\\u00fc\\u20ac\\U0001f600\"\njwks_url = \"u\"\n");
  ASSERT_TRUE(loaded);
  const auto again = parse(show_settings(*loaded));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->settings.issuers[0].issuer, "a\"bü€😀");
  for (const auto& setting : setting_table())
    EXPECT_EQ(setting.show(again->settings), setting.show(loaded->settings)) << setting.path;
}

TEST(Settings, EveryDefaultCanBeWrittenDown) {
  // Secrets apart, which no file may hold.
  Settings defaults;
  for (const auto& setting : setting_table()) {
    if (setting.secrecy == Secrecy::kSecret) continue;
    const auto dot = setting.path.find('.');
    const auto toml = "[" + std::string(setting.path.substr(0, dot)) + "]\n" +
                      std::string(setting.path.substr(dot + 1)) + " = " + setting.show(defaults);
    EXPECT_TRUE(parse(toml)) << toml << ": " << error_of(toml);
    EXPECT_FALSE(setting.doc.empty()) << setting.path;
  }
}

TEST(Settings, TheDocumentationIsWhatTheProgramPrints) {
  EXPECT_EQ(file("docs/operating/configuration.md"), settings_documentation())
      << "run: signpost config docs > docs/operating/configuration.md";
}

TEST(Settings, ThePackagedExampleIsGood) {
  const auto example = file("packaging/signpost.toml");
  ASSERT_FALSE(example.empty());
  const auto loaded = parse(example);
  EXPECT_TRUE(loaded) << loaded.error().message;
}

TEST(Settings, ThePackagedExampleWithAllItsCommentedSettingsIsGood) {
  std::string toml;
  std::stringstream lines(file("packaging/signpost.toml"));
  for (std::string line; std::getline(lines, line);) {
    const bool is_setting = line.starts_with("# [") || (line.starts_with("# ") && has(line, " = ") && !has(line, ". "));
    toml += (is_setting ? line.substr(2) : line) + "\n";
  }
  const auto loaded = parse(toml);
  ASSERT_TRUE(loaded) << loaded.error().message << "\n" << toml;
  EXPECT_EQ(loaded->settings.issuers.size(), 1U);
  ASSERT_EQ(loaded->settings.authorities.size(), 1U);
  EXPECT_TRUE(loaded->settings.authorities.front().agree_to_terms);
  EXPECT_FALSE(loaded->settings.store.url.empty());
}

TEST(Endpoint, IsAnAddressWithAPort) {
  EXPECT_EQ(parse_endpoint("192.0.2.1", 53)->port(), 53);
  EXPECT_EQ(parse_endpoint("192.0.2.1:54", 53)->port(), 54);
  EXPECT_EQ(parse_endpoint("2001:db8::1", 53)->port(), 53);
  EXPECT_EQ(parse_endpoint("[2001:db8::1]", 53)->port(), 53);
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:54", 53)->port(), 54);
  for (const auto* text : {"", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:70000", "[2001:db8::1", "[2001:db8::1]54",
                           "ns.example", ":53", "[]:53"}) {
    EXPECT_FALSE(parse_endpoint(text, 53)) << text;
  }
  EXPECT_FALSE(parse_endpoint("192.0.2.1", 0));
  EXPECT_FALSE(parse_endpoint("[2001:db8::1]", 0));
}

TEST(MaskUrl, HidesPasswordsWhereverTheyStand) {
  EXPECT_EQ(mask_url("postgresql://u:p@h/d"), "postgresql://u:***@h/d");
  EXPECT_EQ(mask_url("postgresql://u:p%40:x@h:5432/d"), "postgresql://u:***@h:5432/d");
  EXPECT_EQ(mask_url("postgresql://h:5432/d?user=u&password=p&x=1"), "postgresql://h:5432/d?user=u&password=***&x=1");
  EXPECT_EQ(mask_url("postgresql://u@h:5432/d"), "postgresql://u@h:5432/d");
}

}  // namespace
}  // namespace signpost::app
