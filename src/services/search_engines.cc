// SPDX-License-Identifier: Apache-2.0
#include "services/search_engines.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "net/url.h"
#include "services/pages.h"
#include "store/connections.h"
#include "store/jobs.h"
#include "store/searches.h"

namespace signpost::services {
namespace {

using model::SearchStep;
using model::StepTried;

constexpr int kTurnsMax = 24;  // steps of one run: five, and a batch for every 10,000 pages
constexpr int kTriesMax = 8;   // of a change that others make at the same moment
constexpr std::string_view kNoGoogle = "no Google credential is configured: set search.google_credentials_file";
constexpr std::string_view kNoIndexNow = "no IndexNow key is configured: set search.indexnow_key";

JobOutcome done(std::string text) { return {JobOutcome::Ending::kDone, std::move(text)}; }

bool is_deployed(const model::Connection& connection) {
  return connection.is_live() && connection.status == model::Status::kDeployed;
}

std::string url_on(const model::Connection& connection, std::string_view path) {
  return format("https://{}{}", connection.host.text(), path);
}

std::optional<Milliseconds> not_within(const std::optional<std::chrono::seconds>& retry_after) {
  if (!retry_after) return std::nullopt;
  return Milliseconds(*retry_after);
}

/// Would it help to try again?
StepTried::Result result_of(cloud::GoogleTrouble trouble) {
  switch (trouble) {
    case cloud::GoogleTrouble::kNotSeen:
    case cloud::GoogleTrouble::kQuota:
    case cloud::GoogleTrouble::kTryLater:
    case cloud::GoogleTrouble::kNonsense:
      return StepTried::Result::kNotYet;
    case cloud::GoogleTrouble::kCredentialRefused:
    case cloud::GoogleTrouble::kForbidden:
    case cloud::GoogleTrouble::kRefused:
      return StepTried::Result::kRefused;
  }
  return StepTried::Result::kRefused;
}

StepTried tried_of(SearchStep step, const cloud::GoogleOutcome<void>& outcome, std::string success) {
  if (outcome) return {step, StepTried::Result::kDone, std::move(success)};
  const auto& [trouble, error] = outcome.error();
  return {step, result_of(trouble), error.message, not_within(error.retry_after)};
}

/// The search as it is, or the one that begins.
Result<model::Search> current(store::Tx& tx, const model::Connection& connection) {
  auto found = TRY(store::searches::find(tx, connection.application, connection.id));
  return std::move(found).value_or(model::Search{.connection = connection.id});
}

Result<bool> save(store::Tx& tx, const model::Search& search, std::int64_t read_version) {
  return read_version == 0 ? store::searches::insert(tx, search) : store::searches::update(tx, search, read_version);
}

/// Two names of one site: the domain, and its www.
bool is_same_site(std::string_view a, std::string_view b) {
  constexpr std::string_view kWww = "www.";
  const auto bare = [&](std::string_view host) { return host.starts_with(kWww) ? host.substr(kWww.size()) : host; };
  return bare(a) == bare(b);
}

}  // namespace

SearchEngines::SearchEngines(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, Connections& connections,
                             cloud::IndexNow* indexnow, cloud::Google* google, std::vector<SiteEye*> sites,
                             Settings settings)
    : storage_(storage),
      bell_(bell),
      clock_(clock),
      ids_(ids),
      connections_(connections),
      indexnow_(indexnow),
      google_(google),
      sites_(std::move(sites)),
      settings_(std::move(settings)) {}

std::string SearchEngines::key_location(const model::Connection& connection) const {
  return url_on(connection, settings_.key_path);
}

std::string_view SearchEngines::key_directory() const {
  return std::string_view(settings_.key_path).substr(0, settings_.key_path.rfind('/') + 1);
}

// ── the job ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<std::optional<SearchEngines::Subject>>> SearchEngines::load(const model::Job& job) {
  using Loaded = std::optional<Subject>;
  const Time now = clock_.now();
  // Writes, because the core pages of an organization that has named none become rows here.
  co_return co_await storage_.write<Loaded>([this, id = job.subject, now](store::Tx& tx) -> Result<Loaded> {
    auto connection = TRY(store::connections::find_across_applications(tx, id));
    if (!connection) return std::nullopt;
    TRY_VOID(ensure_core_pages(tx, connection->application, connection->organization, ids_, now));
    auto search = TRY(current(tx, *connection));
    const bool has_changes = TRY(store::page_submissions::has_changes(tx, id, key_directory()));
    return Subject{*std::move(connection), std::move(search), has_changes};
  });
}

