// SPDX-License-Identifier: Apache-2.0
#include "model/search.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace signpost::model {
namespace {

// The traffic record has just been switched, and most are visible within two minutes; caches and certificates of the
// edge may need hours. After 72 hours the flow itself has timed out.
constexpr std::int32_t kKeyFileDenseTries = 12;
constexpr Milliseconds kKeyFileDensePause = std::chrono::seconds(10);
constexpr std::array<Milliseconds, 6> kKeyFileDoublings{std::chrono::minutes(1),  std::chrono::minutes(2),
                                                        std::chrono::minutes(4),  std::chrono::minutes(8),
                                                        std::chrono::minutes(16), std::chrono::minutes(32)};
constexpr Milliseconds kKeyFilePatientPause = std::chrono::hours(1);
constexpr std::int32_t kKeyFileTriesMax = kKeyFileDenseTries + 6 + 72;

// An engine that is out of order, or has had too much: soon at first, then patient for three days.
constexpr std::array<Milliseconds, 8> kEngineDown{
    std::chrono::minutes(1), std::chrono::minutes(5), std::chrono::minutes(30), std::chrono::hours(2),
    std::chrono::hours(6),   std::chrono::hours(12),  std::chrono::hours(24),   std::chrono::hours(24)};
// Of the tries of a submission, so many still count when pages change: pauses grow to two hours however often that
// happens, and what changed last is tried for nearly three days.
constexpr std::int32_t kTriesKeptMax = 3;

void skip(StepProgress& step, std::string why, Time now) {
  step = {.state = StepState::kSkipped, .tries = 0, .not_before = {}, .detail = std::move(why), .updated_at = now};
}
void wait(StepProgress& step, Time now) { step = {.state = StepState::kWaiting, .updated_at = now}; }

bool is_waiting(const Search& search, SearchStep step) { return search.at(step).state == StepState::kWaiting; }
bool is_done(const Search& search, SearchStep step) { return search.at(step).state == StepState::kDone; }

/// The polling has ended, or goes on when its two minutes are over: Google answers slowly, or wants to be left alone.
bool is_polled(const Search& search) {
  if (!is_waiting(search, SearchStep::kGoogleVerification)) return true;
  // What comes of a verification has waited since the polling began, and nothing else touches it meanwhile.
  const Time begun_at = search.at(SearchStep::kGoogleSite).updated_at;
  const auto next_poll = search.at(SearchStep::kGoogleVerification).not_before;
  return next_poll && *next_poll >= begun_at + kGooglePollBudget;
}

/// What must have come before it has, so only its own time is waited for.
bool is_free(const Search& search, SearchStep step) {
  if (!is_waiting(search, step)) return false;
  const bool is_google_asked = !is_waiting(search, SearchStep::kGoogleVerification);
  switch (step) {
    case SearchStep::kGoogleVerification:
      return true;
    case SearchStep::kKeyFile:
      return is_polled(search);
    case SearchStep::kIndexNow:
      return is_polled(search) && is_done(search, SearchStep::kKeyFile);
    case SearchStep::kGoogleSite:
      return is_google_asked && search.google == GoogleStatus::kVerified;
    case SearchStep::kSitemap:
      return is_google_asked && is_done(search, SearchStep::kGoogleSite);
  }
  return false;
}

class Deciding {
 public:
  Deciding(const Search& search, Time now) : next_(search), now_(now) {}

  Search operator()(const SearchRound& round) {
    const bool is_new_deployment = next_.deployed_at != round.deployed_at;
    next_.deployed_at = round.deployed_at;
    next_.round = round.generation;
    begin_google(round, is_new_deployment);
    if (!round.has_indexnow) {
      for (const auto step : {SearchStep::kKeyFile, SearchStep::kIndexNow})
        skip(next_.at(step), "no IndexNow key is configured (search.indexnow_key): no URL was submitted", now_);
    } else if (round.has_changes || is_new_deployment) {
      begin_indexnow(is_new_deployment);
    }
    return settled();
  }

  Search operator()(const StepTried& tried) {
    auto& step = next_.at(tried.step);
    if (step.state != StepState::kWaiting) return std::move(next_);  // it was ended meanwhile
    step.detail = tried.detail;
    step.updated_at = now_;
    switch (tried.result) {
      case StepTried::Result::kDone:
        step.state = StepState::kDone;
        step.not_before.reset();
        ++step.tries;
        break;
      case StepTried::Result::kGoesOn:
        step.tries = 0;
        step.not_before.reset();
        break;
      case StepTried::Result::kNotYet:
        try_again(step, tried);
        break;
      case StepTried::Result::kRefused:
        ++step.tries;
        end(step);
        break;
      case StepTried::Result::kUnseen:
        step.not_before = now_ + kSearchUnseenPause;
        break;
    }
    return settled();
  }

