// SPDX-License-Identifier: Apache-2.0
#include "model/distribution.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::model {
namespace {

// What only a person mends is not tried more often.
constexpr std::chrono::seconds kParkedPauseMin = std::chrono::minutes(5);

Milliseconds pause_of(Pauses pauses, std::int32_t tries) {
  return pauses[std::min(static_cast<std::size_t>(std::max(tries, 0)), pauses.size() - 1)];
}

template <typename All>
auto by_name(const All& all, std::string_view text) -> std::optional<typename All::value_type> {
  for (const auto one : all) {
    if (name_of(one) == text) return one;
  }
  return std::nullopt;
}

/// Whether an act is of the way to our certificate, or to Amazon's.
bool is_of_setup(Act act) {
  switch (act) {
    case Act::kMake:
    case Act::kFindImport:
    case Act::kImport:
    case Act::kAttach:
    case Act::kTidy:
      return true;
    case Act::kNothing:
    case Act::kEndWait:
    case Act::kRequest:
    case Act::kDescribe:
    case Act::kLook:
    case Act::kDiscard:
    case Act::kSwap:
    case Act::kCheckDeployed:
    case Act::kClean:
    case Act::kTakeBack:
      return false;
  }
  return false;
}

Act setup_act(const Distribution& distribution) {
  switch (distribution.setup) {
    case Setup::kMaking:
      return Act::kMake;
    case Setup::kImporting:
      return distribution.imported_arn.empty() && distribution.import_began_at ? Act::kFindImport : Act::kImport;
    case Setup::kAttaching:
      return Act::kAttach;
    case Setup::kAttached:
      return distribution.replaced_arns.empty() ? Act::kNothing : Act::kTidy;
    case Setup::kReady:
      return Act::kNothing;
  }
  return Act::kNothing;
}

/// A request would be refused, or wait for ever: the record of an earlier one is known, and is not in DNS.
bool must_look_first(const Distribution& distribution) {
  return distribution.validation && !distribution.is_validation_seen;
}

Act request_act(const Distribution& distribution) {
  const auto& amazon = distribution.amazon;
  if (amazon.arn.empty()) return must_look_first(distribution) ? Act::kLook : Act::kRequest;
  if (amazon.status != AmazonCertificate::Status::kRefused) return Act::kDescribe;
  return must_look_first(distribution) ? Act::kLook : Act::kDiscard;
}

bool is_first_import(const Distribution& distribution) {
  return distribution.setup == Setup::kImporting && distribution.imported_arn.empty();
}
/// A crash may have left an import in ACM that the row does not know: after the swap nobody would look for it.
bool is_import_unsettled(const Distribution& distribution) {
  return is_first_import(distribution) && distribution.import_began_at;
}

Act upgrade_act(const Distribution& distribution) {
  const bool is_other_turn = distribution.upgrade_tries % kValidatingLookEvery == kValidatingLookEvery - 1;
  switch (distribution.upgrade) {
    case Upgrade::kNone:
    case Upgrade::kPrepared:
    case Upgrade::kEnded:
      return Act::kNothing;
    case Upgrade::kPreparing:
      return distribution.amazon.arn.empty() ? Act::kRequest : Act::kDescribe;
    case Upgrade::kWaiting:
      return Act::kEndWait;
    case Upgrade::kRequesting:
      return request_act(distribution);
    case Upgrade::kLooking:
      return Act::kLook;
    case Upgrade::kValidating:
      return is_other_turn ? Act::kLook : Act::kDescribe;
    case Upgrade::kSwapping:
      if (is_import_unsettled(distribution)) return Act::kNothing;
      return is_other_turn ? Act::kDescribe : Act::kSwap;
    case Upgrade::kDeploying:
      return Act::kCheckDeployed;
    case Upgrade::kCleaning:
      return Act::kClean;
    case Upgrade::kUpgraded:
      return Act::kDescribe;
    case Upgrade::kEnding:
      return Act::kTakeBack;
  }
  return Act::kNothing;
}

/// Once Amazon's certificate is on it, attaching ours would take it off again.
bool may_set_up(const Distribution& distribution) {
  return needs_our_certificate(distribution) && distribution.upgrade != Upgrade::kDeploying;
}

class Deciding {
 public:
  Deciding(const Distribution& before, Time now) : before_(before), now_(now), decision_{before, {}, true} {}

