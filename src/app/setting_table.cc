// SPDX-License-Identifier: Apache-2.0
#include "app/setting_table.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "base/text.h"

namespace signpost::app {
namespace {

std::string kind_of(const SettingValue& value) {
  constexpr std::array kNames{"text",          "a whole number", "a number",
                              "true or false", "a list",         "a date, a table or a mixed list"};
  return kNames[value.index()];
}

std::unexpected<Error> wrong(std::string_view wanted, const SettingValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return fail(Kind::kUnprocessable, format("must be {}, not \"{}\"", wanted, printable(*text, 60)));
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return fail(Kind::kUnprocessable, format("must be {}, not the number {}", wanted, *number));
  }
  return fail(Kind::kUnprocessable, format("must be {}, not {}", wanted, kind_of(value)));
}

// ── how a value becomes its type, what the type is called and how it is shown ───────────────────────────────────

struct Limits {
  std::int64_t min = 0;
  std::int64_t max = 1'000'000'000;
};

template <typename T>
struct Reader;

template <>
struct Reader<std::string> {
  static constexpr std::string_view kType = "text";
  static Result<std::string> read(const SettingValue& value, Limits) {
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return wrong("text in quotes", value);
    return *text;
  }
  static std::string show(const std::string& value) { return toml_text(value); }
};

template <>
struct Reader<std::filesystem::path> {
  static constexpr std::string_view kType = "path";
  static Result<std::filesystem::path> read(const SettingValue& value, Limits) {
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return wrong("a path in quotes", value);
    return std::filesystem::path(*text);
  }
  static std::string show(const std::filesystem::path& value) { return toml_text(value.string()); }
};

template <typename Number>
Result<Number> read_number(const SettingValue& value, Limits limits) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (!number || *number < limits.min || *number > limits.max) {
    return wrong(format("a whole number from {} to {}", limits.min, limits.max), value);
  }
  return static_cast<Number>(*number);
}

template <>
struct Reader<std::size_t> {
  static constexpr std::string_view kType = "whole number";
  static Result<std::size_t> read(const SettingValue& value, Limits limits) {
    return read_number<std::size_t>(value, limits);
  }
  static std::string show(std::size_t value) { return std::to_string(value); }
};

template <>
struct Reader<std::uint16_t> {
  static constexpr std::string_view kType = "port";
  static Result<std::uint16_t> read(const SettingValue& value, Limits) {
    return read_number<std::uint16_t>(value, {1, 65535});
  }
  static std::string show(std::uint16_t value) { return std::to_string(value); }
};

/// Limits are in milliseconds.
template <>
struct Reader<Milliseconds> {
  static constexpr std::string_view kType = "duration";
  static Result<Milliseconds> read(const SettingValue& value, Limits limits) {
    const auto wanted = format("a duration from \"{}\" to \"{}\" such as \"20s\" or \"250ms\"",
                               to_text(Milliseconds(limits.min)), to_text(Milliseconds(limits.max)));
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return wrong(wanted, value);
    const auto length = parse_duration(*text);
    if (!length || length->count() < limits.min || length->count() > limits.max) return wrong(wanted, value);
    return *length;
  }
  static std::string show(Milliseconds value) { return toml_text(to_text(value)); }
};

template <>
struct Reader<net::TcpEndpoint> {
  static constexpr std::string_view kType = "address and port";
  static Result<net::TcpEndpoint> read(const SettingValue& value, Limits) {
    const auto* text = std::get_if<std::string>(&value);
    const auto endpoint = text ? parse_endpoint(*text, 0) : fail(Kind::kUnprocessable, "");
    if (!endpoint) return wrong("an address and a port such as \"127.0.0.1:8080\" or \"[::1]:8080\"", value);
    return net::TcpEndpoint(endpoint->address(), endpoint->port());
  }
  static std::string show(const net::TcpEndpoint& value) {
    return toml_text(endpoint_text(value.address(), value.port()));
  }
};

/// A text that one of our parsers reads; empty: nothing.
template <typename T>
Result<std::optional<T>> read_optional(const SettingValue& value, std::string_view wanted) {
  const auto* text = std::get_if<std::string>(&value);
  if (!text) return wrong(wanted, value);
  if (text->empty()) return std::nullopt;
  auto parsed = T::parse(*text);
  if (!parsed) return wrong(wanted, value);
  return *std::move(parsed);
}

template <>
struct Reader<std::optional<net::MailServer>> {
  static constexpr std::string_view kType = "mail server";
  static Result<std::optional<net::MailServer>> read(const SettingValue& value, Limits) {
    return read_optional<net::MailServer>(value, "a mail server such as \"smtp://mail.saas.example:587\", or empty");
  }
  static std::string show(const std::optional<net::MailServer>& value) { return toml_text(value ? value->url : ""); }
};

template <>
struct Reader<std::optional<MailAddress>> {
  static constexpr std::string_view kType = "mail address";
  static Result<std::optional<MailAddress>> read(const SettingValue& value, Limits) {
    return read_optional<MailAddress>(value, "a mail address such as \"signpost@saas.example\", or empty");
  }
  static std::string show(const std::optional<MailAddress>& value) { return toml_text(value ? value->text() : ""); }
};

