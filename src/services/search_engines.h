// SPDX-License-Identifier: Apache-2.0
//
// Tells search engines of connected hosts: the handler of the jobs kSearchSubmission, and what callers may ask for.
// Owned by app/wiring; jobs run on the loop of their partition, the rest on any loop; storage, bell, clock, ids, the
// clients and the eyes outlive it.
// Every step is a row that is saved before the next begins. URLs are marked as on their way before they leave, and as
// submitted in the transaction that saves the step: a crash in between sends that one batch again, and nothing else is
// ever sent twice for the same change.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cloud/google.h"
#include "cloud/indexnow.h"
#include "model/search.h"
#include "net/task.h"
#include "services/bell.h"
#include "services/connections.h"
#include "services/job_runner.h"
#include "services/site_probe.h"
#include "services/storage.h"
#include "store/page_submissions.h"

namespace signpost::services {

/// What /v1 shows of a connection.
struct SearchView {
  model::Search search;
  store::page_submissions::Counts pages;
};

/// How a call about Google went; `trouble` is a sentence with the way out, empty if it went well.
struct GoogleAnswer {
  std::string token;
  model::GoogleStatus status = model::GoogleStatus::kNone;
  std::string trouble;
};

/// URLs that somebody else has found changed.
struct UrlReport {
  std::string source_url;         // of the host, or of its domain
  std::vector<std::string> urls;  // 1…cloud::kIndexNowUrlsMax
};
struct UrlReportAnswer {
  std::size_t submitted = 0;  // sent to IndexNow
  std::size_t accepted = 0;   // that it took
  std::size_t rejected = 0;   // by it, or by us because they are of another host
  int http_status = 0;        // 0: it did not answer, or was not asked
  std::string trouble;        // a sentence; empty if it took them
};

class SearchEngines {
 public:
  struct Settings {
    std::string key_path = "/search-company.txt";  // of the key file, on every connected host
  };
  /// `indexnow` and `google` are null where they are not configured. `sites`: one per loop, in the order of the loops.
  SearchEngines(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids, Connections& connections,
                cloud::IndexNow* indexnow, cloud::Google* google, std::vector<SiteEye*> sites, Settings settings);

  /// kSearchSubmission: whatever is due of the connection's steps.
  Task<Result<JobOutcome>> pursue(model::Job job);

  // Of the one live connection of the organization, or the one on `host`: kNotFound, kConflict as of
  // Connections::of_organization.

  /// The token that the domain's TXT record shall hold (`start-google-verification`).
  Task<Result<GoogleAnswer>> start_google(ApplicationId application, std::string organization,
                                          std::optional<HostName> host);
  /// Lets Google look now (`complete-google-verification`); what follows from it is then a job.
  Task<Result<GoogleAnswer>> complete_google(ApplicationId application, std::string organization,
                                             std::optional<HostName> host);
  /// The sitemap once more (`resubmit-sitemap`).
  Task<Result<GoogleAnswer>> resubmit_sitemap(ApplicationId application, std::string organization,
                                              std::optional<HostName> host);

  /// Submits at once, on the connected host (`submit-indexnow`). kUnprocessable with member "source_url" or
  /// "urls[2]" for what is no URL; kNotFound if the scope has no deployed connection on the host.
  Task<Result<UrlReportAnswer>> submit(Scope scope, UrlReport report);

  /// Nothing before anything was asked for.
  Task<Result<std::optional<SearchView>>> read(Scope scope, ConnectionId id);

 private:
  struct Subject {
    model::Connection connection;
    model::Search search;
    bool has_changes = false;
  };
  using AlsoInTx = std::function<Result<void>(store::Tx&)>;

  Task<Result<std::optional<Subject>>> load(const model::Job& job);
  void ring_job_of(const model::Connection& connection) const;
  Task<Result<model::Search>> change(const model::Connection& connection, model::SearchHappening happening,
                                     AlsoInTx also = {});
  Task<Result<JobOutcome>> rest(const model::Job& job, const model::Connection& connection);

  Task<Result<void>> take(const Subject& subject, model::SearchStep step);
  Task<Result<void>> ask_google(const Subject& subject);
  Task<Result<void>> look_at_key_file(const Subject& subject);
  Task<Result<void>> submit_batch(const Subject& subject);
  Task<Result<void>> add_site(const Subject& subject);
  Task<Result<void>> submit_sitemap(const Subject& subject);
  Task<Result<void>> tell(const Subject& subject, model::StepTried tried);

  Task<Result<model::Connection>> connection_of(ApplicationId application, std::string organization,
                                                std::optional<HostName> host);
  Task<Result<model::Connection>> deployed_on(Scope scope, HostName host);
  Task<Result<model::GoogleStatus>> status_of(const model::Connection& connection);
  std::string key_location(const model::Connection& connection) const;
  /// Where the key file speaks for: its own directory, and all below.
  std::string_view key_directory() const;

  Storage& storage_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
  Connections& connections_;
  cloud::IndexNow* const indexnow_;
  cloud::Google* const google_;
  const std::vector<SiteEye*> sites_;
  const Settings settings_;
};

}  // namespace signpost::services