  DistributionDecision take() {
    if (decision_.is_changed) spare_requests();
    tell_of_parks();
    return std::move(decision_);
  }

  // From the connection

  void operator()(const DistributionWanted&) {
    if (next().setup == Setup::kMaking) setup_due(Milliseconds{0});
  }

  void operator()(const PreparationWanted&) {
    if (go(UpgradeMove::kPrepare)) upgrade_due(Milliseconds{0});
  }

  void operator()(const OurCertificateReady& ready) {
    if (!needs_our_certificate(next())) return unchanged();
    const bool is_wanted = next().wanted_serial == ready.serial;
    next().wanted_serial = ready.serial;
    const bool is_imported = next().imported_serial == ready.serial;
    const bool is_there = is_imported && next().setup == Setup::kAttached;
    const bool is_on_its_way =
        is_wanted && (next().setup == Setup::kImporting || (is_imported && next().setup == Setup::kAttaching));
    if (is_there || is_on_its_way || !go(SetupMove::kCertificateReady)) return;
    setup_due(Milliseconds{0});
  }

  void operator()(const Step2Marked&) {
    if (!go(UpgradeMove::kStep2)) return unchanged();
    upgrade_due(kUpgradeDelay);
  }

  void operator()(const EdgeDisconnected&) {
    // Past the swap nothing is in the middle: what serves goes on serving, and the rest is tidied up.
    if (!go(UpgradeMove::kDisconnected)) return unchanged();
    upgrade_due(Milliseconds{0});
  }

  void operator()(const RetryWanted&) {
    if (!next().setup_park && !next().upgrade_park) return unchanged();
    if (next().setup_park) setup_due(Milliseconds{0});
    if (next().upgrade_park) upgrade_due(Milliseconds{0});
  }

  // Our certificate

  void operator()(const DistributionFound& found) {
    next().cloudfront_id = found.cloudfront_id;
    next().is_made_by_us = next().is_made_by_us || found.is_made_by_us;
    next().domain_name = found.domain_name;
    next().serving_arn = found.serving_arn;
    if (!go(SetupMove::kFound)) return;
    tell(DistributionNews::kFound);
    if (next().wanted_serial.empty()) return setup_rests();
    go(SetupMove::kCertificateReady);
    setup_due(Milliseconds{0});
  }

  void operator()(const ImportBegan&) {
    if (next().setup != Setup::kImporting || !next().imported_arn.empty()) return unchanged();
    next().import_began_at = now_;
  }

  void operator()(const ImportNotFound&) {
    const auto listed_at = next().import_began_at.value_or(now_) + kImportListed;
    if (next().import_began_at && now_ < listed_at) return setup_due(listed_at - now_);
    next().import_began_at.reset();
    setup_due(Milliseconds{0});
  }

  void operator()(const Imported& imported) {
    next().imported_arn = imported.arn;
    next().imported_serial = imported.serial;
    next().import_began_at.reset();
    if (next().setup != Setup::kImporting) return;
    if (next().wanted_serial == imported.serial) go(SetupMove::kImported);
    next().setup_tries = 0;
    setup_due(Milliseconds{0});
  }

  void operator()(const ImportLost&) {
    replace_import();
    go(SetupMove::kLost);
    setup_due(Milliseconds{0});
  }

  void operator()(const ReimportRefused&) {
    replace_import();
    setup_due(Milliseconds{0});
  }