void SearchEngines::ring_job_of(const model::Connection& connection) const {
  Rings rings;
  rings.add_job_of(connection.id);
  ring(bell_, std::move(rings));
}

Task<Result<model::Search>> SearchEngines::change(const model::Connection& connection, model::SearchHappening happening,
                                                  AlsoInTx also) {
  const Time now = clock_.now();
  co_return co_await storage_.write<model::Search>([&, now](store::Tx& tx) -> Result<model::Search> {
    for (int tries = 0; tries < kTriesMax; ++tries) {
      const auto before = TRY(current(tx, connection));
      auto after = model::decide(before, happening, now);
      if (!TRY(save(tx, after, before.version))) continue;
      after.version = before.version + 1;
      if (also) TRY_VOID(also(tx));
      return after;
    }
    return fail(Kind::kUnavailable,
                "too many callers are changing this connection's search at the same moment: try "
                "again");
  });
}

Task<Result<JobOutcome>> SearchEngines::pursue(model::Job job) {
  for (int turn = 0; turn < kTurnsMax; ++turn) {
    auto loaded = CO_TRY(co_await load(job));
    if (!loaded) co_return done("the connection is gone");
    const auto& subject = *loaded;
    const auto& connection = subject.connection;
    if (!is_deployed(connection)) {
      co_return done(format("{} is not connected any more: nothing is submitted for it", connection.host.text()));
    }
    if (subject.search.round != job.generation) {
      CO_TRY_VOID(co_await change(connection, model::SearchRound{.generation = job.generation,
                                                                 .deployed_at = connection.deployed_at,
                                                                 .has_indexnow = indexnow_ != nullptr,
                                                                 .has_google = google_ != nullptr,
                                                                 .has_changes = subject.has_changes}));
      continue;
    }
    const auto step = model::step_of(subject.search, clock_.now());
    if (!step) co_return co_await rest(job, connection);
    CO_TRY_VOID(co_await take(subject, *step));
  }
  // The rest comes with the next claim, so that others have their turn.
  co_return co_await storage_.write<JobOutcome>([&, now = clock_.now()](store::Tx& tx) -> Result<JobOutcome> {
    TRY(store::jobs::reschedule(tx, job.id, job.generation, now));
    return JobOutcome{};
  });
}

/// Until the next step is due, or for good.
Task<Result<JobOutcome>> SearchEngines::rest(const model::Job& job, const model::Connection& connection) {
  const Time now = clock_.now();
  co_return co_await storage_.write<JobOutcome>([&, now](store::Tx& tx) -> Result<JobOutcome> {
    const auto search = TRY(current(tx, connection));
    if (const auto due = model::step_due(search, now)) {
      TRY(store::jobs::reschedule(tx, job.id, job.generation, std::max(*due, now)));
      return JobOutcome{};
    }
    const bool is_off = indexnow_ == nullptr && google_ == nullptr && model::is_all_skipped(search);
    TRY(store::jobs::finish(tx, job.id, job.generation,
                            is_off ? model::JobState::kNotConfigured : model::JobState::kDone,
                            model::in_words(search)));
    return JobOutcome{};
  });
}

Task<Result<void>> SearchEngines::take(const Subject& subject, SearchStep step) {
  switch (step) {
    case SearchStep::kGoogleVerification:
      return ask_google(subject);
    case SearchStep::kKeyFile:
      return look_at_key_file(subject);
    case SearchStep::kIndexNow:
      return submit_batch(subject);
    case SearchStep::kGoogleSite:
      return add_site(subject);
    case SearchStep::kSitemap:
      return submit_sitemap(subject);
  }
  return ask_google(subject);
}

Task<Result<void>> SearchEngines::tell(const Subject& subject, StepTried tried) {
  CO_TRY_VOID(co_await change(subject.connection, std::move(tried)));
  co_return Result<void>{};
}

Task<Result<void>> SearchEngines::ask_google(const Subject& subject) {
  constexpr auto kStep = SearchStep::kGoogleVerification;
  if (google_ == nullptr)
    co_return co_await tell(subject, {kStep, StepTried::Result::kRefused, std::string(kNoGoogle)});
  const std::string domain(subject.connection.host.domain());
  const auto outcome = co_await google_->verify(domain);
  auto success = format("Google has verified {}", domain);
  if (!outcome) co_return co_await tell(subject, tried_of(kStep, outcome, {}));
  CO_TRY_VOID(co_await change(subject.connection, model::GoogleVerified{std::move(success)}));
  co_return Result<void>{};
}