template <typename Item, typename Parse>
Result<std::vector<Item>> read_list(const SettingValue& value, std::string_view wanted, Parse parse) {
  const auto* texts = std::get_if<std::vector<std::string>>(&value);
  if (!texts) return wrong(wanted, value);
  std::vector<Item> items;
  for (const auto& text : *texts) {
    const auto item = parse(text);
    if (!item) return fail(Kind::kUnprocessable, format("must be {}: \"{}\" is none", wanted, printable(text, 60)));
    items.push_back(*item);
  }
  return items;
}

template <typename Item, typename Show>
std::string show_list(const std::vector<Item>& items, Show show) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() > 1 ? ", " : "") + toml_text(show(item));
  return text + "]";
}

template <>
struct Reader<std::vector<net::Network>> {
  static constexpr std::string_view kType = "list of networks";
  static Result<std::vector<net::Network>> read(const SettingValue& value, Limits) {
    return read_list<net::Network>(value, "a list of networks such as [\"10.0.0.0/8\", \"::1\"]", net::Network::parse);
  }
  static std::string show(const std::vector<net::Network>& value) {
    return show_list(value, [](const net::Network& network) { return network.text(); });
  }
};

template <>
struct Reader<std::vector<net::IpAddress>> {
  static constexpr std::string_view kType = "address, or list of addresses";
  static Result<std::vector<net::IpAddress>> read(const SettingValue& value, Limits) {
    const auto parse = [](std::string_view text) -> Result<net::IpAddress> {
      boost::system::error_code error;
      const auto address = boost::asio::ip::make_address(std::string(text), error);
      if (error) return fail(Kind::kUnprocessable, error.message());
      return address;
    };
    constexpr auto kWanted = "an address such as \"192.0.2.10\", a list of addresses, or empty";
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return read_list<net::IpAddress>(value, kWanted, parse);
    if (text->empty()) return std::vector<net::IpAddress>{};
    return read_list<net::IpAddress>(std::vector{*text}, kWanted, parse);
  }
  static std::string show(const std::vector<net::IpAddress>& value) {
    return show_list(value, [](const net::IpAddress& address) { return address.to_string(); });
  }
};

template <>
struct Reader<std::vector<net::PortRange>> {
  static constexpr std::string_view kType = "list of ports";
  static Result<std::vector<net::PortRange>> read(const SettingValue& value, Limits) {
    return read_list<net::PortRange>(value, "a list of ports in quotes such as [\"8443\", \"9000-9010\"]",
                                     net::PortRange::parse);
  }
  static std::string show(const std::vector<net::PortRange>& value) {
    return show_list(value, [](const net::PortRange& range) { return range.text(); });
  }
};

template <>
struct Reader<std::vector<std::string>> {
  static constexpr std::string_view kType = "list of texts";
  static Result<std::vector<std::string>> read(const SettingValue& value, Limits) {
    return read_list<std::string>(value, "a list of texts in quotes",
                                  [](const std::string& text) -> Result<std::string> { return text; });
  }
  static std::string show(const std::vector<std::string>& value) {
    return show_list(value, [](const std::string& text) { return text; });
  }
};

template <>
struct Reader<std::vector<DnsName>> {
  static constexpr std::string_view kType = "list of names";
  static Result<std::vector<DnsName>> read(const SettingValue& value, Limits) {
    return read_list<DnsName>(value, "a list of DNS names such as [\"letsencrypt.org\"]", DnsName::parse);
  }
  static std::string show(const std::vector<DnsName>& value) {
    return show_list(value, [](const DnsName& name) { return name.text(); });
  }
};

template <>
struct Reader<std::vector<net::UdpEndpoint>> {
  static constexpr std::string_view kType = "list of addresses";
  static Result<std::vector<net::UdpEndpoint>> read(const SettingValue& value, Limits) {
    return read_list<net::UdpEndpoint>(value, "a list of addresses such as [\"192.0.2.53\", \"[::1]:5353\"]",
                                       [](std::string_view text) { return parse_endpoint(text, 53); });
  }
  static std::string show(const std::vector<net::UdpEndpoint>& value) {
    return show_list(value, [](const auto& server) { return endpoint_text(server.address(), server.port()); });
  }
};

template <>
struct Reader<std::optional<DnsName>> {
  static constexpr std::string_view kType = "name";
  static Result<std::optional<DnsName>> read(const SettingValue& value, Limits) {
    return read_optional<DnsName>(value, "a DNS name such as \"acme.saas.example\", or empty");
  }
  static std::string show(const std::optional<DnsName>& value) { return toml_text(value ? value->text() : ""); }
};

template <>
struct Reader<std::optional<net::UdpEndpoint>> {
  static constexpr std::string_view kType = "address";
  static Result<std::optional<net::UdpEndpoint>> read(const SettingValue& value, Limits) {
    constexpr auto kWanted = "an address such as \"192.0.2.53\" or \"[2001:db8::53]:5353\", or empty";
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return wrong(kWanted, value);
    if (text->empty()) return std::nullopt;
    const auto endpoint = parse_endpoint(*text, 53);
    if (!endpoint) return wrong(kWanted, value);
    return *endpoint;
  }
  static std::string show(const std::optional<net::UdpEndpoint>& value) {
    return toml_text(value ? endpoint_text(value->address(), value->port()) : "");
  }
};

