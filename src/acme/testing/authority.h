// SPDX-License-Identifier: Apache-2.0
//
// A small certificate authority that makes other choices than Pebble: other URLs, ARI, profiles, and any trouble at
// will. Speaks plain HTTP on loopback.
// Owned by the test, or by the program acme_authority; its own loop serves, every function may be called from any
// thread. It is as strict as the RFC lets it be: a client that it serves has signed well, with a nonce used once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "acme/problem.h"
#include "base/clock.h"
#include "base/host_name.h"
#include "base/time.h"
#include "net/task.h"

namespace signpost::acme::testing {

/// One answer instead of what would have been answered.
struct Canned {
  std::string where;  // the resource: "directory", "newNonce", "newAccount", "newOrder", "order", "authorization",
                      // "challenge", "finalize", "certificate", "revokeCert", "keyChange", "renewalInfo"; "": the next
  int status = 500;
  std::string type;  // "rateLimited"; empty: no problem document but `detail` as it is
  std::string detail;
  std::string retry_after;  // the header's text; empty: none
};

struct Choices {
  // What the directory says.
  bool needs_external_account = false;
  std::map<std::string, std::string> external_keys;  // key id and MAC key
  bool has_renewal_info = true;
  bool has_terms = true;
  std::vector<std::pair<std::string, std::string>> profiles;  // name and how it is described
  std::vector<std::string> caa_identities{"authority.example"};

  // How it answers.
  bool is_closed = false;           // 503 to everything, with retry_after
  bool has_relative_links = false;  // Location and Link as references
  bool gives_nonces_with_errors = true;
  int bad_nonces = 0;          // so many good ones are refused
  std::vector<Canned> canned;  // each once

  // How orders go.
  bool checks_txt = true;              // else every challenge is met
  bool reuses_authorizations = false;  // proven once: valid at once in the next order; pending: the same
  int looks_while_validating = 0;      // at an authorization or its order, until it is decided
  int looks_until_ready = 0;           // at an order whose authorizations are valid
  int looks_while_processing = 0;      // at an order that is finalized
  std::string retry_after;             // with every answer about what is not done yet
  Milliseconds certificate_lifetime = std::chrono::days(90);
  bool certifies_another_key = false;                   // than that of the request
  bool leaves_out_issuers = false;                      // of the chain
  int alternates = 0;                                   // further chains, to "Alternate 1 Root" …; at most 10
  std::map<std::string, std::string> fails_validation;  // name and error type: {"shop.example", "caa"}
  std::map<std::string, std::string> refuses_to_order;  // name and error type: {"bank.example", "rejectedIdentifier"}
  bool has_changed_terms = false;                       // nothing is ordered until they are agreed to
  std::function<void()> during_revocation;              // before it is answered, on the authority's loop
};

class Authority {
 public:
  explicit Authority(const Clock& clock, std::string_view listen = "127.0.0.1:0");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  std::string directory_url() const;
  /// Its clients reach it by another way, "http://127.0.0.1:4000": what it says about itself, and what requests must be
  /// signed for, begins with that from now on. Before the first request.
  void be_seen_at(std::string base);
  void choose(const std::function<void(Choices&)>& change);
  /// What it finds at a name, as if asked by DNS; none: the name does not exist.
  void set_txt(std::string_view name, std::vector<std::string> values);
  /// Asks somebody else instead; runs on its loop.
  using LookUp = std::function<Task<std::vector<std::string>>(DnsName name)>;
  void look_up_by(LookUp look_up);

  /// The loop that it serves on, for a look-up that needs one.
  net::Loop& loop();

  /// From now on nobody knows them (accountDoesNotExist), or they are deactivated (RFC 8555 7.3.6).
  void forget_accounts();
  void deactivate_accounts();
  /// As if that much time had passed for orders and authorizations: those that are pending become invalid.
  void expire_orders();
  /// By renewal id (RFC 9773 4.1). Without it: the last third of the certificate's life.
  void set_window(const std::string& renewal_id, Time start, Time end);

  struct Request {
    std::string resource;  // as Canned has it
    std::string payload;   // of a signed request
    bool is_signed = false;
  };
  /// What has been asked, in order.
  std::vector<Request> requests() const;
  std::size_t count_of(std::string_view resource) const;
  bool is_revoked(const std::string& serial) const;
  std::vector<std::string> serials() const;
  int issued() const;
  /// The PEM of the root that the first chain leads to.
  std::string root_pem() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::acme::testing
