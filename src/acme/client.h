// SPDX-License-Identifier: Apache-2.0
//
// One certificate authority, spoken to by RFC 8555, with ARI (RFC 9773) and profiles.
// Owned by app/wiring, one an authority; any loop (locked inside, never over a co_await). The clock outlives it, and so
// do the loops: its threads answer on them until it has ended. Holds nothing that must survive: the directory and
// nonces, which can be had again. It waits for nothing but the answer to what it sends, within `call_budget`: when to
// ask again is the caller's decision, and every answer brings Retry-After along.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acme/account.h"
#include "acme/directory.h"
#include "acme/order.h"
#include "acme/problem.h"
#include "acme/renewal_info.h"
#include "base/clock.h"
#include "crypto/certificate_chain.h"
#include "net/http_client.h"
#include "net/task.h"

namespace signpost::acme {

/// Whether http:// on a loopback address will do: for tests alone. Anything else must be https.
enum class PlainHttp { kRefused, kOnLoopback };

/// RFC 5280 5.3.1, those that a subscriber may give.
enum class RevocationReason {
  kUnspecified = 0,
  kKeyCompromise = 1,
  kAffiliationChanged = 3,
  kSuperseded = 4,
  kCessationOfOperation = 5,
};
std::string_view name_of(RevocationReason reason);  // "key_compromise"
std::optional<RevocationReason> parse_revocation_reason(std::string_view name);

class Client {
 public:
  struct Settings {
    std::string directory_url;
    std::string ca_file;               // PEM with the roots of its TLS; empty: the system's
    std::size_t calls_max = 8;         // at the same time, each on a thread and a connection of its own
    std::size_t waiting_max = 4096;    // beyond those; over it: kTryLater at once
    Milliseconds call_budget{30'000};  // one call with its directory, nonce and repetitions
    Milliseconds directory_lifetime = std::chrono::hours(1);
    std::string user_agent = "signpost";  // RFC 8555 6.1 wants one
    PlainHttp plain_http = PlainHttp::kRefused;
  };
  static constexpr int kNonceAttemptsMax = 8;  // sends of one request that meet badNonce (RFC 8555 6.5)
  static constexpr std::size_t kAnswerBytesMax = 256 * 1024;
  static constexpr std::size_t kAlternatesMax = 8;  // chains looked at for the preferred one
  static constexpr std::chrono::seconds kRetryAfterMax = std::chrono::hours(24 * 7);

  Client(Settings settings, const Clock& clock);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const std::string& directory_url() const;
  Task<Outcome<Directory>> directory();

  /// The account of this key: found, or made (RFC 8555 7.3). kTermsChanged if `agrees_to_terms` is missing where the
  /// authority has terms; kExternalAccountNeeded without a binding where it wants one: both without asking it.
  /// kAccountGone if the key's account was deactivated.
  Task<Outcome<AccountState>> open_account(crypto::AccountKey key, NewAccount wanted);
  /// Only if it exists (RFC 8555 7.3.1); kAccountGone otherwise.
  Task<Outcome<AccountState>> find_account(crypto::AccountKey key);
  Task<Outcome<AccountState>> account(Account account);
  /// Replaces all of them (RFC 8555 7.3.2); none: the authority keeps none.
  Task<Outcome<AccountState>> set_contacts(Account account, std::vector<std::string> contacts);
  /// From now on only `new_key` speaks for the account (RFC 8555 7.3.5). kBadKey if that key has an account already.
  /// After a lost answer find_account says which of the two it is.
  Task<Outcome<void>> change_key(Account account, crypto::AccountKey new_key);

  /// May be an order that exists already, with authorizations that are valid already.
  Task<Outcome<Order>> new_order(Account account, NewOrder wanted);
  Task<Outcome<Order>> order(Account account, std::string url);
  Task<Outcome<Authorization>> authorization(Account account, std::string url);
  Task<Outcome<Challenge>> challenge(Account account, std::string url);
  /// Tells the authority to validate (RFC 8555 7.5.1), once a challenge: some authorities fail it at the first miss,
  /// and some refuse a second answer, so read the authorization before, after a crash too.
  Task<Outcome<Challenge>> answer_challenge(Account account, std::string url);
  /// `request` is DER (crypto::make_certification_request). kOrderNotReady: poll the order first.
  Task<Outcome<Order>> finalize(Account account, Order order, std::string request);
  /// Asks for the order until it is ready, valid or invalid, not before Retry-After says so. kTryLater with
  /// Kind::kTimeout if it is still pending or processing at the deadline.
  Task<Outcome<Order>> wait_for_order(Account account, std::string url, net::Deadline deadline);
  /// The chain of a valid order; of several the first whose root has that common name (`preferred_root`, empty: the
  /// authority's first), else the authority's first. Not yet checked against key and names.
  Task<Outcome<crypto::CertificateChain>> certificate(Account account, std::string url, std::string preferred_root);

  /// `certificate` is DER (CertificateChain::leaf_der). kAlreadyRevoked if there is nothing left to do.
  Task<Outcome<void>> revoke(Account account, std::string certificate, RevocationReason reason);
  /// The same, asked for by the certificate's own key, whatever account ordered it (RFC 8555 7.6).
  Task<Outcome<void>> revoke(crypto::AccountKey key_of_certificate, std::string certificate, RevocationReason reason);

  /// `renewal_id` as CertificateChain::renewal_id says it. kRefused if the directory has no renewal_info.
  Task<Outcome<RenewalInfo>> renewal_info(std::string renewal_id);

  /// By how much the authority's clock is ahead of ours, as its last answer said it; nothing before one.
  std::optional<std::chrono::seconds> clock_ahead() const;
  /// Exchanges so far, for metrics and tests.
  std::uint64_t exchanges() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::acme
