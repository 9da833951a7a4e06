// SPDX-License-Identifier: Apache-2.0
//
// The certificate of one connection: the order on its way, the certificate that is held, and when which step is due.
// Plain values; any thread. decide() has no clock, network or database: the caller saves what comes back in one
// transaction. While an order fails, the certificate that is held stays as it is.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/host_name.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"

namespace signpost::model {

/// Who brings the certificate, and what the customer adds to DNS for it.
enum class CertificateBy {
  kExternal,  // the backend brings it and reports its issue
  kCname,     // ACME; the record of step 1 is a CNAME into our ACME zone: renewed for ever without a hand
  kTxt,       // ACME; the record of step 1 is a TXT with a value of one order: each renewal needs a new one
};
std::string_view name_of(CertificateBy by);  // "external", "cname", "txt"
std::optional<CertificateBy> parse_certificate_by(std::string_view text);

/// One name of an order that the authority must see proven (RFC 8555 7.1.4).
struct Challenge {
  DnsName identifier;  // of a wildcard the name without its "*."
  std::string authorization_url;
  std::string challenge_url;  // dns-01; empty: the authorization was valid already
  std::string text;           // what the TXT at _acme-challenge.<identifier> must hold (RFC 8555 8.4)
  bool operator==(const Challenge&) const = default;
};

/// How far an order has come. Each step is saved before the next begins, so a crash between two resumes at the later.
enum class OrderStep {
  kPlaced,      // the authority knows it; its TXT values must become visible
  kPosted,      // the authority was asked to validate
  kFinalizing,  // our key is saved; the certification request may have been sent
};
std::string_view name_of(OrderStep step);  // "placed"
std::optional<OrderStep> parse_order_step(std::string_view text);

struct CertificateOrder {
  std::string authority;  // its name in the settings
  std::string url;
  std::string finalize_url;
  Time expires_at{};
  OrderStep step = OrderStep::kPlaced;
  std::vector<Challenge> challenges;
  std::string sealed_key;  // of the certificate to be; empty until kFinalizing
  Time placed_at{};
  std::optional<Time> busy_since;  // for how long the authority has been at work on what was last asked of it
};

struct HeldCertificate {
  std::string authority;
  std::string chain_pem;  // the certificate first
  std::string sealed_key;
  std::string serial;  // hexadecimal
  std::string ari_id;  // RFC 9773 4.1; empty: it has no authority key identifier
  Time not_before{};
  Time not_after{};
  Time issued_at{};
  std::optional<Time> revoked_at;
  std::vector<std::string> texts;  // of the TXT records that proved it, which the customer may delete; by TXT only
};

/// Why it does not go on, and what helps.
struct CertificateTrouble {
  std::string cause;        // stable code: "certificate_caa_forbids"
  std::string explanation;  // a sentence with the way out
  Time since{};
};

struct Certificate {
  CertificateId id;
  ApplicationId application;
  ConnectionId connection;
  CertificateBy by = CertificateBy::kCname;
  std::vector<DnsName> names;  // 1…kCertificateNamesMax; the host first, then "*.<host>" if wanted
  std::string label;           // below the ACME zone, unguessable: where _acme-challenge.<host> leads
  std::optional<CertificateOrder> order;
  std::optional<HeldCertificate> held;
  std::optional<Time> renew_at;        // of what is held
  std::optional<Time> ask_renewal_at;  // when the authority is asked again for its window (RFC 9773)
  std::optional<Time> not_before;      // of the next attempt or look; empty: at once
  std::optional<Time> unseen_since;    // for how long DNS has been looked at in vain
  std::string missing;                 // what the last look at DNS missed, a sentence; empty if nothing
  std::int32_t failures = 0;           // of attempts since the last certificate
  std::optional<CertificateTrouble> trouble;
  std::int64_t version = 0;  // grows with every save; the store compares it
  Time created_at{};
  Time updated_at{};
};
constexpr std::size_t kCertificateNamesMax = 2;

/// "_acme-challenge.www.shop.example", also for "*.www.shop.example". kUnprocessable if there is no room for the label.
Result<DnsName> challenge_name(const DnsName& name);

// ── when ────────────────────────────────────────────────────────────────────────────────────────────────────────

// Let's Encrypt's advice to those who host for others: after 1, 10 and 100 minutes, then daily.
inline constexpr std::array kOrderRetries{std::chrono::minutes(1), std::chrono::minutes(10), std::chrono::minutes(100),
                                          std::chrono::minutes(24 * 60)};
inline constexpr std::chrono::minutes kAuthorityRetryMax{60};
inline constexpr std::chrono::minutes kOwnRetry{1};
/// The pause after failure number `failures` (1 = the first).
std::chrono::minutes order_retry_pause(int failures);

/// When the challenge's records are looked at again: as propagation is at first, then hourly for as long as it takes.
Time next_challenge_look(Time since, Time now);

/// A hands-free certificate is renewed with a third of its life left; one whose renewal needs the customer 30 days
/// before its end, or at half of a shorter life. `spread` (0…255) moves it earlier by up to a fiftieth of the life, so
/// that certificates issued together are not renewed together.
Time renewal_time(CertificateBy by, Time not_before, Time not_after, std::int16_t spread);

// ── happenings ──────────────────────────────────────────────────────────────────────────────────────────────────

struct OrderPlaced {
  CertificateOrder order;
};
/// DNS was asked for the challenge's records, and not every server shows them.
struct ChallengeUnseen {
  std::string cause;  // empty: nobody is to blame, or nobody knows whom
  std::string explanation;
  bool is_dead = false;    // nobody speaks for the name: such names wait for their looks together
  bool may_spread = true;  // what is missing may be on its way to all servers; false: it is told at once
};
struct ChallengePosted {};
struct KeySaved {
  std::string sealed_key;
};
/// The authority works on it: ask again then.
struct AuthorityBusy {
  Time again_at{};
};
struct CertificateReceived {
  HeldCertificate held;
  Milliseconds ask_renewal_in{0};  // how long the authority has no wishes: it has no renewal information
};
/// An attempt has failed.
struct AttemptFailed {
  enum class Order {
    kKept,     // the same step may be tried again
    kDropped,  // the order is over: the next attempt places a new one
  };
  enum class Fault {
    kOurs,       // or the name's: patience grows
    kAuthority,  // it is down, or busy: it may be back within the hour
    kLimit,      // our model of its limits: no attempt at all. It is not counted, and tried again at `not_before`
    kProgram,    // our database or our keys: no attempt at all. It is not counted, the order is kept whatever `order`
                 // says, and it is tried again after kOwnRetry
  };
  Order order = Order::kDropped;
  Fault fault = Fault::kOurs;
  std::string cause;
  std::string explanation;
  std::optional<Time> not_before = {};  // as the authority or our model of its limits says
};
/// The authority's wish for the renewal (RFC 9773 4.2).
struct RenewalAdvised {
  std::optional<Time> renew_at;  // a random time inside its window; empty: it has none, our own time stands
  Time ask_again_at{};
};
struct RenewalWanted {};  // by hand
/// Somebody waits: what is due later by our own schedule is due now. An authority's pause stands.
struct LookWanted {};
struct CertificateRevoked {};

using CertificateHappening =
    std::variant<OrderPlaced, ChallengeUnseen, ChallengePosted, KeySaved, AuthorityBusy, CertificateReceived,
                 AttemptFailed, RenewalAdvised, RenewalWanted, LookWanted, CertificateRevoked>;

/// The certificate after the happening; task_due says when the job goes on.
Certificate decide(const Certificate& certificate, const CertificateHappening& happening, Time now);

// ── what is to be done ──────────────────────────────────────────────────────────────────────────────────────────

enum class CertificateTask {
  kWait,        // nothing before task_due
  kAskRenewal,  // ask the authority when it wants the renewal
  kPlaceOrder,
  kProve,     // look whether the challenges' records are visible, then post them
  kFinalize,  // wait for the authorizations, then for the certificate
};
/// What is due now.
CertificateTask task_of(const Certificate& certificate, Time now);
/// When something is due next; empty: never, by itself.
std::optional<Time> task_due(const Certificate& certificate);

// After a failed attempt, for those who have done something about it; an authority's pause stands.
inline constexpr std::chrono::hours kHandAttemptPause{1};

/// What becomes of a wish for a renewal by hand, as far as the certificate itself is asked: limits are another thing.
struct HandRenewal {
  enum class Kind {
    kAllowed,
    kOnItsWay,  // an order is, or is about to be
    kPaused,    // the last attempt has failed: not before `at`
  };
  Kind kind = Kind::kAllowed;
  Time at{};
};
HandRenewal hand_renewal(const Certificate& certificate, Time now);

/// How the certificate stands, for readers.
enum class CertificateState { kWaiting, kOrdered, kValidating, kFinalizing, kIssued, kExpired, kRevoked };
CertificateState state_of(const Certificate& certificate, Time now);
std::string_view name_of(CertificateState state);  // "issued"

}  // namespace signpost::model