  Search operator()(const KeyDenied& denied) {
    auto& submission = next_.at(SearchStep::kIndexNow);
    if (submission.state != StepState::kWaiting) return std::move(next_);
    submission.detail = denied.detail;
    submission.updated_at = now_;
    try_again(submission, {.step = SearchStep::kIndexNow, .result = StepTried::Result::kNotYet, .detail = {}});
    if (submission.state != StepState::kWaiting) return settled();
    auto& file = next_.at(SearchStep::kKeyFile);
    wait(file, now_);
    file.not_before = submission.not_before;
    file.detail = denied.detail;
    return std::move(next_);
  }

  Search operator()(const GoogleStarted& started) {
    const bool is_same = next_.google_token == started.token;
    next_.google_token = started.token;
    // One account has one token for a domain: what it has verified stays so.
    if (is_same && next_.google == GoogleStatus::kVerified) return std::move(next_);
    next_.google = GoogleStatus::kPending;
    if (started.is_deployed) wait_for_google();
    return std::move(next_);
  }

  Search operator()(const GoogleVerified& verified) {
    const bool is_news = next_.google != GoogleStatus::kVerified;
    next_.google = GoogleStatus::kVerified;
    next_.at(SearchStep::kGoogleVerification) = {
        .state = StepState::kDone,
        .tries = next_.at(SearchStep::kGoogleVerification).tries + 1,
        .not_before = {},
        .detail = verified.detail,
        .updated_at = now_,
    };
    for (const auto step : {SearchStep::kGoogleSite, SearchStep::kSitemap}) {
      if (is_news || next_.at(step).state != StepState::kDone) begin(step);
    }
    return std::move(next_);
  }

 private:
  /// From its first try; but what the other side has put off stays so, whatever has happened here.
  void begin(SearchStep of) {
    auto& step = next_.at(of);
    const bool is_put_off = step.state == StepState::kWaiting && step.not_before > now_;
    if (!is_put_off) return wait(step, now_);
    step.tries = 0;
    step.updated_at = now_;
  }

  void begin_indexnow(bool is_new_deployment) {
    auto& submission = next_.at(SearchStep::kIndexNow);
    const bool goes_on = submission.state == StepState::kWaiting && !is_new_deployment;
    const auto tries_kept = goes_on ? std::min(submission.tries, kTriesKeptMax) : 0;
    begin(SearchStep::kIndexNow);
    submission.tries = tries_kept;
    // The file is looked at just before the submission.
    auto& file = next_.at(SearchStep::kKeyFile);
    wait(file, now_);
    file.not_before = submission.not_before;
  }

  void begin_google(const SearchRound& round, bool is_new_deployment) {
    auto& verification = next_.at(SearchStep::kGoogleVerification);
    if (!round.has_google) {
      for (const auto step : {SearchStep::kGoogleVerification, SearchStep::kGoogleSite, SearchStep::kSitemap})
        skip(next_.at(step), "no Google credential is configured (search.google_credentials_file)", now_);
      return;
    }
    if (next_.google_token.empty()) {
      for (const auto step : {SearchStep::kGoogleVerification, SearchStep::kGoogleSite, SearchStep::kSitemap})
        skip(next_.at(step), "nobody has started it (POST /api/domain/start-google-verification)", now_);
      return;
    }
    if (!is_new_deployment) return;
    if (next_.google != GoogleStatus::kVerified) return wait_for_google();
    if (verification.state != StepState::kDone) {
      verification = {.state = StepState::kDone, .detail = "the domain is verified", .updated_at = now_};
    }
    for (const auto step : {SearchStep::kGoogleSite, SearchStep::kSitemap}) begin(step);
  }

  void wait_for_google() {
    for (const auto step : {SearchStep::kGoogleVerification, SearchStep::kGoogleSite, SearchStep::kSitemap})
      begin(step);
  }

  void try_again(StepProgress& step, const StepTried& tried) {
    const auto pause = pause_after(tried.step, ++step.tries);
    if (!pause) return end(step);
    step.not_before = now_ + std::max(*pause, tried.not_within.value_or(Milliseconds(0)));
  }
  static void end(StepProgress& step) {
    step.state = StepState::kFailed;
    step.not_before.reset();
  }

