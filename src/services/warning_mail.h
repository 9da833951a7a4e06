// SPDX-License-Identifier: Apache-2.0
//
// Tells the people of an application by mail what they would not see: webhooks that were given up, endpoints that were
// disabled. Owned by app/wiring, only if a mail server is set; lives on one loop; `stop` is awaited before it dies.
// What is to be told is a row until a mail server has taken it, so neither a crash nor a server that is down loses it;
// of warnings about failed deliveries at most one a day and application leaves, also across restarts and when the
// server does not say what became of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "net/mail.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "services/storage.h"
#include "services/warning_letter.h"

namespace signpost::services {

class WarningMail {
 public:
  struct Settings {
    Milliseconds pause{5'000};           // real time between two looks at what waits
    Milliseconds failure_pause{60'000};  // after the server did not take one; doubles up to failure_pause_max
    Milliseconds failure_pause_max{3'600'000};
  };
  WarningMail(Storage& storage, const Clock& clock, net::Mailer& mailer, net::Executor executor, Settings settings);

  void start();
  /// Begins no further mail and gives the one under way `budget` to be taken and noted; then it is cut.
  Task<void> stop(Milliseconds budget);

  /// Tells all that may be told now: how many mails were taken. The error of the server, or of the database; the rest
  /// waits for the next round. What a server refuses for one application does not keep the mails of others.
  Task<Result<std::size_t>> round_once();

 private:
  /// What one application is to be told, read in one moment.
  struct Due {
    LetterHead head;
    std::vector<store::notices::Disabled> disabled;
    store::notices::Extent failed;
    std::vector<store::notices::FailedAtEndpoint> failed_at;
    std::optional<Time> last_warned_at;
    bool may_warn = false;
  };
  Task<void> run();
  Task<Result<std::size_t>> tell(store::notices::Waiting waiting);
  Task<Result<Due>> read(store::notices::Waiting waiting);
  Task<Result<void>> tell_disabled(Due due);
  Task<Result<void>> tell_failed(Due due);
  Task<Result<void>> forget(ApplicationId application, model::NoticeId last);
  static void note_doubt(ApplicationId application, const net::Handover& handover);
  /// It waits until somebody has an address; the log says so once.
  void note_nobody(ApplicationId application);
  bool is_put_off(ApplicationId application) const;
  void put_off(ApplicationId application, const Error& error);

  Storage& storage_;
  const Clock& clock_;
  net::Mailer& mailer_;
  const Settings settings_;
  net::TaskGroup tasks_;
  net::Signal stop_wanted_;
  bool is_stopping_ = false;
  // Whose mail the server refused, until when it is left alone; bounded by kPutOffMax.
  std::unordered_map<ApplicationId, std::chrono::steady_clock::time_point> put_off_until_;
  std::unordered_set<ApplicationId> nobody_;  // applications without anybody to tell; bounded by kPutOffMax
  int failures_ = 0;                          // of the server or the database, in a row
};

}  // namespace signpost::services
