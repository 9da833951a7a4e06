// SPDX-License-Identifier: Apache-2.0
//
// Everything an operator can set: defaults here, changed by a TOML file, a few by the environment. The door to toml++.
// Owned by the command that loaded it; a value, not changed after that; any thread.
// Whoever holds loaded Settings holds checked ones: every key known, every value of its type and within its limits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/private_key.h"
#include "dns/update_message.h"
#include "dns/zone_texts.h"
#include "model/certificate.h"
#include "model/mail_provider.h"
#include "net/mail.h"
#include "net/target_policy.h"
#include "net/task.h"

namespace signpost::app {

struct Settings {
  struct Api {
    // Where the API is served. It speaks plain HTTP: put a TLS proxy before it if it shall leave the machine.
    net::TcpEndpoint listen{boost::asio::ip::address_v4::loopback(), 8080};
    // Proxies whose X-Forwarded-For is believed. Danger: a network too many lets clients invent their address.
    std::vector<net::Network> trusted_proxies;
    // Largest request body, bytes; lists of URLs may be longer (api/router.h).
    std::size_t body_bytes_max = 64 * 1024;
    // Open client connections; those beyond are answered with 503. Fewer if the limit of open files is too low.
    std::size_t connections_max = 4096;
    // Requests a second, and at once, of one API key, one user of an organization, or one application with its
    // auth_tokens; 0 requests a second: no limit.
    std::size_t requests_per_key = 100;
    std::size_t burst_per_key = 400;
    // The same for one client address (an IPv6 client is its /64).
    std::size_t requests_per_address = 50;
    std::size_t burst_per_address = 200;
  } api;

  struct Operation {
    // Where /healthz, /readyz and /metrics are served, without authentication. Danger: keep it off the internet.
    net::TcpEndpoint listen{boost::asio::ip::address_v4::loopback(), 8081};
  } operation;

  struct Process {
    // Event loops, one thread each; 0: one per core.
    std::size_t loops = 0;
    // How long a stop waits for requests and webhooks under way; then they are cut and go on at the next start.
    Milliseconds stop_budget = std::chrono::seconds(20);
  } process;

  struct Store {
    // Empty: SQLite, signpost.db in the data directory. Otherwise "postgresql://user@host/database".
    std::string url;
    // Threads that read; writing has one of its own with SQLite.
    std::size_t readers = 2;
    // Empty: master.key in the data directory. It seals all other secrets: without it they are lost.
    std::filesystem::path master_key_file;
    // The master key itself, base64 of 32 bytes; only from the environment.
    std::string master_key;
  } store;

  struct Log {
    log::Level level = log::Level::kInfo;
    // auto: text on a terminal, JSON lines otherwise.
    log::Format format = log::Format::kAuto;
  } log;

  struct Dns {
    // Recursive resolvers that delegations are looked up with; empty: those of /etc/resolv.conf.
    std::vector<net::UdpEndpoint> resolvers;
    // Port of authoritative servers. Danger: anything but 53 sees nothing outside demos and tests.
    std::uint16_t authority_port = 53;
    // One whole look at the records of one connection.
    Milliseconds look_budget = std::chrono::seconds(5);
    // One question to one server, repeats and TCP included.
    Milliseconds server_budget = Milliseconds(1'100);
    // Name servers of one zone, and their addresses, that are asked in one look.
    std::size_t authorities_max = 13;
    std::size_t addresses_max = 32;
    // Whose CAA verdict each look asks for: "letsencrypt.org".
    std::vector<DnsName> certificate_authorities;
    // Mail providers whose DKIM is supported: google, microsoft, zoho.
    std::vector<model::MailProvider> dkim_providers{model::MailProvider::kGoogle, model::MailProvider::kMicrosoft};
    // The zone into which the CNAMEs at _acme-challenge lead; nothing: none.
    std::optional<DnsName> acme_zone;
    // Its name servers as the zone above names them; those inside the zone with their addresses.
    std::vector<dns::ZoneNameServer> acme_zone_name_servers;
    // Where this process serves it, UDP and TCP; not if it is written to another server.
    std::vector<net::UdpEndpoint> acme_zone_listen{{boost::asio::ip::address_v4::any(), 53},
                                                   {boost::asio::ip::address_v6::any(), 53}};
    // The zone's primary server elsewhere, to which it is written (RFC 2136); nothing: this process serves it.
    std::optional<net::UdpEndpoint> acme_zone_server;
    // The TSIG key that updates are signed with; nothing: they are not signed.
    std::optional<DnsName> acme_zone_key_name;
    dns::TsigAlgorithm acme_zone_key_algorithm = dns::TsigAlgorithm::kHmacSha256;
    // Its secret, base64, in a file with mode 0600.
    std::filesystem::path acme_zone_key_file;
  } dns;