  void operator()(const Attached& attached) {
    next().serving_arn = next().imported_arn;
    if (next().setup == Setup::kAttaching && !attached.is_deployed) {
      next().setup_park.reset();
      return setup_due(pause_of(kAttachPauses, next().setup_tries++));
    }
    if (!go(SetupMove::kAttached)) return;
    tell(DistributionNews::kAttached);
    next().replaced_arns.empty() ? setup_rests() : setup_due(pause_of(kCleanPauses, 0));
  }

  void operator()(const Adopted& adopted) {
    if (next().setup != Setup::kAttaching) return unchanged();
    switch (adopted.issuer) {
      case Adopted::Issuer::kOurs:
        replace(adopted.arn);
        break;
      case Adopted::Issuer::kAmazon:
        replace_amazons();
        next().amazon = {adopted.arn, {}, AmazonCertificate::Status::kIssued, adopted.not_after, true};
        next().serving_arn = adopted.arn;
        break;
    }
    next().setup_park.reset();
    next().setup_tries = 0;
    setup_due(Milliseconds{0});
  }

  // Amazon's certificate

  void operator()(const Waited&) {
    if (!go(UpgradeMove::kWaited)) return unchanged();
    // An early request is days old by now: its status is asked first.
    next().amazon.status = AmazonCertificate::Status::kUnknown;
    upgrade_due(Milliseconds{0});
  }

  void operator()(const AmazonForbidden& forbidden) {
    // Before step 2 nobody has to know: our certificate does not depend on it.
    if (go(UpgradeMove::kForbidden)) return upgrade_rests();
    if (next().upgrade != Upgrade::kRequesting) return;
    park_upgrade(Park::Reason::kCaaForbids, forbidden.explanation);
    try_again(kLookPauses);
  }

  void operator()(const AmazonRequested& requested) {
    next().amazon = AmazonCertificate{};
    next().amazon.arn = requested.arn;
    next().amazon.requested_at = now_;
    next().last_request_at = now_;
    next().amazon.status = AmazonCertificate::Status::kPending;
    ++next().requests;
    if (next().upgrade == Upgrade::kEnding) return upgrade_due(Milliseconds{0});
    next().upgrade_park.reset();
    next().upgrade_tries = 0;
    upgrade_due(pause_of(kDescribePauses, 0));
  }

  void operator()(const AmazonSeen& seen) {
    next().amazon.status = seen.status;
    if (seen.not_after) next().amazon.not_after = seen.not_after;
    if (seen.validation && next().validation != seen.validation) {
      next().validation = seen.validation;
      next().is_validation_seen = false;
      tell(DistributionNews::kValidationKnown);
    }
    if (next().upgrade == Upgrade::kPreparing) return prepare(seen);
    if (next().upgrade == Upgrade::kUpgraded) return watch(seen);
    const bool is_asked = next().upgrade == Upgrade::kRequesting || next().upgrade == Upgrade::kValidating ||
                          next().upgrade == Upgrade::kSwapping;
    if (!is_asked) return;
    switch (seen.status) {
      case AmazonCertificate::Status::kUnknown:
      case AmazonCertificate::Status::kPending:
        return wait_for_amazon();
      case AmazonCertificate::Status::kIssued:
        return swap();
      case AmazonCertificate::Status::kRefused:
        return start_over(seen.explanation);
    }
  }

  void operator()(const AmazonGone&) {
    if (next().upgrade == Upgrade::kUpgraded) {
      return lose_amazons(
          format("Amazon's certificate of {} is not in ACM any more: a new one is requested, and ours "
                 "serves until it is there",
                 next().host.text()));
    }
    const bool was_refused = next().amazon.status == AmazonCertificate::Status::kRefused;
    next().amazon = AmazonCertificate{};
    if (go(UpgradeMove::kTakenBack)) return upgrade_rests();
    if (next().upgrade == Upgrade::kPreparing || next().upgrade == Upgrade::kRequesting) {
      // After a refused one the pause is over; one that somebody deleted is not asked for again and again.
      return was_refused ? upgrade_due(Milliseconds{0}) : upgrade_due(request_pause());
    }
    if (go(UpgradeMove::kRefused)) upgrade_due(request_pause());
  }

