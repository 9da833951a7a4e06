// SPDX-License-Identifier: Apache-2.0
#include "app/settings.h"

// toml++ 3.3 asserts, or with NDEBUG even assumes, what a file may violate ("[#"), although it checks the same right
// after. Without both, the checks decide; the fuzzer holds that they do.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/setting_table.h"
#include "app/toml_characters.h"
#include "base/text.h"
#include "cloud/cloudfront_types.h"
#include "cloud/indexnow.h"
#include "model/record.h"
#include "net/address_policy.h"
#include "net/url.h"
#include "services/pages.h"

namespace signpost::app {
namespace {

constexpr std::size_t kAuthorityNameBytesMax = 50;

std::optional<std::vector<std::string>> texts_of(const toml::array& array) {
  std::vector<std::string> texts;
  for (const auto& item : array) {
    const auto* text = item.as_string();
    if (!text) return std::nullopt;
    texts.push_back(text->get());
  }
  return texts;
}

SettingValue value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* list = node.as_array()) {
    if (auto texts = texts_of(*list)) return *std::move(texts);
  }
  return std::monostate();
}

const Setting* find_setting(std::span<const Setting> table, std::string_view path) {
  const auto found = std::ranges::find(table, path, &Setting::path);
  return found == table.end() ? nullptr : &*found;
}

bool is_section(std::string_view path) {
  return std::ranges::any_of(setting_table(), [&](const Setting& setting) {
    return setting.path.size() > path.size() && setting.path.starts_with(path) && setting.path[path.size()] == '.';
  });
}

/// Walks one document and fills one LoadedSettings.
class Reading {
 public:
  Reading(std::string_view file, LoadedSettings& into) : file_(file), into_(into) {}

  Result<void> table(const toml::table& table, const std::string& section) {
    for (const auto& [key, node] : table) {
      const std::string path = section.empty() ? std::string(key.str()) : section + "." + std::string(key.str());
      const auto line = key.source().begin.line;
      if (path == "issuers") {
        TRY_VOID(tables(node, line, path, kIssuersMax, &Reading::issuer));
      } else if (path == "authorities") {
        TRY_VOID(tables(node, line, path, kAuthoritiesMax, &Reading::authority));
      } else if (const auto* inner = node.as_table(); inner && is_section(path)) {
        TRY_VOID(this->table(*inner, path));
      } else if (const auto* setting = find_setting(setting_table(), path)) {
        TRY_VOID(value(*setting, node, line));
      } else if (is_section(path)) {
        return failure(line, format("\"{}\" is a section: write [{}] and its settings below", path, path));
      } else {
        return unknown(path, line);
      }
    }
    return {};
  }

 private:
  std::unexpected<Error> failure(toml::source_index line, std::string_view what) const {
    return fail(Kind::kUnprocessable, format("{}:{}: {}", file_, line, what));
  }
  std::unexpected<Error> unknown(const std::string& path, toml::source_index line) const {
    const auto nearest = nearest_path(path);
    const auto hint = nearest.empty() ? std::string() : format("; the nearest known one is \"{}\"", nearest);
    return failure(line, format("unknown setting \"{}\"{} (all: signpost config show)", printable(path, 100), hint));
  }

  Result<void> value(const Setting& setting, const toml::node& node, toml::source_index line) {
    if (setting.secrecy == Secrecy::kSecret) {
      return failure(line, format("\"{}\" is a secret and is not read from this file: set the environment variable {}",
                                  setting.path, setting.variable));
    }
    if (const auto read = setting.read(into_.settings, value_of(node)); !read) {
      return failure(line, format("\"{}\" {}", setting.path, read.error().message));
    }
    into_.origins.insert_or_assign(std::string(setting.path), format("{}:{}", file_, line));
    return {};
  }