  struct Certificates {
    // Who brings the certificate of a connection that does not say: external, cname or txt.
    model::CertificateBy by_default = model::CertificateBy::kExternal;
    // Keys of certificates: ecdsa-p256, or rsa-2048 for clients of long ago.
    crypto::KeyType key_type = crypto::KeyType::kEcdsaP256;
  } certificates;

  struct Aws {
    // An access key of our own account; empty: AWS's environment variables, then container's or instance's metadata.
    std::string access_key_id;
    // Its secret in a file with mode 0600.
    std::filesystem::path secret_access_key_file;
    // The secret itself; only from the environment.
    std::string secret_access_key;
    // Where ACM and CloudFront are; empty: AWS's own. CloudFront takes certificates of us-east-1 alone.
    std::string acm_endpoint;
    std::string cloudfront_endpoint;
  } aws;

  struct Cloudfront {
    // Connections may have the edge "cloudfront".
    bool enabled = false;
    // Where the pages of an organization are: "{ORGANIZATION}.pages.saas.example"; empty: no distribution is made.
    std::string pages_host;
    // What of a new distribution goes there; everything else goes to the customer.
    std::vector<std::string> pages_paths{"/ai/*", "/llms.txt", "/robots.txt", "/sitemap.xml", "/search-company.txt"};
    // Addresses that lead an apex to CloudFront; empty: no apex is connected.
    std::vector<net::IpAddress> apex_gateway_ips;
  } cloudfront;

  struct Search {
    // The key of IndexNow, which every connected host shows in a file: 8 to 128 characters of a-z, A-Z, 0-9 and '-'.
    // Empty: no URL is submitted.
    std::string indexnow_key;
    // Where that file is on every connected host; it speaks for the URLs of its directory and below.
    std::string indexnow_key_path = "/search-company.txt";
    // The engine that is told; it tells the others.
    std::string indexnow_url = "https://api.indexnow.org/indexnow";
    // The JSON file of a service account or of an authorized user, mode 0600. Empty: Google is told nothing.
    std::filesystem::path google_credentials_file;
    // Where Google's APIs are.
    std::string google_api_url = "https://www.googleapis.com";
    // Where access tokens are had; empty: as the credential says.
    std::string google_token_url;
    // Authorities that the certificates of all three are checked against, PEM; empty: the system's.
    std::filesystem::path ca_file;
  } search;

  struct Webhooks {
    // Local addresses that webhooks leave from, so that receivers can allow them, one a family at most; receivers of a
    // family without one get nothing. Empty: the system's choice.
    std::vector<net::IpAddress> source_address;
    // What GET /v1/meta tells receivers. Empty: those of `source_address` that are public.
    std::vector<net::IpAddress> public_addresses;
    // Ports that webhooks may go to beside 80 and 443. Danger: other ports belong to other protocols.
    std::vector<net::PortRange> allowed_ports;
    // Attempts under way at once that are younger than a second, all endpoints together.
    std::size_t in_flight_max = 256;
    // The older ones beside them; each costs a connection and about 16 KiB.
    std::size_t slow_in_flight_max = 2048;
    // Attempts of both sorts for one endpoint.
    std::size_t per_endpoint_in_flight_max = 8;
    // Authorities that receivers' certificates are checked against, PEM; empty: the system's.
    std::filesystem::path ca_file;
  } webhooks;

  struct Smtp {
    // The mail server for warnings to members; empty: no mail is sent.
    std::optional<net::MailServer> url;
    // Whom mails are from.
    std::optional<MailAddress> from;
    // Empty: no authentication.
    std::string username;
    // A file with the password, mode 0600.
    std::filesystem::path password_file;
    // The password itself; only from the environment.
    std::string password;
    // STARTTLS with smtp://; smtps:// always has TLS.
    net::MailTls tls = net::MailTls::kRequired;
    // Authorities that the server's certificate is checked against, PEM; empty: the system's.
    std::filesystem::path ca_file;
  } smtp;