template <>
struct Reader<std::vector<dns::ZoneNameServer>> {
  static constexpr std::string_view kType = "list of names and addresses";
  static Result<dns::ZoneNameServer> parse(std::string_view text) {
    const auto words = split(text, ' ');
    dns::ZoneNameServer server{TRY(DnsName::parse(words.front()))};
    for (std::size_t i = 1; i < words.size(); ++i) {
      boost::system::error_code error;
      server.addresses.push_back(boost::asio::ip::make_address(std::string(words[i]), error));
      if (error) return fail(Kind::kUnprocessable, error.message());
    }
    return server;
  }
  static Result<std::vector<dns::ZoneNameServer>> read(const SettingValue& value, Limits) {
    return read_list<dns::ZoneNameServer>(
        value,
        "a list of name servers, inside the zone with their addresses, such as [\"ns1.acme.saas.example 192.0.2.53 "
        "2001:db8::53\"]",
        parse);
  }
  static std::string show(const std::vector<dns::ZoneNameServer>& value) {
    return show_list(value, [](const dns::ZoneNameServer& server) {
      auto text = server.name.text();
      for (const auto& address : server.addresses) text += " " + address.to_string();
      return text;
    });
  }
};

template <>
struct Reader<std::vector<model::MailProvider>> {
  static constexpr std::string_view kType = "list of google, microsoft, zoho";
  static Result<std::vector<model::MailProvider>> read(const SettingValue& value, Limits) {
    return read_list<model::MailProvider>(value, "a list of \"google\", \"microsoft\" and \"zoho\"",
                                          [](const std::string& text) -> Result<model::MailProvider> {
                                            if (const auto provider = model::parse_mail_provider(text))
                                              return *provider;
                                            return fail(Kind::kUnprocessable, "");
                                          });
  }
  static std::string show(const std::vector<model::MailProvider>& value) {
    return show_list(value, [](model::MailProvider provider) { return name_of(provider); });
  }
};

template <typename Word, std::size_t count>
Result<Word> read_word(const SettingValue& value, std::string_view wanted,
                       const std::array<std::pair<std::string_view, Word>, count>& words) {
  const auto* text = std::get_if<std::string>(&value);
  for (const auto& [name, word] : words) {
    if (text && *text == name) return word;
  }
  return wrong(wanted, value);
}
template <typename Word, std::size_t count>
std::string show_word(Word value, const std::array<std::pair<std::string_view, Word>, count>& words) {
  const auto* found = std::ranges::find(words, value, [](const auto& pair) { return pair.second; });
  return toml_text(found == words.end() ? "" : found->first);
}

template <>
struct Reader<log::Level> {
  static constexpr std::string_view kType = "debug, info, warn or error";
  static constexpr std::array<std::pair<std::string_view, log::Level>, 4> kWords{{{"debug", log::Level::kDebug},
                                                                                  {"info", log::Level::kInfo},
                                                                                  {"warn", log::Level::kWarn},
                                                                                  {"error", log::Level::kError}}};
  static Result<log::Level> read(const SettingValue& value, Limits) {
    return read_word(value, "\"debug\", \"info\", \"warn\" or \"error\"", kWords);
  }
  static std::string show(log::Level value) { return show_word(value, kWords); }
};

template <>
struct Reader<log::Format> {
  static constexpr std::string_view kType = "auto, text or json";
  static constexpr std::array<std::pair<std::string_view, log::Format>, 3> kWords{
      {{"auto", log::Format::kAuto}, {"text", log::Format::kText}, {"json", log::Format::kJson}}};
  static Result<log::Format> read(const SettingValue& value, Limits) {
    return read_word(value, "\"auto\", \"text\" or \"json\"", kWords);
  }
  static std::string show(log::Format value) { return show_word(value, kWords); }
};

template <>
struct Reader<net::MailTls> {
  static constexpr std::string_view kType = "required, opportunistic or none";
  static constexpr std::array<std::pair<std::string_view, net::MailTls>, 3> kWords{
      {{"required", net::MailTls::kRequired},
       {"opportunistic", net::MailTls::kOpportunistic},
       {"none", net::MailTls::kNone}}};
  static Result<net::MailTls> read(const SettingValue& value, Limits) {
    return read_word(value, "\"required\", \"opportunistic\" or \"none\"", kWords);
  }
  static std::string show(net::MailTls value) { return show_word(value, kWords); }
};

template <>
struct Reader<bool> {
  static constexpr std::string_view kType = "true or false";
  static Result<bool> read(const SettingValue& value, Limits) {
    const auto* flag = std::get_if<bool>(&value);
    if (!flag) return wrong("true or false", value);
    return *flag;
  }
  static std::string show(bool value) { return value ? "true" : "false"; }
};

