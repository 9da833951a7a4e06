// SPDX-License-Identifier: Apache-2.0
//
// What search engines are told of a connection, step by step, and whether Google knows whose domain it is; and the
// whole of that life as one pure function.
// Plain values; any thread. decide() has no clock, network or database: the caller saves what comes back, so that a
// crash between any two steps resumes at the later one.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/id.h"
#include "base/time.h"

namespace signpost::model {

/// In the order in which they are taken; one that waits for its time lets the next go ahead.
enum class SearchStep {
  kGoogleVerification,  // Google looks for the TXT record
  kKeyFile,             // the key file answers through the live domain
  kIndexNow,            // URLs are submitted
  kGoogleSite,          // the domain is a property in Search Console
  kSitemap,             // its sitemap is submitted there
};
inline constexpr std::array kSearchSteps{SearchStep::kGoogleVerification, SearchStep::kKeyFile, SearchStep::kIndexNow,
                                         SearchStep::kGoogleSite, SearchStep::kSitemap};
std::string_view name_of(SearchStep step);  // "google_verification"
std::optional<SearchStep> parse_search_step(std::string_view text);

enum class StepState { kWaiting, kDone, kSkipped, kFailed };
std::string_view name_of(StepState state);  // "waiting"
std::optional<StepState> parse_step_state(std::string_view text);

struct StepProgress {
  StepState state = StepState::kSkipped;
  std::int32_t tries = 0;
  std::optional<Time> not_before;  // of one that waits; empty: now
  std::string detail;              // a sentence: what came of it, or why it waits; empty before its first try
  Time updated_at{};
  bool operator==(const StepProgress&) const = default;
};

/// `google_verification_status` of SearchCompany's ai_sites; kNone: nobody has started it.
enum class GoogleStatus { kNone, kPending, kVerified };
std::string_view name_of(GoogleStatus status);  // "NONE", "PENDING", "VERIFIED"
std::optional<GoogleStatus> parse_google_status(std::string_view text);

struct Search {
  ConnectionId connection;
  std::string google_token;  // what the TXT record at the domain holds; empty before start-google-verification
  GoogleStatus google = GoogleStatus::kNone;
  std::array<StepProgress, kSearchSteps.size()> steps{};
  std::optional<Time> deployed_at;  // of the deployment that the steps are for
  std::int64_t round = 0;           // generation of the job that the steps belong to; 0: none yet
  std::int64_t version = 0;         // grows with every save; the store compares it

  const StepProgress& at(SearchStep step) const { return steps[static_cast<std::size_t>(step)]; }
  StepProgress& at(SearchStep step) { return steps[static_cast<std::size_t>(step)]; }
};

// "every 10 s, 12 tries (2 min)" (SearchCompany's step 2).
constexpr Milliseconds kGooglePollPause = std::chrono::seconds(10);
constexpr std::int32_t kGooglePollsMax = 12;
// What waits for the polls waits no longer: if Google is slow or wants to be left alone, the rest goes ahead.
constexpr Milliseconds kGooglePollBudget = kGooglePollPause * kGooglePollsMax;
/// How long to wait after so many tries (1 = after the first); nothing: it is given up.
std::optional<Milliseconds> pause_after(SearchStep step, std::int32_t tries);
/// When we could not look ourselves; no try of the step.
constexpr Milliseconds kSearchUnseenPause = std::chrono::seconds(30);

// ── happenings ──────────────────────────────────────────────────────────────────────────────────────────────────

/// The job was asked for: by step 2, by new pages, or by hand.
struct SearchRound {
  std::int64_t generation = 0;
  std::optional<Time> deployed_at;
  bool has_indexnow = false;  // configured
  bool has_google = false;
  bool has_changes = false;  // pages that were not submitted yet
};
struct StepTried {
  enum class Result {
    kDone,
    kGoesOn,   // it got further and has more to do at once
    kNotYet,   // a try in vain: again by the schedule, until that ends
    kRefused,  // trying again would not help
    kUnseen,   // we could not try, for a reason of our own
  };
  SearchStep step{};
  Result result{};
  std::string detail;
  std::optional<Milliseconds> not_within = {};  // the other side wants to be left alone for so long
};
/// IndexNow does not accept the key file: it is looked at again before the next submission.
struct KeyDenied {
  std::string detail;
};
/// start-google-verification: the token that Google gave.
struct GoogleStarted {
  std::string token;
  bool is_deployed = false;  // then the polling begins at once
};
/// complete-google-verification, or a poll, has found it.
struct GoogleVerified {
  std::string detail;
};

using SearchHappening = std::variant<SearchRound, StepTried, KeyDenied, GoogleStarted, GoogleVerified>;

/// The search as it is afterwards; total: every happening is possible at any time.
Search decide(const Search& search, const SearchHappening& happening, Time now);

/// The step to take now; nothing if none is due.
std::optional<SearchStep> step_of(const Search& search, Time now);
/// When the next step is due; nothing if all have ended.
std::optional<Time> step_due(const Search& search, Time now);
/// Every step was skipped.
bool is_all_skipped(const Search& search);
/// The details of all steps that have one, as one text.
std::string in_words(const Search& search);

}  // namespace signpost::model
