// SPDX-License-Identifier: Apache-2.0
#include "acme/testing/pebble_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <stdexcept>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/certificate_chain.h"
#include "crypto/certification_request.h"
#include "crypto/testing/test_issuer.h"

namespace signpost::acme::testing {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kStartMax{30};
constexpr int kPauseMs = 20;

/// A port that nobody holds right now, for TCP and UDP.
std::uint16_t free_port() {
  for (int tries = 0; tries < 100; ++tries) {
    net::TcpEndpoint any(boost::asio::ip::address_v4::loopback(), 0);
    auto size = static_cast<socklen_t>(any.size());
    const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int udp = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool is_free = ::bind(tcp, any.data(), size) == 0 && ::getsockname(tcp, any.data(), &size) == 0 &&
                         ::bind(udp, any.data(), size) == 0;
    ::close(tcp);
    ::close(udp);
    if (is_free) return any.port();
  }
  throw std::runtime_error("no port is free");
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void end(pid_t child) {
  if (child <= 0) return;
  ::kill(child, SIGKILL);  // neither keeps anything
  ::waitpid(child, nullptr, 0);
}

std::string settings_json(const PebbleServer::Settings& settings, std::uint16_t port, std::uint16_t management_port) {
  json::object pebble{{"listenAddress", format("127.0.0.1:{}", port)},
                      {"managementListenAddress", format("127.0.0.1:{}", management_port)},
                      {"certificate", "certificate.pem"},
                      {"privateKey", "key.pem"},
                      {"httpPort", 5002},
                      {"tlsPort", 5001},
                      {"externalAccountBindingRequired", !settings.external_keys.empty()}};
  json::object keys;
  for (const auto& [key_id, mac_key] : settings.external_keys) keys[key_id] = mac_key;
  if (!keys.empty()) pebble["externalAccountMACKeys"] = std::move(keys);
  return json::serialize(json::object{{"pebble", std::move(pebble)}});
}

}  // namespace

PebbleServer::PebbleServer(const Settings& settings)
    : port_(free_port()),
      management_port_(free_port()),
      dns_port_(free_port()),
      dns_management_port_(free_port()),
      http_({.ca_file = ca_file()}) {
  make_tls_files();
  write("pebble.json", settings_json(settings, port_, management_port_));
  challenge_server_ =
      spawn({"/usr/bin/pebble-challtestsrv", "-dns01", format("127.0.0.1:{}", dns_port_), "-http01", "", "-https01", "",
             "-tlsalpn01", "", "-management", format("127.0.0.1:{}", dns_management_port_)},
            {}, "challenges.log");
  pebble_ = spawn({"/usr/bin/pebble", "-config", "pebble.json", "-dnsserver", format("127.0.0.1:{}", dns_port_)},
                  {"PEBBLE_VA_NOSLEEP=1", format("PEBBLE_WFE_NONCEREJECT={}", settings.nonces_refused_percent),
                   format("PEBBLE_ALTERNATE_ROOTS={}", settings.alternates)},
                  "pebble.log");
  wait_until_it_answers();
}

PebbleServer::~PebbleServer() {
  end(pebble_);
  end(challenge_server_);
}

void PebbleServer::write(std::string_view name, std::string_view text) const {
  std::ofstream(directory_.path() / name) << text;
}

void PebbleServer::make_tls_files() const {
  const auto now = SystemClock().now();
  crypto::testing::TestIssuer issuer("Pebble TLS", now);
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
  const std::vector names{DnsName::parse("localhost").value()};
  const auto request = crypto::make_certification_request(key, names).value();
  write("key.pem", key.to_pem().expose());
  write("certificate.pem", issuer.issue(request, names, now - std::chrono::hours(1), now + std::chrono::days(1)) +
                               issuer.intermediate_pem());
  write("root.pem", issuer.root_pem());
}

pid_t PebbleServer::spawn(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                          std::string_view log) const {
  const auto directory = directory_.path().string();
  const auto out_name = (directory_.path() / log).string();
  const auto arguments = pointers_to(command);
  const auto variables = pointers_to(environment);
  const pid_t child = ::fork();
  if (child != 0) return child;
  // Between fork and exec only what is safe there: other threads may hold any lock.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(out_name.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (::chdir(directory.c_str()) != 0) ::_exit(126);
  ::execve(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

void PebbleServer::wait_until_it_answers() {
  const auto give_up_at = std::chrono::steady_clock::now() + kStartMax;
  for (;;) {
    const auto directory = http_.call_blocking({.url = directory_url()});
    const auto manager = http_.call_blocking({.url = format("http://127.0.0.1:{}/", dns_management_port_)});
    if (directory && directory->status == 200 && manager) return;
    if (std::chrono::steady_clock::now() > give_up_at) {
      throw std::runtime_error("Pebble does not start; are the packages of packaging/debian-packages.txt installed? " +
                               (directory ? format("HTTP {}", directory->status) : directory.error().message));
    }
    ::poll(nullptr, 0, kPauseMs);
  }
}

std::string PebbleServer::directory_url() const { return format("https://localhost:{}/dir", port_); }

void PebbleServer::manage(std::string_view what, std::string_view text) {
  const auto done = http_.call_blocking({.method = "POST",
                                         .url = format("http://127.0.0.1:{}/{}", dns_management_port_, what),
                                         .body = std::string(text)});
  if (!done || done->status != 200) throw std::runtime_error("the challenge server refuses: " + std::string(text));
}

void PebbleServer::add_txt(std::string_view name, std::string_view value) {
  manage("set-txt", format(R"({{"host":"{}.","value":"{}"}})", name, value));
}

void PebbleServer::clear_txt(std::string_view name) { manage("clear-txt", format(R"({{"host":"{}."}})", name)); }

void PebbleServer::set_cname(std::string_view name, std::string_view target) {
  manage("set-cname", format(R"({{"host":"{}.","target":"{}."}})", name, target));
}

std::string PebbleServer::root_name(int number) {
  const auto reply = http_.call_blocking({.url = format("https://localhost:{}/roots/{}", management_port_, number)});
  if (!reply || reply->status != 200) throw std::runtime_error(format("Pebble has no root {}", number));
  return crypto::CertificateChain::parse(reply->body).value().root_name();
}

std::string PebbleServer::status_of(std::string_view serial) {
  serial.remove_prefix(std::min(serial.find_first_not_of('0'), serial.size()));  // Pebble's own way of writing it
  const auto reply =
      http_.call_blocking({.url = format("https://localhost:{}/cert-status-by-serial/{}", management_port_, serial)});
  if (!reply || reply->status != 200) return "unknown";
  const auto value = json::parse({reply->body.data(), reply->body.size()});
  return std::string(value.as_object().at("Status").as_string());
}

}  // namespace signpost::acme::testing