template <>
struct Reader<model::CertificateBy> {
  static constexpr std::string_view kType = "external, cname or txt";
  static constexpr std::array<std::pair<std::string_view, model::CertificateBy>, 3> kWords{
      {{"external", model::CertificateBy::kExternal},
       {"cname", model::CertificateBy::kCname},
       {"txt", model::CertificateBy::kTxt}}};
  static Result<model::CertificateBy> read(const SettingValue& value, Limits) {
    return read_word(value, "\"external\", \"cname\" or \"txt\"", kWords);
  }
  static std::string show(model::CertificateBy value) { return show_word(value, kWords); }
};

template <>
struct Reader<crypto::KeyType> {
  static constexpr std::string_view kType = "ecdsa-p256 or rsa-2048";
  static constexpr std::array<std::pair<std::string_view, crypto::KeyType>, 2> kWords{
      {{"ecdsa-p256", crypto::KeyType::kEcdsaP256}, {"rsa-2048", crypto::KeyType::kRsa2048}}};
  static Result<crypto::KeyType> read(const SettingValue& value, Limits) {
    return read_word(value, "\"ecdsa-p256\" or \"rsa-2048\"", kWords);
  }
  static std::string show(crypto::KeyType value) { return show_word(value, kWords); }
};

template <>
struct Reader<Settings::Authority::Limits> {
  using Kept = Settings::Authority::Limits;
  static constexpr std::string_view kType = "letsencrypt or none";
  static constexpr std::array<std::pair<std::string_view, Kept>, 2> kWords{
      {{"letsencrypt", Kept::kLetsEncrypt}, {"none", Kept::kNone}}};
  static Result<Kept> read(const SettingValue& value, Limits) {
    return read_word(value, "\"letsencrypt\" or \"none\"", kWords);
  }
  static std::string show(Kept value) { return show_word(value, kWords); }
};

template <>
struct Reader<dns::TsigAlgorithm> {
  static constexpr std::string_view kType = "hmac-sha256 or hmac-sha512";
  static constexpr std::array<std::pair<std::string_view, dns::TsigAlgorithm>, 2> kWords{
      {{"hmac-sha256", dns::TsigAlgorithm::kHmacSha256}, {"hmac-sha512", dns::TsigAlgorithm::kHmacSha512}}};
  static Result<dns::TsigAlgorithm> read(const SettingValue& value, Limits) {
    return read_word(value, "\"hmac-sha256\" or \"hmac-sha512\"", kWords);
  }
  static std::string show(dns::TsigAlgorithm value) { return show_word(value, kWords); }
};

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

template <typename>
struct MemberOf;
template <typename Class, typename Type>
struct MemberOf<Type Class::*> {
  using type = Type;
};

template <auto section, auto member, Limits limits = Limits{}>
constexpr Setting row(std::string_view path, std::string_view doc, Secrecy secrecy = Secrecy::kPublic,
                      std::string_view variable = "") {
  using Value = MemberOf<decltype(member)>::type;
  return {path,
          Reader<Value>::kType,
          doc,
          secrecy,
          variable,
          [](Settings& settings, const SettingValue& value) -> Result<void> {
            settings.*section.*member = TRY(Reader<Value>::read(value, limits));
            return {};
          },
          [](const Settings& settings) { return Reader<Value>::show(settings.*section.*member); }};
}

/// A member of the last table of a list.
template <auto list, auto member, Limits limits = Limits{}>
constexpr Setting list_row(std::string_view path, std::string_view doc) {
  using Value = MemberOf<decltype(member)>::type;
  return {path,
          Reader<Value>::kType,
          doc,
          Secrecy::kPublic,
          "",
          [](Settings& settings, const SettingValue& value) -> Result<void> {
            (settings.*list).back().*member = TRY(Reader<Value>::read(value, limits));
            return {};
          },
          [](const Settings& settings) { return Reader<Value>::show((settings.*list).back().*member); }};
}

using S = Settings;
constexpr Limits kPositive{1, 1'000'000};
constexpr Limits kBudget{1, 10 * 60 * 1000};