  void operator()(const ValidationLooked& looked) {
    next().is_validation_seen = looked.is_seen;
    if (!looked.is_seen) {
      const bool has_vanished = go(UpgradeMove::kRecordMissing);
      if (!has_vanished && next().upgrade != Upgrade::kLooking && next().upgrade != Upgrade::kRequesting) return;
      park_upgrade(Park::Reason::kRecordMissing, looked.explanation);
      return try_again(kLookPauses);
    }
    if (go(UpgradeMove::kRecordSeen)) return upgrade_due(pause_of(kDescribePauses, 0));
    if (next().upgrade == Upgrade::kRequesting) return upgrade_due(Milliseconds{0});
    if (next().upgrade == Upgrade::kValidating) try_again(kDescribePauses);
  }

  void operator()(const Swapped&) {
    next().serving_arn = next().amazon.arn;
    next().amazon.is_attached = true;
    if (go(UpgradeMove::kSwapped)) return upgrade_due(pause_of(kDeployPauses, 0));
    if (next().upgrade == Upgrade::kRequesting && next().amazon.status == AmazonCertificate::Status::kRefused) {
      // It serves, though Amazon has refused it since: no request to delete, but one to take the place of.
      replace_amazons();
      upgrade_due(Milliseconds{0});
    }
    // Seen while ours was to be attached: that waits until it is known what became of Amazon's.
    if (next().setup == Setup::kAttaching) setup_due(pause_of(kCleanPauses, next().setup_tries++));
  }

  void operator()(const DeploymentSeen& seen) {
    next().serving_arn = seen.serving_arn;
    const bool is_expected = next().upgrade == Upgrade::kDeploying || next().upgrade == Upgrade::kCleaning;
    if (!is_expected) return;
    if (seen.serving_arn != next().amazon.arn) return swapped_back();
    if (!seen.is_deployed || !go(UpgradeMove::kDeployed)) return try_again(kDeployPauses);
    if (old_certificate(next()).empty()) return upgraded();
    upgrade_due(pause_of(kCleanPauses, 0));
  }

  void operator()(const OldSeen& seen) {
    const bool is_cleaning = next().upgrade == Upgrade::kCleaning;
    switch (seen.old) {
      case OldCertificate::kStillUsed:
        postpone(seen.arn);
        if (is_cleaning) return try_again(kCleanPauses);
        return setup_due(pause_of(kCleanPauses, next().setup_tries++));
      case OldCertificate::kDeleted:
      case OldCertificate::kGone:
      case OldCertificate::kNotOurs:
        std::erase(next().replaced_arns, seen.arn);
        if (is_cleaning) return clean_on(seen.arn);
        if (next().setup == Setup::kAttached) tidy_on();
    }
  }

  void operator()(const ActFailed& failed) { is_of_setup(failed.act) ? fail_setup(failed) : fail_upgrade(failed); }

 private:
  Distribution& next() { return decision_.distribution; }
  void unchanged() { decision_.is_changed = false; }
  void tell(DistributionNews news) { decision_.news.push_back(news); }

  bool go(SetupMove move) {
    const auto to = target_of(next().setup, move);
    if (!to) return false;
    next().setup = *to;
    next().setup_tries = 0;
    next().setup_park.reset();
    return true;
  }
  bool go(UpgradeMove move) {
    const auto to = target_of(next().upgrade, move);
    if (!to) return false;
    next().upgrade = *to;
    next().upgrade_tries = 0;
    next().upgrade_park.reset();
    return true;
  }