Task<Result<void>> SearchEngines::look_at_key_file(const Subject& subject) {
  constexpr auto kStep = SearchStep::kKeyFile;
  if (indexnow_ == nullptr)
    co_return co_await tell(subject, {kStep, StepTried::Result::kRefused, std::string(kNoIndexNow)});
  const auto url = key_location(subject.connection);
  auto& eye = *sites_[static_cast<std::size_t>(partition_of(subject.connection.id.value())) % sites_.size()];
  auto sight = co_await eye.look(url, indexnow_->key());
  switch (sight.what) {
    case FileSight::What::kThere:
      co_return co_await tell(subject, {kStep, StepTried::Result::kDone, format("{} is there", url)});
    case FileSight::What::kOther:
      co_return co_await tell(subject, {kStep, StepTried::Result::kNotYet, std::move(sight.detail)});
    case FileSight::What::kUnseen:
      co_return co_await tell(subject, {kStep, StepTried::Result::kUnseen, std::move(sight.detail)});
  }
  co_return Result<void>{};
}

Task<Result<void>> SearchEngines::submit_batch(const Subject& subject) {
  constexpr auto kStep = SearchStep::kIndexNow;
  if (indexnow_ == nullptr)
    co_return co_await tell(subject, {kStep, StepTried::Result::kRefused, std::string(kNoIndexNow)});
  const auto& connection = subject.connection;
  const auto id = connection.id;
  using Paths = std::vector<std::string>;
  auto paths = CO_TRY(co_await storage_.write<Paths>([this, id](store::Tx& tx) -> Result<Paths> {
    constexpr auto kMax = static_cast<std::int32_t>(cloud::kIndexNowUrlsMax);
    auto open = TRY(store::page_submissions::list_batch(tx, id, kMax));  // of before a crash, or a failure
    if (!open.empty()) return open;
    TRY(store::page_submissions::open_batch(tx, id, key_directory(), kMax));
    return store::page_submissions::list_batch(tx, id, kMax);
  }));
  if (paths.empty()) {
    const auto counts = CO_TRY(co_await storage_.read<store::page_submissions::Counts>(
        [this, id](store::Tx& tx) { return store::page_submissions::count(tx, id, key_directory()); }));
    co_return co_await tell(subject,
                            {kStep, StepTried::Result::kDone,
                             format("IndexNow was told of {} URLs of {}", counts.submitted, connection.host.text())});
  }
  cloud::UrlSubmission submission{connection.host.text(), key_location(connection), {}};
  submission.urls.reserve(paths.size());
  for (const auto& path : paths) submission.urls.push_back(url_on(connection, path));
  const auto reply = co_await indexnow_->submit(std::move(submission));
  switch (reply.verdict) {
    case cloud::UrlVerdict::kAccepted:
    case cloud::UrlVerdict::kKeyPending: {
      const Time now = clock_.now();
      StepTried tried{kStep, StepTried::Result::kGoesOn, format("IndexNow has taken {} URLs", paths.size())};
      CO_TRY_VOID(co_await change(connection, std::move(tried), [id, now](store::Tx& tx) {
        return store::page_submissions::close_batch(tx, id, now);
      }));
      co_return Result<void>{};
    }
    case cloud::UrlVerdict::kKeyNotValid:
      CO_TRY_VOID(co_await change(connection, model::KeyDenied{reply.explanation}));
      co_return Result<void>{};
    case cloud::UrlVerdict::kBadFormat:
    case cloud::UrlVerdict::kNotOnHost: {
      // The next round gathers anew: other settings or pages may be what helps.
      StepTried tried{kStep, StepTried::Result::kRefused, reply.explanation};
      CO_TRY_VOID(co_await change(connection, std::move(tried),
                                  [id](store::Tx& tx) { return store::page_submissions::cancel_batch(tx, id); }));
      co_return Result<void>{};
    }
    case cloud::UrlVerdict::kTooMany:
    case cloud::UrlVerdict::kTryLater:
      co_return co_await tell(subject,
                              {kStep, StepTried::Result::kNotYet, reply.explanation, not_within(reply.retry_after)});
  }
  co_return Result<void>{};
}

Task<Result<void>> SearchEngines::add_site(const Subject& subject) {
  constexpr auto kStep = SearchStep::kGoogleSite;
  if (google_ == nullptr)
    co_return co_await tell(subject, {kStep, StepTried::Result::kRefused, std::string(kNoGoogle)});
  const std::string domain(subject.connection.host.domain());
  const auto outcome = co_await google_->add_site(domain);
  co_return co_await tell(subject, tried_of(kStep, outcome, format("{} is a property in Search Console", domain)));
}