constexpr std::array kTable{
    row<&S::api, &S::Api::listen>("api.listen",
                                  "Where the API is served. It speaks plain HTTP: put a TLS proxy before it if it is "
                                  "to be reached from outside the machine."),
    row<&S::api, &S::Api::trusted_proxies>(
        "api.trusted_proxies",
        "Proxies whose `X-Forwarded-For` is believed. Danger: a network too many lets clients invent their address."),
    row<&S::api, &S::Api::body_bytes_max, Limits{1024, 16 * 1024 * 1024}>(
        "api.body_bytes_max",
        "Largest request body in bytes; larger ones get 413. What lists URLs (`POST /api/cron/submit-indexnow`, "
        "`PUT /v1/organizations/{org}/pages`) may have 4 MiB from callers with a good API key, whatever this says."),
    row<&S::api, &S::Api::connections_max, kPositive>(
        "api.connections_max",
        "Open client connections; those beyond are answered with 503. Fewer, and the log says so at the start, where "
        "the "
        "limit of open files (`LimitNOFILE`) leaves less beside DNS and webhooks."),
    row<&S::api, &S::Api::requests_per_key>(
        "api.requests_per_key",
        "Requests a second that one API key, one user of an organization, or one application with its `auth_token` may "
        "make on average; 0: no limit."),
    row<&S::api, &S::Api::burst_per_key, kPositive>("api.burst_per_key", "Requests that the same may make at once."),
    row<&S::api, &S::Api::requests_per_address>(
        "api.requests_per_address", "Requests a second that one client address may make on average; 0: no limit."),
    row<&S::api, &S::Api::burst_per_address, kPositive>("api.burst_per_address",
                                                        "Requests that one client address may make at once."),
    row<&S::operation, &S::Operation::listen>("operation.listen",
                                              "Where `/healthz`, `/readyz` and `/metrics` are served, without "
                                              "authentication. Danger: keep it off the internet."),
    row<&S::process, &S::Process::loops, Limits{0, 256}>("process.loops",
                                                         "Event loops, one thread each; 0: one per core."),
    row<&S::process, &S::Process::stop_budget, kBudget>(
        "process.stop_budget",
        "How long a stop waits for requests and webhooks under way. What is cut then goes on at the next start."),
    row<&S::store, &S::Store::url>(
        "store.url", "Empty: SQLite, `signpost.db` in the data directory. Otherwise `postgresql://user@host/database`.",
        Secrecy::kPublic, "SIGNPOST_STORE_URL"),
    row<&S::store, &S::Store::readers, Limits{1, 64}>("store.readers",
                                                      "Threads that read the database, each with its own connection."),
    row<&S::store, &S::Store::master_key_file>("store.master_key_file",
                                               "Empty: `master.key` in the data directory. The master key seals all "
                                               "other secrets. Danger: without it they are lost."),
    row<&S::store, &S::Store::master_key>(
        "store.master_key",
        "The master key itself, base64 of 32 bytes, instead of the file. Only from the environment.", Secrecy::kSecret,
        "SIGNPOST_MASTER_KEY"),
    row<&S::log, &S::Log::level>("log.level", "The least important lines that are written."),
    row<&S::log, &S::Log::format>("log.format", "How lines look: `auto` is text on a terminal and JSON otherwise."),
    row<&S::dns, &S::Dns::resolvers>("dns.resolvers",
                                     "Recursive resolvers for delegations and for the caches' view, which shows what "
                                     "each of them still holds; empty: "
                                     "those of `/etc/resolv.conf`. For a wider view name public ones too: questions "
                                     "about your customers' names then "
                                     "leave for their operators."),
    row<&S::dns, &S::Dns::authority_port>(
        "dns.authority_port",
        "Port of authoritative servers. Danger: with anything but 53 nothing is seen outside demos and tests."),
    row<&S::dns, &S::Dns::look_budget, kBudget>("dns.look_budget",
                                                "How long one look at the records of one connection may take."),
    row<&S::dns, &S::Dns::server_budget, kBudget>(
        "dns.server_budget", "How long one question to one server may take, repeats and TCP included."),
    row<&S::dns, &S::Dns::authorities_max, Limits{1, 100}>(
        "dns.authorities_max", "Name servers of one zone that are asked; others are named, not asked."),
    row<&S::dns, &S::Dns::addresses_max, Limits{1, 200}>("dns.addresses_max",
                                                         "Addresses of one zone's name servers that are asked."),
    row<&S::dns, &S::Dns::certificate_authorities>(
        "dns.certificate_authorities",
        "Authorities that certificates come from, as CAA records name them: a look says if CAA forbids one. Empty: CAA "
        "is not looked at."),
    row<&S::dns, &S::Dns::dkim_providers>(
        "dns.dkim_providers",
        "Mail providers whose DKIM is supported, as the MX records of a domain name them; `dkim_status` is `exempt` "
        "with "
        "others. The hosted service supports Google Workspace and Microsoft 365; `zoho` may be added."),
    row<&S::dns, &S::Dns::acme_zone>(
        "dns.acme_zone",
        "The zone into which the CNAME at `_acme-challenge` of every customer's host leads, so that certificates are "
        "issued and renewed without their hand; empty: none. How it is set up: [acme-zone.md](acme-zone.md)."),
    row<&S::dns, &S::Dns::acme_zone_name_servers>(
        "dns.acme_zone_name_servers",
        "The zone's name servers as the zone above names them: `\"ns1.acme.saas.example 192.0.2.53 2001:db8::53\"`, a "
        "name "
        "and the public addresses of machines that run Signpost; without addresses only outside of the zone."),
    row<&S::dns, &S::Dns::acme_zone_listen>(
        "dns.acme_zone_listen",
        "Where this process serves the zone, UDP and TCP. All addresses are the default, because the zone above leads "
        "resolvers to the public ones, which are not always the machine's own; name single ones where another name "
        "server, such "
        "as systemd-resolved, has port 53 already. Not used with `dns.acme_zone_server`."),
    row<&S::dns, &S::Dns::acme_zone_server>(
        "dns.acme_zone_server",
        "The zone's primary server elsewhere, to which it is written by dynamic update (RFC 2136); empty: this process "
        "serves the zone."),
    row<&S::dns, &S::Dns::acme_zone_key_name>(
        "dns.acme_zone_key_name",
        "The TSIG key that updates are signed with, by its name in the server's configuration; "
        "empty: they are not signed."),
    row<&S::dns, &S::Dns::acme_zone_key_algorithm>("dns.acme_zone_key_algorithm", "The key's algorithm."),
    row<&S::dns, &S::Dns::acme_zone_key_file>("dns.acme_zone_key_file",
                                              "A file with the key's secret in base64, readable for its owner alone."),
    row<&S::certificates, &S::Certificates::by_default>(
        "certificates.by_default",
        "Who brings the certificate of a connection that does not say: `external` (your backend reports it), `cname` "
        "(an authority below, by a CNAME into `dns.acme_zone`: renewed without a hand) or `txt` (an authority below, "
        "by "
        "a TXT that the customer adds anew for each renewal)."),
    row<&S::certificates, &S::Certificates::key_type>("certificates.key_type",
                                                      "Keys of new certificates; `rsa-2048` for clients of long ago."),
    row<&S::aws, &S::Aws::access_key_id>(
        "aws.access_key_id",
        "An access key of your AWS account. Empty: `AWS_ACCESS_KEY_ID` and its siblings, else the role of the "
        "container "
        "or instance that Signpost runs on, which is better: it ends and renews itself."),
    row<&S::aws, &S::Aws::secret_access_key_file>("aws.secret_access_key_file",
                                                  "A file with its secret, readable for its owner alone."),
    row<&S::aws, &S::Aws::secret_access_key>("aws.secret_access_key",
                                             "The secret itself, instead of the file. Only from the environment.",
                                             Secrecy::kSecret, "SIGNPOST_AWS_SECRET_ACCESS_KEY"),
    row<&S::aws, &S::Aws::acm_endpoint>("aws.acm_endpoint",
                                        "Where ACM is spoken to; empty: AWS's own in us-east-1, the only region whose "
                                        "certificates CloudFront takes."),
    row<&S::aws, &S::Aws::cloudfront_endpoint>("aws.cloudfront_endpoint",
                                               "Where CloudFront is spoken to; empty: AWS's own."),
    row<&S::cloudfront, &S::Cloudfront::enabled>(
        "cloudfront.enabled",
        "Connections may have the edge `cloudfront`: Signpost writes to ACM and CloudFront of your account "
        "([cloudfront.md](cloudfront.md))."),
    row<&S::cloudfront, &S::Cloudfront::pages_host>(
        "cloudfront.pages_host",
        "Where the pages of an organization are, served by HTTPS: `{ORGANIZATION}.pages.saas.example`, or one host for "
        "all. Empty: no distribution is made, only existing ones are used."),
    row<&S::cloudfront, &S::Cloudfront::pages_paths>(
        "cloudfront.pages_paths",
        "What of a new distribution goes to the pages; everything else goes to the customer's own server."),
    row<&S::cloudfront, &S::Cloudfront::apex_gateway_ips>(
        "cloudfront.apex_gateway_ips",
        "IPv4 addresses of yours that lead an apex, which cannot be a CNAME, to CloudFront, at most 4. Empty: an apex "
        "is "
        "refused."),
    row<&S::search, &S::Search::indexnow_key>("search.indexnow_key",
                                              "The key of IndexNow, 8 to 128 characters of a-z, A-Z, 0-9 and `-`, "
                                              "which every connected host shows in a file; "
                                              "empty: no URL is submitted. It is no secret."),
    row<&S::search, &S::Search::indexnow_key_path>(
        "search.indexnow_key_path",
        "Where that file is on every connected host. It speaks for the URLs of its directory and below, so only those "
        "are submitted."),
    row<&S::search, &S::Search::indexnow_url>(
        "search.indexnow_url", "The engine that is told; it tells the others that take part in IndexNow."),
    row<&S::search, &S::Search::google_credentials_file>(
        "search.google_credentials_file",
        "The JSON file that Google hands out for a service account or an authorized user, readable for its owner "
        "alone; "
        "empty: Google is told nothing. Its project needs the Site Verification API and the Search Console API."),
    row<&S::search, &S::Search::google_api_url>("search.google_api_url", "Where Google's APIs are."),
    row<&S::search, &S::Search::google_token_url>("search.google_token_url",
                                                  "Where access tokens are had; empty: as the credential says."),
    row<&S::search, &S::Search::ca_file>(
        "search.ca_file",
        "Authorities that the certificates of these three are checked against, PEM; empty: the system's."),
    row<&S::webhooks, &S::Webhooks::source_address>(
        "webhooks.source_address",
        "Local addresses that webhooks leave from, so that receivers can allow them: one, or a list of one IPv4 and "
        "one "
        "IPv6. Receivers of a family without one get nothing. The start fails if this machine does not have them; "
        "`GET /v1/meta` shows those that are public. Empty: the system's choice."),
    row<&S::webhooks, &S::Webhooks::public_addresses>(
        "webhooks.public_addresses",
        "Public addresses that receivers see webhooks come from, for `GET /v1/meta`; behind NAT they are not "
        "`webhooks.source_address`. Empty: those of `webhooks.source_address` that are public."),
    row<&S::webhooks, &S::Webhooks::allowed_ports>(
        "webhooks.allowed_ports",
        "Ports that webhooks may go to beside 80 and 443, `\"8443\"` or `\"9000-9010\"`. Danger: other ports belong to "
        "other protocols, such as those of mail servers and databases."),
    row<&S::webhooks, &S::Webhooks::in_flight_max, kPositive>("webhooks.in_flight_max",
                                                              "Attempts under way at once that are younger than a "
                                                              "second, all endpoints together."),
    row<&S::webhooks, &S::Webhooks::slow_in_flight_max, kPositive>(
        "webhooks.slow_in_flight_max",
        "Attempts that take longer than a second make room for others and count here instead, all endpoints together. "
        "Each holds a connection and about 16 KiB; once there are so many, fewer new ones begin."),
    row<&S::webhooks, &S::Webhooks::per_endpoint_in_flight_max, kPositive>(
        "webhooks.per_endpoint_in_flight_max", "Attempts under way at once for one endpoint, quick and slow."),
    row<&S::webhooks, &S::Webhooks::ca_file>(
        "webhooks.ca_file", "Authorities that receivers' certificates are checked against (PEM); empty: the system's."),
    row<&S::smtp, &S::Smtp::url>("smtp.url",
                                 "The mail server for warnings to members, `smtp://mail.saas.example:587` or "
                                 "`smtps://mail.saas.example`; empty: no mail is sent."),
    row<&S::smtp, &S::Smtp::from>("smtp.from", "The address that mails are from."),
    row<&S::smtp, &S::Smtp::username>("smtp.username", "Whom the mail server knows; empty: no authentication."),
    row<&S::smtp, &S::Smtp::password_file>("smtp.password_file",
                                           "A file with the password, readable for its owner alone."),
    row<&S::smtp, &S::Smtp::password>("smtp.password",
                                      "The password itself, instead of the file. Only from the environment.",
                                      Secrecy::kSecret, "SIGNPOST_SMTP_PASSWORD"),
    row<&S::smtp, &S::Smtp::tls>(
        "smtp.tls",
        "Whether `smtp://` must become TLS (STARTTLS): `required`, `opportunistic` (if the "
        "server offers it; not with a password) or `none` (with a password only to a server on this "
        "machine). `smtps://` always is TLS."),
    row<&S::smtp, &S::Smtp::ca_file>(
        "smtp.ca_file",
        "Authorities that the mail server's certificate is checked against (PEM); empty: the system's."),
    row<&S::network, &S::Network::allow>("network.allow",
                                         "Networks that webhooks and DNS questions may reach although they are not "
                                         "public. Danger: whoever may name an endpoint or a "
                                         "host name then reaches them through Signpost; meant for demos, tests and "
                                         "installations inside a private network."),
    row<&S::tokens, &S::Tokens::leeway, Limits{0, 10 * 60 * 1000}>(
        "tokens.leeway", "How far the clocks of identity providers may be off when `exp` and `nbf` are checked."),
    row<&S::retention, &S::Retention::days, Limits{1, 3650}>(
        "retention.days",
        "Days after which events are dropped, with their deliveries and attempts, once none is pending."),
    row<&S::retention, &S::Retention::attempt_days, Limits{1, 3650}>(
        "retention.attempt_days",
        "Days after which attempts are dropped, events or not: they hold what receivers answered, up to 8 KiB each."),
    row<&S::retention, &S::Retention::audit_days, Limits{1, 36500}>(
        "retention.audit_days", "Days after which lines of the audit log are dropped."),
};