  void setup_due(Milliseconds in) { next().setup_next_at = now_ + in; }
  void upgrade_due(Milliseconds in) { next().upgrade_next_at = now_ + in; }
  void setup_rests() { next().setup_next_at.reset(); }
  void upgrade_rests() { next().upgrade_next_at.reset(); }
  void try_again(Pauses pauses) { upgrade_due(pause_of(pauses, next().upgrade_tries++)); }
  /// It is not wanted any more, and may serve for a while yet.
  void replace(const std::string& arn) {
    auto& replaced = next().replaced_arns;
    if (arn.empty() || is_replaced(next(), arn)) return;
    if (replaced.size() == kReplacedMax) {
      const auto oldest = std::ranges::find_if(replaced, [&](const auto& one) { return one != next().serving_arn; });
      replaced.erase(oldest);
    }
    replaced.push_back(arn);
  }
  void replace_amazons() {
    replace(next().amazon.arn);
    next().amazon = AmazonCertificate{};
    // Ours waited until it was known what became of it.
    if (next().setup == Setup::kAttaching) setup_due(Milliseconds{0});
  }
  void replace_import() {
    replace(next().imported_arn);
    next().imported_arn.clear();
    next().imported_serial.clear();
  }
  /// Whatever else is to be deleted does not wait for it.
  void postpone(const std::string& arn) {
    auto& replaced = next().replaced_arns;
    if (const auto at = std::ranges::find(replaced, arn); at != replaced.end()) std::rotate(at, at + 1, replaced.end());
  }
  void clean_on(const std::string& arn) {
    if (next().imported_arn == arn) {
      next().imported_arn.clear();
      next().imported_serial.clear();
    }
    old_certificate(next()).empty() ? upgraded() : upgrade_due(Milliseconds{0});
  }
  void tidy_on() {
    next().setup_tries = 0;
    next().setup_park.reset();
    next().replaced_arns.empty() ? setup_rests() : setup_due(Milliseconds{0});
  }

  /// Whoever made it due: not before the pause after the last request is over.
  void spare_requests() {
    if (!next().upgrade_next_at || !next().last_request_at || upgrade_act(next()) != Act::kRequest) return;
    next().upgrade_next_at = std::max(*next().upgrade_next_at, *next().last_request_at + request_pause());
  }
  Milliseconds request_pause() { return pause_of(kRequestPauses, next().requests - 1); }

  void prepare(const AmazonSeen& seen) {
    const bool is_known = next().validation || seen.status != AmazonCertificate::Status::kPending;
    if (!is_known) return try_again(kDescribePauses);
    go(UpgradeMove::kRecordKnown);
    upgrade_rests();
  }

  void wait_for_amazon() {
    if (next().upgrade == Upgrade::kRequesting && next().validation && go(UpgradeMove::kPending))
      return upgrade_due(Milliseconds{0});
    try_again(kDescribePauses);
  }

  void swap() {
    if (go(UpgradeMove::kIssued)) return upgrade_due(Milliseconds{0});
    try_again(kSwapPauses);
  }

  /// Amazon has refused: a new request, but not soon again and again.
  void start_over(const std::string& explanation) {
    if (next().upgrade == Upgrade::kSwapping) {
      // A swap that a crash kept out of the row may have put it on the distribution: it is not deleted like a request.
      replace_amazons();
    }
    go(UpgradeMove::kRefused);
    park_upgrade(Park::Reason::kAmazonRefuses, explanation);
    upgrade_due(request_pause());
  }

  /// What serves is Amazon's no more, or not for long: ours comes back, and Amazon's is requested anew.
  void lose_amazons(const std::string& explanation) {
    if (next().amazon.arn.empty()) replace(next().serving_arn);
    replace_amazons();
    next().is_validation_seen = false;  // without it Amazon does not renew, so it may well be gone
    // Whatever we hold is imported again, even the one that was deleted after the upgrade.
    if (next().imported_arn.empty() && go(SetupMove::kDeleted)) {
      next().wanted_serial.clear();
      setup_rests();
    }
    go(UpgradeMove::kRefused);
    park_upgrade(Park::Reason::kAmazonRefuses, explanation);
    upgrade_due(Milliseconds{0});
  }