Task<Result<void>> SearchEngines::submit_sitemap(const Subject& subject) {
  constexpr auto kStep = SearchStep::kSitemap;
  if (google_ == nullptr)
    co_return co_await tell(subject, {kStep, StepTried::Result::kRefused, std::string(kNoGoogle)});
  const auto sitemap = url_on(subject.connection, "/sitemap.xml");
  const auto outcome = co_await google_->submit_sitemap(std::string(subject.connection.host.domain()), sitemap);
  co_return co_await tell(subject, tried_of(kStep, outcome, format("{} was submitted to Search Console", sitemap)));
}

// ── what callers ask for ────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<model::Connection>> SearchEngines::connection_of(ApplicationId application, std::string organization,
                                                             std::optional<HostName> host) {
  auto found = CO_TRY(co_await connections_.of_organization(application, organization, host));
  if (found) co_return *std::move(found);
  co_return fail(
      Kind::kNotFound,
      host ? format("organization {} has no live connection on {}: create it first", organization, host->text())
           : format("organization {} has no live connection: create one first", organization));
}

Task<Result<model::GoogleStatus>> SearchEngines::status_of(const model::Connection& connection) {
  co_return co_await storage_.read<model::GoogleStatus>(
      [&](store::Tx& tx) -> Result<model::GoogleStatus> { return TRY(current(tx, connection)).google; });
}

Task<Result<GoogleAnswer>> SearchEngines::start_google(ApplicationId application, std::string organization,
                                                       std::optional<HostName> host) {
  const auto connection = CO_TRY(co_await connection_of(application, std::move(organization), std::move(host)));
  GoogleAnswer answer{.status = CO_TRY(co_await status_of(connection))};
  if (google_ == nullptr) {
    answer.trouble = kNoGoogle;
    co_return answer;
  }
  auto token = co_await google_->verification_token(std::string(connection.host.domain()));
  if (!token) {
    answer.trouble = token.error().error.message;
    co_return answer;
  }
  answer.token = *token;
  const bool polls = is_deployed(connection) && answer.status != model::GoogleStatus::kVerified;
  const auto search = CO_TRY(
      co_await change(connection, model::GoogleStarted{*std::move(token), polls}, [&](store::Tx& tx) -> Result<void> {
        if (!polls) return {};
        const Time now = clock_.now();
        return store::jobs::request(tx, connection.id, fairness_key_of(connection.application, connection.organization),
                                    {model::JobKind::kSearchSubmission, now, model::JobRequest::When::kEarlier},
                                    ids_.make<JobRowId>(), now);
      }));
  if (polls) ring_job_of(connection);
  answer.status = search.google;
  co_return answer;
}

Task<Result<GoogleAnswer>> SearchEngines::complete_google(ApplicationId application, std::string organization,
                                                          std::optional<HostName> host) {
  const auto connection = CO_TRY(co_await connection_of(application, std::move(organization), std::move(host)));
  GoogleAnswer answer{.status = CO_TRY(co_await status_of(connection))};
  if (google_ == nullptr) {
    answer.trouble = kNoGoogle;
    co_return answer;
  }
  if (answer.status == model::GoogleStatus::kNone) {
    answer.trouble = "the verification was not started: call start-google-verification first";
    co_return answer;
  }
  const std::string domain(connection.host.domain());
  const auto outcome = co_await google_->verify(domain);
  if (!outcome) {
    answer.trouble = outcome.error().error.message;
    co_return answer;
  }
  auto detail = format("Google has verified {}", domain);
  const auto search =
      CO_TRY(co_await change(connection, model::GoogleVerified{std::move(detail)}, [&](store::Tx& tx) -> Result<void> {
        if (!is_deployed(connection)) return {};
        const Time now = clock_.now();
        return store::jobs::request(tx, connection.id, fairness_key_of(connection.application, connection.organization),
                                    {model::JobKind::kSearchSubmission, now, model::JobRequest::When::kEarlier},
                                    ids_.make<JobRowId>(), now);
      }));
  if (is_deployed(connection)) ring_job_of(connection);
  answer.status = search.google;
  answer.token = search.google_token;
  co_return answer;
}

Task<Result<GoogleAnswer>> SearchEngines::resubmit_sitemap(ApplicationId application, std::string organization,
                                                           std::optional<HostName> host) {
  const auto connection = CO_TRY(co_await connection_of(application, std::move(organization), std::move(host)));
  GoogleAnswer answer{.status = CO_TRY(co_await status_of(connection))};
  if (google_ == nullptr) {
    answer.trouble = kNoGoogle;
  } else if (!is_deployed(connection)) {
    answer.trouble = format("{} is not connected, its status is {}: its sitemap is submitted once it is DEPLOYED",
                            connection.host.text(), model::name_of(connection.status));
  } else if (answer.status != model::GoogleStatus::kVerified) {
    answer.trouble = format(
        "{} is not verified with Google: call start-google-verification, add its record, then "
        "complete-google-verification",
        connection.host.domain());
  }
  if (!answer.trouble.empty()) co_return answer;
  const std::string domain(connection.host.domain());
  auto outcome = co_await google_->add_site(domain);
  if (outcome) outcome = co_await google_->submit_sitemap(domain, url_on(connection, "/sitemap.xml"));
  if (!outcome) answer.trouble = outcome.error().error.message;
  co_return answer;
}