constexpr std::array kIssuerTable{
    list_row<&S::issuers, &S::Issuer::issuer>("issuers.issuer", "The exact value of the claim `iss`."),
    list_row<&S::issuers, &S::Issuer::jwks_url>(
        "issuers.jwks_url",
        "Where its keys are, `https://…/.well-known/jwks.json`; exactly one of this and `jwks_file`."),
    list_row<&S::issuers, &S::Issuer::jwks_file>("issuers.jwks_file", "A file with its keys, read at start."),
    list_row<&S::issuers, &S::Issuer::organization_claim>(
        "issuers.organization_claim",
        "The claim that names the organization, with dots for inner ones; "
        "empty: `org_slug`, then `o.slg`, as Clerk has them."),
};

template <auto member, Limits limits = Limits{}>
constexpr Setting authority_row(std::string_view path, std::string_view doc) {
  return list_row<&S::authorities, member, limits>(path, doc);
}
constexpr std::array kAuthorityTable{
    authority_row<&S::Authority::name>("authorities.name",
                                       "Your name for it, kept with every certificate: with another name it is another "
                                       "authority."),
    authority_row<&S::Authority::directory_url>(
        "authorities.directory_url", "Its ACME directory, `https://acme-v02.api.letsencrypt.org/directory`."),
    authority_row<&S::Authority::contact>(
        "authorities.contact",
        "Where the authority writes to when something is wrong. It is told of another one at the next start."),
    authority_row<&S::Authority::agree_to_terms>(
        "authorities.agree_to_terms",
        "You agree to the authority's terms of service. Without it no account is made where it has terms."),
    authority_row<&S::Authority::eab_key_id>("authorities.eab_key_id",
                                             "The key's id of an external account, where the authority wants one."),
    authority_row<&S::Authority::eab_mac_key_file>(
        "authorities.eab_mac_key_file", "A file with its MAC key in base64url, readable for its owner alone."),
    authority_row<&S::Authority::ca_file>("authorities.ca_file",
                                          "What the authority's own TLS is checked against, PEM; empty: the system's "
                                          "authorities."),
    authority_row<&S::Authority::profile>("authorities.profile",
                                          "`classic`, `tlsserver`, `shortlived` or another that it has; empty: its own "
                                          "choice."),
    authority_row<&S::Authority::preferred_root>("authorities.preferred_root",
                                                 "Common name of the root that the chain is to lead to, if the "
                                                 "authority offers several; empty: its own choice."),
    authority_row<&S::Authority::limits>("authorities.limits",
                                         "Whose published limits Signpost keeps by itself, before the authority has to "
                                         "refuse."),
    authority_row<&S::Authority::calls_max, Limits{1, 64}>("authorities.calls_max", "Calls to it at a time."),
};

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> cells(b.size() + 1);
  std::iota(cells.begin(), cells.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(cells[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(cells[j + 1], std::min({replaced, cells[j] + 1, cells[j + 1] + 1}));
    }
  }
  return cells.back();
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

}  // namespace