  /// Once a day: Amazon renews only while the record is in DNS.
  void watch(const AmazonSeen& seen) {
    if (seen.status == AmazonCertificate::Status::kRefused) return lose_amazons(seen.explanation);
    if (!seen.explanation.empty()) {
      park_upgrade(Park::Reason::kRecordMissing, seen.explanation);
    } else {
      next().upgrade_park.reset();
    }
    next().upgrade_tries = 0;
    upgrade_due(kUpgradedPause);
  }

  void upgraded() {
    go(UpgradeMove::kCleaned);
    tell(DistributionNews::kUpgraded);
    setup_rests();
    upgrade_due(kUpgradedPause);
  }

  /// Somebody wrote an older configuration back, or another certificate.
  void swapped_back() {
    const bool is_one_of_ours = next().serving_arn == next().imported_arn || is_replaced(next(), next().serving_arn);
    if (!next().serving_arn.empty() && is_one_of_ours) {
      go(UpgradeMove::kSwappedBack);
      return upgrade_due(Milliseconds{0});
    }
    park_upgrade(
        Park::Reason::kForeignCertificate,
        format("the distribution {} serves another certificate ({}) than the one Signpost attached: attach {}, "
               "or disconnect {}",
               next().cloudfront_id, next().serving_arn.empty() ? "CloudFront's own" : next().serving_arn,
               next().amazon.arn, next().host.text()));
    try_again(kCleanPauses);
  }

  void fail_setup(const ActFailed& failed) {
    auto& tries = next().setup_tries;
    setup_due(pause_after(failed, tries));
    ++tries;
    if (is_loud(failed, tries)) set_park(next().setup_park, reason_of(failed), failed.explanation);
  }

  void fail_upgrade(const ActFailed& failed) {
    auto& tries = next().upgrade_tries;
    upgrade_due(pause_after(failed, tries));
    ++tries;
    // Before step 2 nobody waits for it.
    if (next().upgrade != Upgrade::kPreparing && is_loud(failed, tries))
      park_upgrade(reason_of(failed), failed.explanation);
  }

  static Park::Reason reason_of(const ActFailed& failed) { return failed.reason.value_or(Park::Reason::kTrouble); }
  /// CloudFront takes a certificate some time after it was issued or imported.
  static bool may_be_too_new(const ActFailed& failed) { return failed.reason == Park::Reason::kCertificateRefused; }
  static bool is_loud(const ActFailed& failed, std::int32_t tries) {
    if (may_be_too_new(failed)) return tries > kSwapTriesQuiet;
    return failed.reason || tries > kFailuresQuiet;
  }
  static Milliseconds pause_after(const ActFailed& failed, std::int32_t tries) {
    auto pause = pause_of(may_be_too_new(failed) ? Pauses(kSwapPauses) : Pauses(kFailurePauses), tries);
    if (failed.reason && !may_be_too_new(failed)) pause = std::max<Milliseconds>(pause, kParkedPauseMin);
    if (failed.retry_after) pause = std::max<Milliseconds>(pause, *failed.retry_after);
    return pause;
  }

  void park_upgrade(Park::Reason reason, std::string explanation) {
    set_park(next().upgrade_park, reason, std::move(explanation));
  }
  void set_park(std::optional<Park>& park, Park::Reason reason, std::string explanation) {
    // Moves and outcomes clear the park on their way; for whom it stays, it stays since then.
    const auto& was = &park == &next().setup_park ? before_.setup_park : before_.upgrade_park;
    park = Park{reason, std::move(explanation), was && was->reason == reason ? was->since : now_};
  }
  void tell_of_parks() {
    const auto tell_of = [&](const std::optional<Park>& was, const std::optional<Park>& is) {
      if (is && (!was || was->reason != is->reason)) tell(DistributionNews::kParked);
      const bool is_over = next().upgrade == Upgrade::kEnding || next().upgrade == Upgrade::kEnded;
      if (was && !is && !is_over) tell(DistributionNews::kResumed);
    };
    tell_of(before_.setup_park, next().setup_park);
    tell_of(before_.upgrade_park, next().upgrade_park);
  }

