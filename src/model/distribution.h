// SPDX-License-Identifier: Apache-2.0
//
// One CloudFront distribution and its certificate: ours first, imported and attached, then Amazon's own; as one pure
// function. Plain values; any thread. decide() has no clock, network or database: whoever did what act_of() names tells
// it here what came of it, and saves the answer in one transaction.
// Whatever fails, the certificate that serves stays attached; only what we made, and nothing uses, is ever deleted.
// When Amazon's certificate ends, ours comes back, and a new one is requested.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/host_name.h"
#include "base/id.h"
#include "base/time.h"

namespace signpost::model {

struct DistributionTag {
  static constexpr std::string_view prefix = "dis_";
};
using DistributionRowId = Id<DistributionTag>;

// ── our certificate ─────────────────────────────────────────────────────────────────────────────────────────

/// How far the distribution has come with our certificate.
enum class Setup {
  kMaking,     // it is created, or an existing one is read
  kReady,      // it is there; no certificate of ours yet
  kImporting,  // our certificate goes into ACM, for the first time or again under the same ARN
  kAttaching,  // certificate and alias go onto the distribution, until every edge has them
  kAttached,
};
std::string_view name_of(Setup setup);  // "attached"
std::optional<Setup> parse_setup(std::string_view text);

enum class SetupMove { kFound, kCertificateReady, kImported, kAttached, kLost, kDeleted };
struct SetupTransition {
  Setup from;
  SetupMove move;
  Setup to;
};
inline constexpr std::array kSetupTransitions{
    SetupTransition{Setup::kMaking, SetupMove::kFound, Setup::kReady},
    SetupTransition{Setup::kReady, SetupMove::kCertificateReady, Setup::kImporting},
    SetupTransition{Setup::kImporting, SetupMove::kCertificateReady, Setup::kImporting},
    SetupTransition{Setup::kImporting, SetupMove::kImported, Setup::kAttaching},
    SetupTransition{Setup::kAttaching, SetupMove::kCertificateReady, Setup::kImporting},
    SetupTransition{Setup::kAttaching, SetupMove::kAttached, Setup::kAttached},
    SetupTransition{Setup::kAttaching, SetupMove::kLost, Setup::kImporting},
    SetupTransition{Setup::kAttached, SetupMove::kCertificateReady, Setup::kImporting},
    // Ours was deleted after the upgrade, and is needed again.
    SetupTransition{Setup::kImporting, SetupMove::kDeleted, Setup::kReady},
    SetupTransition{Setup::kAttaching, SetupMove::kDeleted, Setup::kReady},
    SetupTransition{Setup::kAttached, SetupMove::kDeleted, Setup::kReady},
};
constexpr std::optional<Setup> target_of(Setup from, SetupMove move) {
  for (const auto& row : kSetupTransitions) {
    if (row.from == from && row.move == move) return row.to;
  }
  return std::nullopt;
}
static_assert(!target_of(Setup::kMaking, SetupMove::kCertificateReady), "a certificate waits for its distribution");
static_assert(!target_of(Setup::kImporting, SetupMove::kAttached), "nothing is attached that was not imported");

// ── Amazon's certificate ────────────────────────────────────────────────────────────────────────────────────

/// The five steps of seed 000, made safe (reference 8.5). Each is a saved row.
enum class Upgrade {
  kNone,
  kPreparing,   // before step 2: one early request, to learn the validation record
  kPrepared,    // the record is known and offered; nothing is due
  kWaiting,     // seed 1: 60 s after step 2
  kRequesting,  // seed 2: a certificate is requested, or the early one looked at again
  kLooking,     // is the validation record in DNS?
  kValidating,  // seed 3: Amazon validates
  kSwapping,    // seed 4: the new certificate goes onto the distribution
  kDeploying,   // until every edge serves it
  kCleaning,    // seed 5: the old imported certificate is deleted
  kUpgraded,    // Amazon renews it; looked at once a day, and requested anew when it has ended
  kEnding,      // disconnected before the swap: a request that serves nothing is taken back
  kEnded,
};
std::string_view name_of(Upgrade upgrade);  // "validating"
std::optional<Upgrade> parse_upgrade(std::string_view text);

enum class UpgradeMove {
  kPrepare,
  kRecordKnown,
  kForbidden,
  kStep2,
  kWaited,
  kPending,
  kRecordSeen,
  kRecordMissing,
  kIssued,
  kRefused,
  kSwapped,
  kSwappedBack,
  kDeployed,
  kCleaned,
  kDisconnected,
  kTakenBack,
};
struct UpgradeTransition {
  Upgrade from;
  UpgradeMove move;
  Upgrade to;
};
inline constexpr std::array kUpgradeTransitions{
    UpgradeTransition{Upgrade::kNone, UpgradeMove::kPrepare, Upgrade::kPreparing},
    UpgradeTransition{Upgrade::kPreparing, UpgradeMove::kRecordKnown, Upgrade::kPrepared},
    UpgradeTransition{Upgrade::kPreparing, UpgradeMove::kForbidden, Upgrade::kPrepared},
    UpgradeTransition{Upgrade::kNone, UpgradeMove::kStep2, Upgrade::kWaiting},
    UpgradeTransition{Upgrade::kPreparing, UpgradeMove::kStep2, Upgrade::kWaiting},
    UpgradeTransition{Upgrade::kPrepared, UpgradeMove::kStep2, Upgrade::kWaiting},
    UpgradeTransition{Upgrade::kEnded, UpgradeMove::kStep2, Upgrade::kWaiting},
    UpgradeTransition{Upgrade::kWaiting, UpgradeMove::kWaited, Upgrade::kRequesting},
    UpgradeTransition{Upgrade::kRequesting, UpgradeMove::kPending, Upgrade::kLooking},
    UpgradeTransition{Upgrade::kRequesting, UpgradeMove::kIssued, Upgrade::kSwapping},
    UpgradeTransition{Upgrade::kLooking, UpgradeMove::kRecordSeen, Upgrade::kValidating},
    UpgradeTransition{Upgrade::kValidating, UpgradeMove::kRecordMissing, Upgrade::kLooking},
    UpgradeTransition{Upgrade::kValidating, UpgradeMove::kIssued, Upgrade::kSwapping},
    UpgradeTransition{Upgrade::kValidating, UpgradeMove::kRefused, Upgrade::kRequesting},
    UpgradeTransition{Upgrade::kSwapping, UpgradeMove::kRefused, Upgrade::kRequesting},
    UpgradeTransition{Upgrade::kSwapping, UpgradeMove::kSwapped, Upgrade::kDeploying},
    UpgradeTransition{Upgrade::kDeploying, UpgradeMove::kSwappedBack, Upgrade::kSwapping},
    UpgradeTransition{Upgrade::kDeploying, UpgradeMove::kDeployed, Upgrade::kCleaning},
    UpgradeTransition{Upgrade::kCleaning, UpgradeMove::kSwappedBack, Upgrade::kSwapping},
    UpgradeTransition{Upgrade::kCleaning, UpgradeMove::kCleaned, Upgrade::kUpgraded},
    UpgradeTransition{Upgrade::kUpgraded, UpgradeMove::kRefused, Upgrade::kRequesting},
    UpgradeTransition{Upgrade::kPreparing, UpgradeMove::kDisconnected, Upgrade::kEnding},
    UpgradeTransition{Upgrade::kPrepared, UpgradeMove::kDisconnected, Upgrade::kEnding},
    UpgradeTransition{Upgrade::kWaiting, UpgradeMove::kDisconnected, Upgrade::kEnding},
    UpgradeTransition{Upgrade::kRequesting, UpgradeMove::kDisconnected, Upgrade::kEnding},
    UpgradeTransition{Upgrade::kLooking, UpgradeMove::kDisconnected, Upgrade::kEnding},
    UpgradeTransition{Upgrade::kValidating, UpgradeMove::kDisconnected, Upgrade::kEnding},
    UpgradeTransition{Upgrade::kSwapping, UpgradeMove::kDisconnected, Upgrade::kEnding},
    UpgradeTransition{Upgrade::kEnding, UpgradeMove::kStep2, Upgrade::kWaiting},
    UpgradeTransition{Upgrade::kEnding, UpgradeMove::kSwapped, Upgrade::kDeploying},
    UpgradeTransition{Upgrade::kEnding, UpgradeMove::kTakenBack, Upgrade::kEnded},
};
constexpr std::optional<Upgrade> target_of(Upgrade from, UpgradeMove move) {
  for (const auto& row : kUpgradeTransitions) {
    if (row.from == from && row.move == move) return row.to;
  }
  return std::nullopt;
}
/// Every way into a state passes through that other one.
constexpr bool is_entered_only_from(Upgrade state, std::initializer_list<Upgrade> before) {
  for (const auto& row : kUpgradeTransitions) {
    bool is_allowed = row.to != state;
    for (const auto one : before) is_allowed = is_allowed || row.from == one;
    if (!is_allowed) return false;
  }
  return true;
}
static_assert(is_entered_only_from(Upgrade::kCleaning, {Upgrade::kDeploying}),
              "the old certificate is never deleted before every edge serves the new one");
static_assert(is_entered_only_from(Upgrade::kDeploying, {Upgrade::kSwapping, Upgrade::kEnding}),
              "nothing is called deployed that was not swapped");
static_assert(!target_of(Upgrade::kLooking, UpgradeMove::kIssued), "nothing is swapped that Amazon has not issued");
static_assert(!target_of(Upgrade::kDeploying, UpgradeMove::kDisconnected),
              "what serves stays as it is, connected or not");

/// Why it does not go on by itself, for people: with the way out.
struct Park {
  enum class Reason {
    kRecordMissing,       // the validation record is not in DNS
    kCaaForbids,          // CAA does not let Amazon issue
    kAmazonRefuses,       // FAILED, VALIDATION_TIMED_OUT, REVOKED …
    kCertificateRefused,  // CloudFront does not take it
    kForeignCertificate,  // somebody attached another certificate
    kAliasGone,           // somebody took the host name off the distribution
    kAliasTaken,          // another distribution has the host name
    kDistributionGone,
    kDistributionDisabled,
    kDenied,        // credentials, permissions, another account
    kLimitReached,  // a quota
    kTrouble,       // AWS or the way to it, for a long time now
  };
  Reason reason = Reason::kTrouble;
  std::string explanation;
  Time since{};
};
std::string_view name_of(Park::Reason reason);  // "record_missing"
std::optional<Park::Reason> parse_park_reason(std::string_view text);

struct AmazonCertificate {
  enum class Status { kUnknown, kPending, kIssued, kRefused };
  std::string arn;  // empty: none is requested
  std::optional<Time> requested_at;
  Status status = Status::kUnknown;
  std::optional<Time> not_after;
  bool is_attached = false;  // it was seen on the distribution: from then on never deleted
};
std::string_view name_of(AmazonCertificate::Status status);  // "pending"
std::optional<AmazonCertificate::Status> parse_amazon_status(std::string_view text);

/// The CNAME by which Amazon validates: one per name and account, so it outlives requests.
struct ValidationRecord {
  std::string name;
  std::string value;
  auto operator<=>(const ValidationRecord&) const = default;
};

struct Distribution {
  DistributionRowId id;
  ApplicationId application;
  ConnectionId connection;
  HostName host;
  std::string origin;  // where what is not for the pages is fetched; empty: as the host's original DNS says