  /// A list of tables: [[issuers]], [[authorities]].
  Result<void> tables(const toml::node& node, toml::source_index line, const std::string& name, std::size_t count_max,
                      Result<void> (Reading::*one)(const toml::table&)) {
    const auto not_tables = [&] {
      return failure(line, format("\"{}\" must be tables: write [[{}]] and its settings below", name, name));
    };
    const auto* list = node.as_array();
    if (!list) return not_tables();
    if (list->size() > count_max)
      return failure(line, format("at most {} [[{}]], not {}", count_max, name, list->size()));
    for (const auto& item : *list) {
      const auto* table = item.as_table();
      if (!table) return not_tables();
      TRY_VOID((this->*one)(*table));
    }
    into_.origins.insert_or_assign(name, format("{}:{}", file_, line));
    return {};
  }

  Result<void> members(const toml::table& table, std::string_view name, std::span<const Setting> rows) {
    for (const auto& [key, node] : table) {
      const auto path = format("{}.{}", name, std::string_view(key.str()));
      const auto* setting = find_setting(rows, path);
      if (!setting) return unknown(path, key.source().begin.line);
      TRY_VOID(value(*setting, node, key.source().begin.line));
    }
    return {};
  }

  Result<void> issuer(const toml::table& table) {
    const auto line = table.source().begin.line;
    auto& issuer = into_.settings.issuers.emplace_back();
    TRY_VOID(members(table, "issuers", issuer_table()));
    if (issuer.issuer.empty()) return failure(line, "this issuer has no \"issuer\": the exact value of the claim iss");
    if (issuer.jwks_url.empty() == issuer.jwks_file.empty()) {
      return failure(line, format("issuer \"{}\" needs exactly one of \"jwks_url\" and \"jwks_file\"",
                                  printable(issuer.issuer, 100)));
    }
    const auto is_same = [&](const Settings::Issuer& other) {
      return &other != &issuer && other.issuer == issuer.issuer;
    };
    if (std::ranges::any_of(into_.settings.issuers, is_same)) {
      return failure(line, format("issuer \"{}\" is there twice", printable(issuer.issuer, 100)));
    }
    return {};
  }

  Result<void> authority(const toml::table& table) {
    const auto line = table.source().begin.line;
    auto& authority = into_.settings.authorities.emplace_back();
    TRY_VOID(members(table, "authorities", authority_table()));
    if (authority.name.empty() || authority.name.size() > kAuthorityNameBytesMax) {
      return failure(line, format("this authority needs a \"name\" of 1 to {} bytes", kAuthorityNameBytesMax));
    }
    const auto name = printable(authority.name, kAuthorityNameBytesMax);
    if (!authority.directory_url.starts_with("https://")) {
      return failure(line, format("authority \"{}\" needs a \"directory_url\" that begins with https://", name));
    }
    if (authority.eab_key_id.empty() != authority.eab_mac_key_file.empty()) {
      return failure(line,
                     format("authority \"{}\" needs both or none of \"eab_key_id\" and \"eab_mac_key_file\"", name));
    }
    const auto is_same = [&](const Settings::Authority& other) {
      return &other != &authority && other.name == authority.name;
    };
    if (std::ranges::any_of(into_.settings.authorities, is_same)) {
      return failure(line, format("authority \"{}\" is there twice", name));
    }
    return {};
  }

  std::string file_;
  LoadedSettings& into_;
};

Result<void> read_environment(const Environment& environment, LoadedSettings& into) {
  for (const auto& setting : setting_table()) {
    if (setting.variable.empty()) continue;
    auto text = environment(std::string(setting.variable).c_str());
    if (text.empty()) continue;
    // Neither value nor reason is shown: the value may be a secret.
    if (!setting.read(into.settings, std::move(text))) {
      return fail(Kind::kUnprocessable, format("the environment variable {} is no {}", setting.variable, setting.type));
    }
    into.origins.insert_or_assign(std::string(setting.path), format("environment ({})", setting.variable));
  }
  return {};
}