  const Distribution& before_;
  const Time now_;
  DistributionDecision decision_;
};

}  // namespace

std::string_view name_of(Setup setup) {
  switch (setup) {
    case Setup::kMaking:
      return "making";
    case Setup::kReady:
      return "ready";
    case Setup::kImporting:
      return "importing";
    case Setup::kAttaching:
      return "attaching";
    case Setup::kAttached:
      return "attached";
  }
  return "";
}

std::optional<Setup> parse_setup(std::string_view text) {
  return by_name(std::array{Setup::kMaking, Setup::kReady, Setup::kImporting, Setup::kAttaching, Setup::kAttached},
                 text);
}

std::string_view name_of(Upgrade upgrade) {
  switch (upgrade) {
    case Upgrade::kNone:
      return "none";
    case Upgrade::kPreparing:
      return "preparing";
    case Upgrade::kPrepared:
      return "prepared";
    case Upgrade::kWaiting:
      return "waiting";
    case Upgrade::kRequesting:
      return "requesting";
    case Upgrade::kLooking:
      return "looking";
    case Upgrade::kValidating:
      return "validating";
    case Upgrade::kSwapping:
      return "swapping";
    case Upgrade::kDeploying:
      return "deploying";
    case Upgrade::kCleaning:
      return "cleaning";
    case Upgrade::kUpgraded:
      return "upgraded";
    case Upgrade::kEnding:
      return "ending";
    case Upgrade::kEnded:
      return "ended";
  }
  return "";
}

std::optional<Upgrade> parse_upgrade(std::string_view text) {
  return by_name(
      std::array{Upgrade::kNone, Upgrade::kPreparing, Upgrade::kPrepared, Upgrade::kWaiting, Upgrade::kRequesting,
                 Upgrade::kLooking, Upgrade::kValidating, Upgrade::kSwapping, Upgrade::kDeploying, Upgrade::kCleaning,
                 Upgrade::kUpgraded, Upgrade::kEnding, Upgrade::kEnded},
      text);
}

std::string_view name_of(Park::Reason reason) {
  switch (reason) {
    case Park::Reason::kRecordMissing:
      return "record_missing";
    case Park::Reason::kCaaForbids:
      return "caa_forbids";
    case Park::Reason::kAmazonRefuses:
      return "amazon_refuses";
    case Park::Reason::kCertificateRefused:
      return "certificate_refused";
    case Park::Reason::kForeignCertificate:
      return "foreign_certificate";
    case Park::Reason::kAliasGone:
      return "alias_gone";
    case Park::Reason::kAliasTaken:
      return "alias_taken";
    case Park::Reason::kDistributionGone:
      return "distribution_gone";
    case Park::Reason::kDistributionDisabled:
      return "distribution_disabled";
    case Park::Reason::kDenied:
      return "denied";
    case Park::Reason::kLimitReached:
      return "limit_reached";
    case Park::Reason::kTrouble:
      return "trouble";
  }
  return "";
}

std::optional<Park::Reason> parse_park_reason(std::string_view text) {
  return by_name(
      std::array{Park::Reason::kRecordMissing, Park::Reason::kCaaForbids, Park::Reason::kAmazonRefuses,
                 Park::Reason::kCertificateRefused, Park::Reason::kForeignCertificate, Park::Reason::kAliasGone,
                 Park::Reason::kAliasTaken, Park::Reason::kDistributionGone, Park::Reason::kDistributionDisabled,
                 Park::Reason::kDenied, Park::Reason::kLimitReached, Park::Reason::kTrouble},
      text);
}

std::string_view name_of(AmazonCertificate::Status status) {
  switch (status) {
    case AmazonCertificate::Status::kUnknown:
      return "unknown";
    case AmazonCertificate::Status::kPending:
      return "pending";
    case AmazonCertificate::Status::kIssued:
      return "issued";
    case AmazonCertificate::Status::kRefused:
      return "refused";
  }
  return "";
}