/// The connection on the host itself, or on the domain's other name: reports often name the domain where only its www
/// leads here.
Task<Result<model::Connection>> SearchEngines::deployed_on(Scope scope, HostName host) {
  std::vector<HostName> names{host};
  if (auto www = HostName::parse(format("www.{}", host.text()))) names.push_back(*std::move(www));
  if (host.subdomain() == "www") {
    if (auto apex = HostName::parse(host.domain())) names.push_back(*std::move(apex));
  }
  using Found = std::optional<model::Connection>;
  auto found = CO_TRY(co_await storage_.read<Found>([&](store::Tx& tx) -> Result<Found> {
    for (const auto& name : names) {
      for (auto& one : TRY(store::connections::find_on_host_across_applications(tx, name))) {
        const bool is_visible = !scope.application || *scope.application == one.application;
        if (is_visible && is_deployed(one)) return std::move(one);
      }
    }
    return std::nullopt;
  }));
  if (found) co_return *std::move(found);
  co_return fail(
      Kind::kNotFound,
      format("there is no DEPLOYED connection on {}: URLs are submitted once their host is connected", host.text()),
      "source_url");
}

Task<Result<UrlReportAnswer>> SearchEngines::submit(Scope scope, UrlReport report) {
  const auto refused = [](const Error& error, std::string member) {
    return fail(Kind::kUnprocessable, format("{}: {}", member, error.message), member);
  };
  const auto source = net::Url::parse(report.source_url);
  if (!source) co_return refused(source.error(), "source_url");
  auto host = HostName::parse(source->host);
  if (!host) co_return refused(host.error(), "source_url");
  std::vector<net::Url> urls;
  for (std::size_t i = 0; i < report.urls.size(); ++i) {
    auto url = net::Url::parse(report.urls[i]);
    if (!url) co_return refused(url.error(), format("urls[{}]", i));
    urls.push_back(*std::move(url));
  }
  const auto connection = CO_TRY(co_await deployed_on(scope, *std::move(host)));
  UrlReportAnswer answer;
  if (indexnow_ == nullptr) {
    answer.rejected = urls.size();
    answer.trouble = kNoIndexNow;
    co_return answer;
  }
  cloud::UrlSubmission submission{connection.host.text(), key_location(connection), {}};
  std::vector<std::string> paths;
  std::unordered_set<std::string> known;
  for (auto& url : urls) {
    const bool is_ours = is_same_site(url.host, connection.host.text()) && url.target.starts_with(key_directory());
    if (!is_ours) {
      ++answer.rejected;
    } else if (known.insert(url.target).second) {
      submission.urls.push_back(url_on(connection, url.target));
      paths.push_back(std::move(url.target));
    }
  }
  if (paths.empty()) {
    answer.trouble =
        format("none of the URLs is on {}: name them on the host that is connected", connection.host.text());
    co_return answer;
  }
  answer.submitted = paths.size();
  const auto reply = co_await indexnow_->submit(std::move(submission));
  answer.http_status = reply.http_status;
  if (!cloud::is_taken(reply.verdict)) {
    answer.rejected += paths.size();
    answer.trouble = reply.explanation;
    co_return answer;
  }
  answer.accepted = paths.size();
  // The job shall not tell it once more.
  const Time now = clock_.now();
  CO_TRY_VOID(co_await storage_.write<void>(
      [&, now](store::Tx& tx) { return store::page_submissions::mark_submitted(tx, connection.id, paths, now); }));
  co_return answer;
}

Task<Result<std::optional<SearchView>>> SearchEngines::read(Scope scope, ConnectionId id) {
  using Seen = std::optional<SearchView>;
  co_return co_await storage_.read<Seen>([this, scope, id](store::Tx& tx) -> Result<Seen> {
    const auto connection = TRY(load_connection(tx, scope.application, id));
    auto search = TRY(store::searches::find(tx, connection.application, id));
    if (!search) return std::nullopt;
    return SearchView{*std::move(search), TRY(store::page_submissions::count(tx, id, key_directory()))};
  });
}

}  // namespace signpost::services