Result<void> check_mail(const Settings::Smtp& smtp, std::string_view file) {
  const auto refuse = [&](std::string_view what) { return fail(Kind::kUnprocessable, format("{}: {}", file, what)); };
  if (!smtp.url) return {};
  if (!smtp.from) return refuse("\"smtp.url\" needs \"smtp.from\", the address that mails are from");
  const bool has_password = !smtp.password.empty() || !smtp.password_file.empty();
  if (smtp.username.empty() == has_password) {
    return refuse(
        "\"smtp.username\" and a password (\"smtp.password_file\" or SIGNPOST_SMTP_PASSWORD) belong together");
  }
  const bool may_be_clear = smtp.tls != net::MailTls::kRequired && !smtp.url->is_smtps;
  if (!smtp.username.empty() && may_be_clear && !(smtp.tls == net::MailTls::kNone && smtp.url->is_loopback)) {
    return refuse(
        "\"smtp.tls\" must be \"required\" with a password: somebody in between could read it, or take TLS away and "
        "read it; only with a server on this machine (127.0.0.1, [::1], localhost) may it be \"none\"");
  }
  return {};
}

Result<void> check_name_servers(const Settings::Dns& dns) {
  const auto& servers = dns.acme_zone_name_servers;
  if (servers.size() > kAcmeNameServersMax) {
    return fail(Kind::kUnprocessable, format("\"dns.acme_zone_name_servers\" may be {} at most", kAcmeNameServersMax));
  }
  for (auto server = servers.begin(); server != servers.end(); ++server) {
    const auto& name = server->name.text();
    if (std::ranges::find(servers.begin(), server, server->name, &dns::ZoneNameServer::name) != server) {
      return fail(Kind::kUnprocessable, format("\"dns.acme_zone_name_servers\" has {} twice", name));
    }
    if (server->addresses.size() > kAcmeAddressesMax) {
      return fail(Kind::kUnprocessable,
                  format("\"dns.acme_zone_name_servers\": {} may have {} addresses at most", name, kAcmeAddressesMax));
    }
    if (server->addresses.empty() && server->name.is_within(*dns.acme_zone)) {
      return fail(Kind::kUnprocessable,
                  format("\"dns.acme_zone_name_servers\": {} is inside the zone, so its addresses must stand behind "
                         "it: \"{} 192.0.2.53\"",
                         name, name));
    }
  }
  return {};
}

Result<void> check_acme_zone(const Settings::Dns& dns) {
  const auto refuse = [](std::string_view what) { return fail(Kind::kUnprocessable, std::string(what)); };
  const bool has_key_file = !dns.acme_zone_key_file.empty();
  if (dns.acme_zone_key_name.has_value() != has_key_file) {
    return refuse("\"dns.acme_zone_key_name\" and \"dns.acme_zone_key_file\" belong together");
  }
  if (has_key_file && !dns.acme_zone_server) {
    return refuse("\"dns.acme_zone_key_file\" needs \"dns.acme_zone_server\", the server that knows the key");
  }
  if (!dns.acme_zone) {
    const bool has_more = dns.acme_zone_server || !dns.acme_zone_name_servers.empty();
    return has_more ? refuse("\"dns.acme_zone\" is missing, the zone that the other settings are about")
                    : Result<void>();
  }
  constexpr std::size_t kZoneBytesMax = 189;  // the longest label fits before it (RFC 1035 3.1)
  if (!dns.acme_zone->text().contains('.') || dns.acme_zone->is_root() || dns.acme_zone->text().contains('*') ||
      dns.acme_zone->text().size() > kZoneBytesMax) {
    return refuse(
        format("\"dns.acme_zone\" must be a name below a domain of yours, at most {} characters, such as "
               "acme.saas.example",
               kZoneBytesMax));
  }
  if (dns.acme_zone_server) return check_name_servers(dns);
  if (dns.acme_zone_name_servers.empty()) {
    return refuse(
        "\"dns.acme_zone\" needs \"dns.acme_zone_name_servers\", this machine's name and addresses as the zone above "
        "is "
        "to name them, or \"dns.acme_zone_server\", the server that has the zone");
  }
  if (dns.acme_zone_listen.empty() || dns.acme_zone_listen.size() > kAcmeListenMax) {
    return refuse(format("\"dns.acme_zone_listen\" must be 1 to {} addresses", kAcmeListenMax));
  }
  return check_name_servers(dns);
}