std::optional<AmazonCertificate::Status> parse_amazon_status(std::string_view text) {
  using Status = AmazonCertificate::Status;
  return by_name(std::array{Status::kUnknown, Status::kPending, Status::kIssued, Status::kRefused}, text);
}

std::string_view name_of(Act act) {
  switch (act) {
    case Act::kNothing:
      return "nothing";
    case Act::kMake:
      return "make";
    case Act::kFindImport:
      return "find_import";
    case Act::kImport:
      return "import";
    case Act::kAttach:
      return "attach";
    case Act::kEndWait:
      return "end_wait";
    case Act::kRequest:
      return "request";
    case Act::kDescribe:
      return "describe";
    case Act::kLook:
      return "look";
    case Act::kDiscard:
      return "discard";
    case Act::kSwap:
      return "swap";
    case Act::kCheckDeployed:
      return "check_deployed";
    case Act::kClean:
      return "clean";
    case Act::kTidy:
      return "tidy";
    case Act::kTakeBack:
      return "take_back";
  }
  return "";
}

std::string old_certificate(const Distribution& distribution) {
  const bool is_ours_old = distribution.upgrade == Upgrade::kCleaning && !distribution.imported_arn.empty();
  if (is_ours_old) return distribution.imported_arn;
  return distribution.replaced_arns.empty() ? std::string() : distribution.replaced_arns.front();
}

bool is_replaced(const Distribution& distribution, std::string_view arn) {
  return std::ranges::find(distribution.replaced_arns, arn) != distribution.replaced_arns.end();
}

Act act_of(const Distribution& distribution, Time now) {
  const auto is_due = [&](const std::optional<Time>& at) { return at && *at <= now; };
  // What is not imported yet is not needed once Amazon's can serve.
  const bool swaps_first = is_due(distribution.upgrade_next_at) && distribution.upgrade == Upgrade::kSwapping &&
                           is_first_import(distribution) && !distribution.import_began_at;
  if (!swaps_first && is_due(distribution.setup_next_at) && may_set_up(distribution)) {
    if (const auto act = setup_act(distribution); act != Act::kNothing) return act;
  }
  return is_due(distribution.upgrade_next_at) ? upgrade_act(distribution) : Act::kNothing;
}

std::optional<Time> next_at(const Distribution& distribution) {
  std::optional<Time> next;
  if (may_set_up(distribution) && setup_act(distribution) != Act::kNothing) next = distribution.setup_next_at;
  const auto& other = distribution.upgrade_next_at;
  if (other && upgrade_act(distribution) != Act::kNothing && (!next || *other < *next)) next = other;
  return next;
}

std::string idempotency_token(const Distribution& distribution) {
  return format("{}_{}", distribution.id.text(), distribution.requests);
}

bool is_upgrading(const Distribution& distribution) {
  switch (distribution.upgrade) {
    case Upgrade::kNone:
    case Upgrade::kPreparing:
    case Upgrade::kPrepared:
    case Upgrade::kUpgraded:
    case Upgrade::kEnded:
      return false;
    case Upgrade::kWaiting:
    case Upgrade::kRequesting:
    case Upgrade::kLooking:
    case Upgrade::kValidating:
    case Upgrade::kSwapping:
    case Upgrade::kDeploying:
    case Upgrade::kCleaning:
    case Upgrade::kEnding:
      return true;
  }
  return false;
}

bool needs_our_certificate(const Distribution& distribution) {
  return distribution.upgrade != Upgrade::kCleaning && distribution.upgrade != Upgrade::kUpgraded;
}

DistributionDecision decide(const Distribution& distribution, const DistributionHappening& happening, Time now) {
  Deciding deciding(distribution, now);
  std::visit(deciding, happening);
  return deciding.take();
}

}  // namespace signpost::model