std::span<const Setting> setting_table() { return kTable; }
std::span<const Setting> issuer_table() { return kIssuerTable; }
std::span<const Setting> authority_table() { return kAuthorityTable; }

std::string_view nearest_path(std::string_view path) {
  path = path.substr(0, 100);
  std::string_view nearest;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  const auto consider = [&](const Setting& setting) {
    // A right name in a wrong section is nearer than any misspelling.
    const auto far = std::min(distance(path, setting.path), distance(last_part(path), last_part(setting.path)) + 1);
    if (far < least) {
      least = far;
      nearest = setting.path;
    }
  };
  std::ranges::for_each(kTable, consider);
  std::ranges::for_each(kIssuerTable, consider);
  std::ranges::for_each(kAuthorityTable, consider);
  // Where more than every third character is another one, it is another word.
  return least * 3 <= std::max(last_part(path).size(), last_part(nearest).size()) ? nearest : std::string_view();
}

std::string toml_text(std::string_view text) {
  const bool is_utf8 = is_valid_utf8(text);
  std::string quoted = "\"";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet = static_cast<unsigned char>(text[at]);
    if (octet >= 0x80 && is_utf8) {
      const std::size_t following = octet >= 0xF0 ? 3 : octet >= 0xE0 ? 2 : 1;
      std::uint32_t point = octet & (0x3FU >> following);
      for (std::size_t i = 0; i < following; ++i) point = point << 6 | (static_cast<unsigned char>(text[++at]) & 0x3FU);
      quoted += format("\\U{:08x}", point);
    } else if (octet < 0x20 || octet >= 0x7F) {
      quoted += '?';
    } else {
      if (octet == '"' || octet == '\\') quoted += '\\';
      quoted += text[at];
    }
  }
  return quoted + '"';
}

