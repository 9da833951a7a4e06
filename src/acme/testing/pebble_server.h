// SPDX-License-Identifier: Apache-2.0
//
// Debian's Pebble with its challenge server, over TLS on loopback: the authority that we have not written.
// Owned by the test; its thread. Both are stopped at its end, or when the program dies. Pebble refuses good nonces at
// random, and reuses authorizations at random, as it comes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/testing/temporary_directory.h"
#include "net/http_client.h"

namespace signpost::acme::testing {

class PebbleServer {
 public:
  struct Settings {
    std::map<std::string, std::string> external_keys = {};  // key id and MAC key; some: accounts need one of them
    int alternates = 0;                                     // further chains to roots of their own
    int nonces_refused_percent = 20;
  };
  explicit PebbleServer(const Settings& settings);
  ~PebbleServer();
  PebbleServer(const PebbleServer&) = delete;
  PebbleServer& operator=(const PebbleServer&) = delete;

  std::string directory_url() const;
  /// The root of its TLS, PEM.
  std::string ca_file() const { return (directory_.path() / "root.pem").string(); }
  /// One more TXT value at that name; and none any more.
  void add_txt(std::string_view name, std::string_view value);
  void clear_txt(std::string_view name);
  /// The name becomes an alias.
  void set_cname(std::string_view name, std::string_view target);
  /// The common name of the root that chain `number` leads to; 0 is the first.
  std::string root_name(int number);
  /// "Valid" or "Revoked", as Pebble's management interface says; `serial` is hexadecimal.
  std::string status_of(std::string_view serial);

 private:
  void write(std::string_view name, std::string_view text) const;
  void make_tls_files() const;
  pid_t spawn(const std::vector<std::string>& command, const std::vector<std::string>& environment,
              std::string_view log) const;
  void wait_until_it_answers();
  void manage(std::string_view what, std::string_view json);

  crypto::testing::TemporaryDirectory directory_;
  std::uint16_t port_;
  std::uint16_t management_port_;
  std::uint16_t dns_port_;
  std::uint16_t dns_management_port_;
  net::HttpClient http_;
  pid_t challenge_server_ = -1;
  pid_t pebble_ = -1;
};

}  // namespace signpost::acme::testing