  /// What cannot come any more is not waited for.
  Search settled() {
    const auto give_up = [&](SearchStep step, SearchStep because, std::string_view why) {
      const bool is_lost =
          next_.at(because).state == StepState::kFailed || next_.at(because).state == StepState::kSkipped;
      if (is_waiting(next_, step) && is_lost) skip(next_.at(step), std::string(why), now_);
    };
    give_up(SearchStep::kIndexNow, SearchStep::kKeyFile, "the key file was not there, so no URL was submitted");
    if (next_.google != GoogleStatus::kVerified) {
      give_up(SearchStep::kGoogleSite, SearchStep::kGoogleVerification, "the domain is not verified");
    }
    give_up(SearchStep::kSitemap, SearchStep::kGoogleSite, "the domain is no property in Search Console");
    return std::move(next_);
  }

  Search next_;
  const Time now_;
};

template <typename Enum, std::size_t Count>
std::optional<Enum> by_name(const std::array<Enum, Count>& all, std::string_view text) {
  const auto found = std::ranges::find_if(all, [&](Enum one) { return name_of(one) == text; });
  if (found == all.end()) return std::nullopt;
  return *found;
}

}  // namespace

std::string_view name_of(SearchStep step) {
  switch (step) {
    case SearchStep::kGoogleVerification:
      return "google_verification";
    case SearchStep::kKeyFile:
      return "key_file";
    case SearchStep::kIndexNow:
      return "indexnow";
    case SearchStep::kGoogleSite:
      return "google_site";
    case SearchStep::kSitemap:
      return "sitemap";
  }
  return "";
}
std::optional<SearchStep> parse_search_step(std::string_view text) { return by_name(kSearchSteps, text); }

std::string_view name_of(StepState state) {
  switch (state) {
    case StepState::kWaiting:
      return "waiting";
    case StepState::kDone:
      return "done";
    case StepState::kSkipped:
      return "skipped";
    case StepState::kFailed:
      return "failed";
  }
  return "";
}
std::optional<StepState> parse_step_state(std::string_view text) {
  return by_name(std::array{StepState::kWaiting, StepState::kDone, StepState::kSkipped, StepState::kFailed}, text);
}

std::string_view name_of(GoogleStatus status) {
  switch (status) {
    case GoogleStatus::kNone:
      return "NONE";
    case GoogleStatus::kPending:
      return "PENDING";
    case GoogleStatus::kVerified:
      return "VERIFIED";
  }
  return "";
}
std::optional<GoogleStatus> parse_google_status(std::string_view text) {
  return by_name(std::array{GoogleStatus::kNone, GoogleStatus::kPending, GoogleStatus::kVerified}, text);
}

std::optional<Milliseconds> pause_after(SearchStep step, std::int32_t tries) {
  const auto index = static_cast<std::size_t>(std::max(tries, 1)) - 1;
  switch (step) {
    case SearchStep::kGoogleVerification:
      return tries < kGooglePollsMax ? std::optional(kGooglePollPause) : std::nullopt;
    case SearchStep::kKeyFile: {
      if (tries >= kKeyFileTriesMax) return std::nullopt;
      if (tries <= kKeyFileDenseTries) return kKeyFileDensePause;
      const auto doubling = index - static_cast<std::size_t>(kKeyFileDenseTries);
      return doubling < kKeyFileDoublings.size() ? kKeyFileDoublings[doubling] : kKeyFilePatientPause;
    }
    case SearchStep::kIndexNow:
    case SearchStep::kGoogleSite:
    case SearchStep::kSitemap:
      return index < kEngineDown.size() ? std::optional(kEngineDown[index]) : std::nullopt;
  }
  return std::nullopt;
}

Search decide(const Search& search, const SearchHappening& happening, Time now) {
  return std::visit(Deciding(search, now), happening);
}

std::optional<SearchStep> step_of(const Search& search, Time now) {
  for (const auto step : kSearchSteps) {
    if (is_free(search, step) && search.at(step).not_before.value_or(now) <= now) return step;
  }
  return std::nullopt;
}

std::optional<Time> step_due(const Search& search, Time now) {
  std::optional<Time> due;
  for (const auto step : kSearchSteps) {
    if (!is_free(search, step)) continue;
    const Time at = search.at(step).not_before.value_or(now);
    if (!due || at < *due) due = at;
  }
  return due;
}

bool is_all_skipped(const Search& search) {
  return std::ranges::all_of(search.steps, [](const StepProgress& step) { return step.state == StepState::kSkipped; });
}

std::string in_words(const Search& search) {
  std::string words;
  for (const auto step : kSearchSteps) {
    const auto& detail = search.at(step).detail;
    if (detail.empty() || words.contains(detail)) continue;
    words += format("{}{}", words.empty() ? "" : "; ", detail);
  }
  return words;
}

}  // namespace signpost::model