/// Credentials and keys go there: https, or http to this machine.
Result<void> check_api_url(std::string_view text, std::string_view setting, std::string_view file) {
  const auto refuse = [&](std::string_view what) {
    return fail(Kind::kUnprocessable, format("{}: \"{}\" {}", file, setting, what));
  };
  const auto url = net::Url::parse(text);
  if (!url) return refuse(url.error().message);
  const bool is_local = url->literal && url->literal->is_loopback();
  if (url->scheme == net::Scheme::kHttps || is_local) return {};
  return refuse("must begin with https://");
}

Result<void> check_search(const Settings::Search& search, std::string_view file) {
  const auto refuse = [&](std::string_view what) { return fail(Kind::kUnprocessable, format("{}: {}", file, what)); };
  if (!search.indexnow_key.empty() && !cloud::is_indexnow_key(search.indexnow_key)) {
    return refuse(format("\"search.indexnow_key\" must have {} to {} characters of a-z, A-Z, 0-9 and '-'",
                         cloud::kIndexNowKeyBytesMin, cloud::kIndexNowKeyBytesMax));
  }
  const auto path = services::parse_page_path(search.indexnow_key_path);
  if (!path || *path != search.indexnow_key_path || path->ends_with('/') || path->contains('?')) {
    return refuse("\"search.indexnow_key_path\" must be the path of a file such as \"/search-company.txt\"");
  }
  TRY_VOID(check_api_url(search.indexnow_url, "search.indexnow_url", file));
  TRY_VOID(check_api_url(search.google_api_url, "search.google_api_url", file));
  if (search.google_api_url.ends_with('/')) return refuse("\"search.google_api_url\" ends without a '/'");
  if (!search.google_token_url.empty())
    TRY_VOID(check_api_url(search.google_token_url, "search.google_token_url", file));
  return {};
}

Result<void> check_cloudfront(const Settings& settings, std::string_view file) {
  const auto refuse = [&](std::string_view what) { return fail(Kind::kUnprocessable, format("{}: {}", file, what)); };
  const auto& aws = settings.aws;
  const bool has_secret = !aws.secret_access_key.empty() || !aws.secret_access_key_file.empty();
  if (settings.cloudfront.enabled && aws.access_key_id.empty() == has_secret) {
    return refuse(
        "\"aws.access_key_id\" and its secret (\"aws.secret_access_key_file\" or SIGNPOST_AWS_SECRET_ACCESS_KEY) "
        "belong "
        "together");
  }
  for (const auto& [name, url] : {std::pair("aws.acm_endpoint", aws.acm_endpoint),
                                  std::pair("aws.cloudfront_endpoint", aws.cloudfront_endpoint)}) {
    if (url.empty()) continue;
    TRY_VOID(check_api_url(url, name, file));
    if (net::Url::parse(url)->target != "/" || url.ends_with('/'))
      return refuse(format("\"{}\" ends with the host", name));
  }
  const auto& cloudfront = settings.cloudfront;
  if (cloudfront.pages_paths.empty() || cloudfront.pages_paths.size() > kPagesPathsMax)
    return refuse(format("\"cloudfront.pages_paths\" must be 1 to {} paths", kPagesPathsMax));
  const cloud::NewDistribution plan{.caller_reference = "x",
                                    .comment = {},
                                    .customer = {},
                                    .pages = {},
                                    .pages_paths = cloudfront.pages_paths,
                                    .tags = {}};
  if (const auto checked = cloud::check(plan); !checked)
    return refuse(format("\"cloudfront.pages_paths\": {}", checked.error().message));
  const auto& gateways = cloudfront.apex_gateway_ips;
  if (gateways.size() > model::kGatewayAddressesMax ||
      !std::ranges::all_of(gateways, [](const auto& one) { return one.is_v4(); }))
    return refuse(
        format("\"cloudfront.apex_gateway_ips\" may be {} IPv4 addresses at most", model::kGatewayAddressesMax));
  return {};
}