std::string mask_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  std::string masked(url);
  const auto at = masked.rfind('@', masked.find_first_of("/?", scheme + 3));
  const auto colon = masked.find(':', scheme + 3);
  if (at != std::string::npos && colon != std::string::npos && colon < at)
    masked.replace(colon + 1, at - colon - 1, "***");
  if (const auto query = masked.find("password="); query != std::string::npos) {
    const auto value = query + std::string_view("password=").size();
    const auto end = masked.find('&', value);
    masked.replace(value, end == std::string::npos ? std::string::npos : end - value, "***");
  }
  return masked;
}

Result<net::UdpEndpoint> parse_endpoint(std::string_view text, std::uint16_t port_default) {
  const auto wrong_endpoint =
      fail(Kind::kUnprocessable, format("\"{}\" is not an address{}, such as 192.0.2.53:53 or [2001:db8::53]:53",
                                        printable(text, 60), port_default == 0 ? " and a port" : ""));
  std::string_view address = text;
  std::optional<std::int64_t> port = port_default;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return wrong_endpoint;
    address = text.substr(1, close - 1);
    const auto rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return wrong_endpoint;
    if (!rest.empty()) port = parse_integer(rest.substr(1));
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
    address = text.substr(0, colon);
    port = parse_integer(text.substr(colon + 1));
  }
  const bool has_port = address.size() != text.size() && text.back() != ']';
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(std::string(address), error);
  if (error || !port || *port < 0 || *port > 65535 || (port_default == 0 && !has_port)) return wrong_endpoint;
  return net::UdpEndpoint(parsed, static_cast<std::uint16_t>(*port));
}

std::string endpoint_text(const net::IpAddress& address, std::uint16_t port) {
  return address.is_v6() ? format("[{}]:{}", address.to_string(), port) : format("{}:{}", address.to_string(), port);
}

}  // namespace signpost::app