  std::string cloudfront_id;  // "E1A2B3…"; empty until it is made
  bool is_made_by_us = false;
  std::string domain_name;  // "d111111abcdef8.cloudfront.net", where step 2 points
  std::string serving_arn;  // the certificate on it when it was last seen
  /// Certificates of ours, or requested by us, that others take the place of: one of them may still serve, and is taken
  /// off for its successor; each is deleted once nothing uses it. At most kReplacedMax.
  std::vector<std::string> replaced_arns;

  Setup setup = Setup::kMaking;
  std::string imported_arn;     // ours in ACM; empty: none, or deleted after the upgrade
  std::string wanted_serial;    // of our certificate that is to be in ACM
  std::string imported_serial;  // of the one that is
  std::optional<Time>
      import_began_at;           // a first import is under way: after a crash it is searched before it is done again
  std::int32_t setup_tries = 0;  // in this state
  std::optional<Time> setup_next_at;  // empty: nothing is due

  Upgrade upgrade = Upgrade::kNone;
  AmazonCertificate amazon;
  std::optional<ValidationRecord> validation;
  bool is_validation_seen = false;      // at the last look
  std::int32_t requests = 0;            // made so far; the idempotency token counts with it
  std::optional<Time> last_request_at;  // whatever has become of it
  std::int32_t upgrade_tries = 0;       // in this state
  std::optional<Time> upgrade_next_at;