// Whatever network.allow opens: receivers elsewhere do not see it.
const net::AddressPolicy kPublic{{}};

/// What no single value can say.
Result<void> check_together(const Settings& settings, std::string_view file) {
  if (!settings.store.url.empty() && !settings.store.url.starts_with("postgresql://") &&
      !settings.store.url.starts_with("postgres://")) {
    return fail(Kind::kUnprocessable,
                "\"store.url\" must begin with postgresql://, or be empty for SQLite in the data directory");
  }
  const auto& api = settings.api.listen;
  if (api.port() != 0 && api == settings.operation.listen) {
    return fail(Kind::kUnprocessable,
                format("{}: \"api.listen\" and \"operation.listen\" are both {}: give them different ports", file,
                       endpoint_text(api.address(), api.port())));
  }
  if (settings.dns.server_budget > settings.dns.look_budget) {
    return fail(Kind::kUnprocessable,
                format("{}: \"dns.server_budget\" ({}) must not be over \"dns.look_budget\" ({})", file,
                       to_text(settings.dns.server_budget), to_text(settings.dns.look_budget)));
  }
  const auto& sources = settings.webhooks.source_address;
  if (std::ranges::count_if(sources, [](const auto& one) { return one.is_v4(); }) > 1 ||
      std::ranges::count_if(sources, [](const auto& one) { return one.is_v6(); }) > 1) {
    return fail(Kind::kUnprocessable,
                format("{}: \"webhooks.source_address\" may have one IPv4 and one IPv6 address", file));
  }
  for (const auto& address : settings.webhooks.public_addresses) {
    if (const auto verdict = kPublic.judge(address); !verdict.allowed) {
      return fail(Kind::kUnprocessable, format("{}: \"webhooks.public_addresses\": {} is not public: {}", file,
                                               address.to_string(), verdict.reason));
    }
  }
  if (const auto checked = check_acme_zone(settings.dns); !checked) {
    return fail(checked.error().kind, format("{}: {}", file, checked.error().message));
  }
  TRY_VOID(check_cloudfront(settings, file));
  TRY_VOID(check_search(settings.search, file));
  return check_mail(settings.smtp, file);
}

}  // namespace

std::vector<net::IpAddress> published_addresses(const Settings::Webhooks& webhooks) {
  if (!webhooks.public_addresses.empty()) return webhooks.public_addresses;
  auto addresses = webhooks.source_address;
  std::erase_if(addresses, [](const auto& address) { return !kPublic.judge(address).allowed; });
  return addresses;
}

std::string process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<LoadedSettings> parse_settings(std::string_view toml, std::string_view file, const Environment& environment) {
  const auto ascii = to_ascii(toml);
  if (ascii.foreign_line) {
    return fail(Kind::kUnprocessable,
                format("{}:{}: outside of comments only ASCII may stand here; other characters are "
                       "written as \"\\u00fc\" in double quotes",
                       file, *ascii.foreign_line));
  }
  const auto document = toml::parse(std::string_view(ascii.text));
  if (!document) {
    const auto& error = document.error();
    return fail(Kind::kUnprocessable,
                format("{}:{}: not TOML: {}", file, error.source().begin.line, printable(error.description())));
  }
  LoadedSettings loaded;
  TRY_VOID(Reading(file, loaded).table(document.table(), ""));
  TRY_VOID(read_environment(environment, loaded));
  TRY_VOID(check_together(loaded.settings, file));
  return loaded;
}

Result<LoadedSettings> load_settings(const std::filesystem::path& file, const Environment& environment) {
  if (file.empty()) return parse_settings("", "defaults", environment);
  std::ifstream in(file, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(file, ignored)) {
    return fail(
        Kind::kNotFound,
        format("the settings file {} cannot be read: does it exist, and may this user read it?", file.string()));
  }
  std::string text(kSettingsFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kSettingsFileBytesMax) {
    return fail(Kind::kTooLarge, format("the settings file {} is over {} bytes", file.string(), kSettingsFileBytesMax));
  }
  return parse_settings(text, file.filename().string(), environment);
}

}  // namespace signpost::app