  struct Network {
    // Networks that webhooks and DNS questions may reach although they are not public. Danger: whoever may name an
    // endpoint or a host name can then reach them through Signpost.
    std::vector<net::Network> allow;
  } network;

  struct Tokens {
    // How far the clocks of identity providers may be off (exp, nbf).
    Milliseconds leeway = std::chrono::seconds(60);
  } tokens;

  /// An identity provider whose tokens /api/domain/* takes.
  struct Issuer {
    // The exact value of the claim iss.
    std::string issuer;
    // Where its keys are: exactly one of the two.
    std::string jwks_url;
    std::filesystem::path jwks_file;
    // The claim that names the organization; empty: org_slug or o.slg, as Clerk has them.
    std::string organization_claim;
  };
  std::vector<Issuer> issuers;

  /// A certificate authority that speaks ACME (RFC 8555); the first that can issue does.
  struct Authority {
    // Our own name for it, kept in the database: with another name it is another authority.
    std::string name;
    // Its directory, https://acme-v02.api.letsencrypt.org/directory.
    std::string directory_url;
    // Where it writes to when something is wrong.
    std::optional<MailAddress> contact;
    // The operator agrees to the authority's terms of service; without it most make no account.
    bool agree_to_terms = false;
    // An external account, where it wants one: the key's id, and a file with the MAC key in base64url, mode 0600.
    std::string eab_key_id;
    std::filesystem::path eab_mac_key_file;
    // What its TLS is checked against, PEM; empty: the system's authorities.
    std::filesystem::path ca_file;
    // "classic", "tlsserver", "shortlived"; empty: the authority's choice.
    std::string profile;
    // Common name of the root that the chain shall lead to; empty: the authority's choice.
    std::string preferred_root;
    // Whose published limits are kept before the authority has to say so.
    enum class Limits { kLetsEncrypt, kNone } limits = Limits::kLetsEncrypt;
    // Calls under way at once.
    std::size_t calls_max = 8;
  };
  std::vector<Authority> authorities;

  struct Retention {
    // Events are dropped after so many days, with their deliveries and attempts, once none is pending.
    std::size_t days = 90;
    // Attempts are dropped after so many, events or not: they hold what receivers answered, up to 8 KiB each.
    std::size_t attempt_days = 30;
    // Lines of the audit log are dropped after so many days.
    std::size_t audit_days = 730;
  } retention;
};

constexpr std::size_t kIssuersMax = 50;
constexpr std::size_t kAuthoritiesMax = 10;
constexpr std::size_t kAcmeNameServersMax = 13;  // more fit no answer in one datagram
constexpr std::size_t kAcmeAddressesMax = 4;     // of one name server
constexpr std::size_t kAcmeListenMax = 16;
constexpr std::size_t kPagesPathsMax = 25;  // quota: cache behaviours of a distribution
constexpr std::size_t kSettingsFileBytesMax = 1024 * 1024;

struct LoadedSettings {
  Settings settings;
  /// Where each setting that is not a default came from, by its path: "signpost.toml:12", "environment
  /// (SIGNPOST_STORE_URL)".
  std::map<std::string, std::string, std::less<>> origins;
};

/// Reads an environment variable; empty if unset. The process's own is `process_environment`.
using Environment = std::function<std::string(const char* name)>;
std::string process_environment(const char* name);

/// Reads TOML. `file` is what messages call it. kUnprocessable with file, line, and what to write instead: not TOML, an
/// unknown key (names a known one that is like it), a wrong type, a value outside its limits, an issuer without keys,
/// an authority without a directory.
Result<LoadedSettings> parse_settings(std::string_view toml, std::string_view file, const Environment& environment);

/// The same from a file; an empty path: defaults and environment. kNotFound if it cannot be read.
Result<LoadedSettings> load_settings(const std::filesystem::path& file, const Environment& environment);

/// Where receivers are told that webhooks come from: public addresses only.
std::vector<net::IpAddress> published_addresses(const Settings::Webhooks& webhooks);

}  // namespace signpost::app