  std::optional<Park> setup_park;
  std::optional<Park> upgrade_park;
  std::int64_t version = 0;
  Time created_at{};
  Time updated_at{};
};

/// What there is to do now; each may be done twice.
enum class Act {
  kNothing,
  kMake,           // create the distribution, or read the existing one
  kFindImport,     // a first import may have been cut short: is it in ACM?
  kImport,         // our certificate into ACM, under imported_arn if there is one
  kAttach,         // imported_arn and the alias onto the distribution; are they at every edge?
  kEndWait,        // the 60 s after step 2 are over
  kRequest,        // look at CAA, then request Amazon's certificate
  kDescribe,       // what has become of amazon.arn?
  kLook,           // is the validation record in DNS?
  kDiscard,        // delete amazon.arn, which was refused
  kSwap,           // amazon.arn onto the distribution in place of imported_arn
  kCheckDeployed,  // does every edge serve it?
  kClean,          // delete old_certificate(), if it is ours, and nothing uses it
  kTidy,           // the same while our certificate serves
  kTakeBack,       // is amazon.arn on the distribution? if not, delete it
};
std::string_view name_of(Act act);  // "swap"

/// What kClean and kTidy delete next: imported_arn once Amazon's serves everywhere, else one of replaced_arns; empty:
/// none.
std::string old_certificate(const Distribution& distribution);
bool is_replaced(const Distribution& distribution, std::string_view arn);

/// What is due at `now`; the way to our certificate goes first.
Act act_of(const Distribution& distribution, Time now);
/// When act_of will have something next; empty: not before something happens.
std::optional<Time> next_at(const Distribution& distribution);
/// The same for the same request, as AWS remembers it for an hour: 1 to 32 letters, digits and underscores.
std::string idempotency_token(const Distribution& distribution);
/// The upgrade is on its way: from step 2 to Amazon's certificate, or from a disconnection to its end.
bool is_upgrading(const Distribution& distribution);
/// Ours still has to be renewed and imported: as long as Amazon's does not serve everywhere.
bool needs_our_certificate(const Distribution& distribution);

// ── happenings ──────────────────────────────────────────────────────────────────────────────────────────────

// From the connection:
struct DistributionWanted {};  // a new row: begin
struct PreparationWanted {};   // step 1: learn the validation record early
struct OurCertificateReady {
  std::string serial;
};
struct Step2Marked {};  // the first time, or again after a reconnection
struct EdgeDisconnected {};
struct RetryWanted {};  // somebody has mended something: do now what is parked

// What came of an act:
struct DistributionFound {
  std::string cloudfront_id;
  bool is_made_by_us = false;
  std::string domain_name;
  std::string serving_arn;
};
struct ImportBegan {};  // saved before the call
struct ImportNotFound {};
struct Imported {
  std::string arn;
  std::string serial;
};
struct ImportLost {};  // imported_arn is not in ACM any more
/// ACM does not take the certificate in the place of imported_arn: a renewal there keeps type and size of the key, and
/// the uses that the one before had.
struct ReimportRefused {};
struct Attached {
  bool is_deployed = true;  // every edge has it; else some answer with the configuration before
};
/// What serves was put there for this host by an earlier connection: it is ours from now on.
struct Adopted {
  std::string arn;
  enum class Issuer { kOurs, kAmazon } issuer = Issuer::kOurs;  // kAmazon: issued, and valid
  std::optional<Time> not_after = {};
};
struct Waited {};
struct AmazonForbidden {  // by CAA
  std::string explanation;
};
struct AmazonRequested {
  std::string arn;
};
struct AmazonSeen {
  AmazonCertificate::Status status = AmazonCertificate::Status::kPending;
  std::optional<ValidationRecord> validation;
  std::optional<Time> not_after;
  std::string explanation;  // of kRefused, or of a renewal that waits for the record
};
struct AmazonGone {};  // not there any more, or deleted by us
struct ValidationLooked {
  bool is_seen = false;
  std::string explanation;  // what to add where, if it is not
};
struct Swapped {};
struct DeploymentSeen {
  bool is_deployed = false;
  std::string serving_arn;
};
enum class OldCertificate { kDeleted, kGone, kStillUsed, kNotOurs };
struct OldSeen {
  std::string arn;
  OldCertificate old = OldCertificate::kStillUsed;
};
/// The act failed. With a reason it parks at once, else only if it goes on for long.
struct ActFailed {
  Act act = Act::kNothing;
  std::optional<Park::Reason> reason;
  std::string explanation;
  std::optional<std::chrono::seconds> retry_after;
};

using DistributionHappening =
    std::variant<DistributionWanted, PreparationWanted, OurCertificateReady, Step2Marked, EdgeDisconnected, RetryWanted,
                 DistributionFound, ImportBegan, ImportNotFound, Imported, ImportLost, ReimportRefused, Attached,
                 Adopted, Waited, AmazonForbidden, AmazonRequested, AmazonSeen, AmazonGone, ValidationLooked, Swapped,
                 DeploymentSeen, OldSeen, ActFailed>;

/// What the connection, and whoever watches it, is to be told.
enum class DistributionNews {
  kFound,            // it has a domain name
  kAttached,         // our certificate serves (again)
  kValidationKnown,  // the record to offer
  kParked,           // or parked for another reason
  kResumed,          // what was parked goes on
  kUpgraded,
};

struct DistributionDecision {
  Distribution distribution;
  std::vector<DistributionNews> news;
  bool is_changed = false;
};

/// Never fails: what the state does not expect any more (the answer of an act that a disconnection overtook) changes
/// nothing but what it says about the world.
DistributionDecision decide(const Distribution& distribution, const DistributionHappening& happening, Time now);

// ── schedules ───────────────────────────────────────────────────────────────────────────────────────────────

// "Waits 60 seconds for DNS propagation" (seed 000).
constexpr Milliseconds kUpgradeDelay = std::chrono::seconds(60);
// The last of each row repeats.
using Pauses = std::span<const std::chrono::seconds>;
// A record that was just added is there within minutes; one that nobody adds costs a look every six hours.
inline constexpr std::array kLookPauses{
    std::chrono::seconds(30),   std::chrono::seconds(60),   std::chrono::seconds(120),
    std::chrono::seconds(300),  std::chrono::seconds(900),  std::chrono::seconds(1800),
    std::chrono::seconds(3600), std::chrono::seconds(7200), std::chrono::seconds(21600)};
// Amazon sees a record within minutes, at times after half an hour; ten calls a second are all that an account has.
inline constexpr std::array kDescribePauses{
    std::chrono::seconds(10), std::chrono::seconds(15),  std::chrono::seconds(30), std::chrono::seconds(60),
    std::chrono::seconds(60), std::chrono::seconds(120), std::chrono::seconds(300)};
// A certificate just issued is taken after about a minute (reference 8.4).
inline constexpr std::array kSwapPauses{std::chrono::seconds(10), std::chrono::seconds(20),  std::chrono::seconds(30),
                                        std::chrono::seconds(60), std::chrono::seconds(120), std::chrono::seconds(300),
                                        std::chrono::seconds(900)};
constexpr int kSwapTriesQuiet = 5;  // then it is parked, visibly, and tried on
// The customer waits for the first, before the traffic is switched.
inline constexpr std::array kAttachPauses{std::chrono::seconds(10), std::chrono::seconds(10), std::chrono::seconds(20),
                                          std::chrono::seconds(30), std::chrono::seconds(60)};
inline constexpr std::array kDeployPauses{std::chrono::seconds(30), std::chrono::seconds(60), std::chrono::seconds(60),
                                          std::chrono::seconds(120)};
// ACM lists a use for 10 to 20 minutes after its end (reference 8.4).
inline constexpr std::array kCleanPauses{std::chrono::seconds(60),   std::chrono::seconds(300),
                                         std::chrono::seconds(600),  std::chrono::seconds(900),
                                         std::chrono::seconds(3600), std::chrono::seconds(21600)};
inline constexpr std::array kFailurePauses{
    std::chrono::seconds(5),   std::chrono::seconds(15),  std::chrono::seconds(30),  std::chrono::seconds(60),
    std::chrono::seconds(300), std::chrono::seconds(900), std::chrono::seconds(3600)};
// More than these were never replaced within the time that deleting one takes; the oldest is then left to its owner.
constexpr std::size_t kReplacedMax = 8;
constexpr int kFailuresQuiet = 5;  // then it is parked, visibly, and tried on
// After the first request the next ones are made rarely, whether Amazon refused, the customer left or somebody wants it
// now: an account has 5,000 a year for all its customers (reference 8.2).
inline constexpr std::array kRequestPauses{std::chrono::seconds(0), std::chrono::seconds(86'400),
                                           std::chrono::seconds(172'800), std::chrono::seconds(604'800)};
// ACM lists a new import some seconds late: only then is one that is not listed believed not to be there.
constexpr Milliseconds kImportListed = std::chrono::seconds(60);
constexpr Milliseconds kUpgradedPause = std::chrono::hours(24);
// While Amazon validates, DNS is looked at again with every such try: a record may vanish.
constexpr int kValidatingLookEvery = 4;

}  // namespace signpost::model
