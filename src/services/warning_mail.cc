// SPDX-License-Identifier: Apache-2.0
#include "services/warning_mail.h"

#include <algorithm>

#include "base/log.h"
#include "model/application.h"
#include "store/members.h"

namespace signpost::services {
namespace {

namespace notices = store::notices;
using model::NoticeKind;
using std::chrono::steady_clock;

constexpr Milliseconds kCutBudget{1'500};  // until a mail that was cut is noted as not sent
// A transaction under way may bring a notice that is older than one that is there already. Transactions are over long
// before, so what is told and forgotten then has no gaps.
constexpr Milliseconds kSettled{10'000};
constexpr std::int32_t kForgetBatchMax = 1'000;
constexpr std::size_t kPutOffMax = 10'000;
constexpr std::size_t kRecipientsMax = 100;  // as many as an application has members

std::vector<MailAddress> addresses_of(const std::vector<model::Member>& members) {
  std::vector<MailAddress> addresses;
  for (const auto& member : members) {
    const bool is_new = member.email && std::ranges::find(addresses, *member.email) == addresses.end();
    if (is_new && model::may_receive_deliveries(member.role) && addresses.size() < kRecipientsMax)
      addresses.push_back(*member.email);
  }
  return addresses;
}

}  // namespace

WarningMail::WarningMail(Storage& storage, const Clock& clock, net::Mailer& mailer, net::Executor executor,
                         Settings settings)
    : storage_(storage),
      clock_(clock),
      mailer_(mailer),
      settings_(settings),
      tasks_(executor),
      stop_wanted_(executor) {}

void WarningMail::start() { tasks_.spawn(run(), "warning mail"); }

Task<void> WarningMail::stop(Milliseconds budget) {
  is_stopping_ = true;
  stop_wanted_.notify();
  co_await tasks_.wait_until_empty(steady_clock::now() + budget);
  mailer_.cut();
  co_await tasks_.wait_until_empty(steady_clock::now() + kCutBudget);
  co_await tasks_.stop();
}

Task<void> WarningMail::run() {
  while (!is_stopping_) {
    const auto told = co_await round_once();
    if (!told && failures_++ == 0) {
      log::warn("a warning could not be sent by mail and is tried again", {{"cause", told.error().message}});
    }
    if (told) failures_ = 0;
    const auto pause =
        told ? settings_.pause
             : std::min(settings_.failure_pause * (1 << std::min(failures_ - 1, 10)), settings_.failure_pause_max);
    co_await stop_wanted_.wait_until(steady_clock::now() + pause);
  }
}

Task<Result<std::size_t>> WarningMail::round_once() {
  std::size_t taken = 0;
  ApplicationId after;
  for (;;) {
    using Page = std::vector<notices::Waiting>;
    const auto page = CO_TRY(co_await storage_.read<Page>(
        [after](store::Tx& tx) { return notices::waiting_across_applications(tx, after); }));
    for (const auto& waiting : page) {
      if (is_put_off(waiting.application)) continue;
      if (is_stopping_) co_return taken;
      const auto told = co_await tell(waiting);
      if (!told && told.error().kind != Kind::kRefused) co_return std::unexpected(told.error());
      if (!told) put_off(waiting.application, told.error());
      if (told) taken += *told;
    }
    if (page.size() < static_cast<std::size_t>(notices::kWaitingMax)) co_return taken;
    after = page.back().application;
  }
}

Task<Result<std::size_t>> WarningMail::tell(notices::Waiting waiting) {
  const auto due = CO_TRY(co_await read(std::move(waiting)));
  if (due.head.to.empty()) {
    note_nobody(due.head.application);
    co_return 0;
  }
  nobody_.erase(due.head.application);
  std::size_t taken = 0;
  if (due.failed.count > 0 && due.may_warn) {
    CO_TRY_VOID(co_await tell_failed(due));
    ++taken;
  }
  if (!due.disabled.empty()) {
    CO_TRY_VOID(co_await tell_disabled(due));
    ++taken;
  }
  co_return taken;
}

Task<Result<WarningMail::Due>> WarningMail::read(notices::Waiting waiting) {
  const auto now = clock_.now();
  co_return co_await storage_.read<Due>([waiting, now](store::Tx& tx) -> Result<Due> {
    const auto id = waiting.application;
    Due due;
    due.head = {addresses_of(TRY(store::members::list(tx, id))), id, waiting.name, now};
    if (due.head.to.empty()) return due;
    due.disabled = TRY(notices::disabled(tx, id));
    due.last_warned_at = waiting.last_warned_at;
    due.may_warn = model::may_warn(waiting.last_warned_at, now);
    if (!due.may_warn) return due;
    due.failed = TRY(notices::extent_of(tx, id, NoticeKind::kDeliveryFailed, now - kSettled));
    if (due.failed.count > 0) due.failed_at = TRY(notices::failed_by_endpoint(tx, id, due.failed.last));
    return due;
  });
}

/// Each that was read goes by its id: another one may be older and have come later.
Task<Result<void>> WarningMail::tell_disabled(Due due) {
  const auto id = due.head.application;
  const auto handover = CO_TRY(co_await mailer_.send(disabled_letter(due.head, due.disabled)));
  // Nobody keeps a day for these, so one in doubt counts as told: else a server that never answers gets it for ever.
  if (!handover.is_certain()) note_doubt(id, handover);
  co_return co_await storage_.write<void>([id, told = std::move(due.disabled)](store::Tx& tx) -> Result<void> {
    for (const auto& one : told) TRY_VOID(notices::remove(tx, id, one.id));
    return {};
  });
}

/// What failed and has been told, in batches that hold up no delivery.
Task<Result<void>> WarningMail::forget(ApplicationId application, model::NoticeId last) {
  std::int64_t removed = 0;
  do {
    removed = CO_TRY(co_await storage_.write<std::int64_t>([application, last](store::Tx& tx) {
      return notices::remove_told(tx, application, NoticeKind::kDeliveryFailed, last, kForgetBatchMax);
    }));
  } while (removed == kForgetBatchMax);
  co_return Result<void>{};
}

/// The day is taken before the mail leaves, so that a crash in between delays the warning and never doubles it.
Task<Result<void>> WarningMail::tell_failed(Due due) {
  const auto id = due.head.application;
  const auto now = due.head.now;
  const auto before = due.last_warned_at;
  CO_TRY_VOID(
      co_await storage_.write<void>([id, now](store::Tx& tx) { return notices::set_last_warned_at(tx, id, now); }));
  const auto handover = co_await mailer_.send(failed_letter(due.head, due.failed, due.failed_at));
  if (!handover) {
    CO_TRY_VOID(co_await storage_.write<void>(
        [id, before](store::Tx& tx) { return notices::set_last_warned_at(tx, id, before); }));
    co_return std::unexpected(handover.error());
  }
  if (!handover->is_certain()) {
    note_doubt(id, *handover);
    co_return Result<void>{};  // the day is kept; what failed is told again when it is over
  }
  log::info("members were warned by mail of webhooks that could not be delivered",
            {{"application", id.text()}, {"deliveries", due.failed.count}, {"recipients", due.head.to.size()}});
  co_return co_await forget(id, due.failed.last);
}

void WarningMail::note_doubt(ApplicationId application, const net::Handover& handover) {
  log::warn("a warning may have been sent by mail, or not",
            {{"application", application.text()}, {"cause", handover.doubt}});
}

void WarningMail::note_nobody(ApplicationId application) {
  if (nobody_.size() >= kPutOffMax) nobody_.clear();
  if (!nobody_.insert(application).second) return;
  log::warn("nobody can be told of webhooks that were not delivered: no Admin or Developer has a mail address",
            {{"application", application.text()}});
}

bool WarningMail::is_put_off(ApplicationId application) const {
  const auto found = put_off_until_.find(application);
  return found != put_off_until_.end() && steady_clock::now() < found->second;
}

void WarningMail::put_off(ApplicationId application, const Error& error) {
  log::warn("the mail server refuses the warning of an application; it is tried again later",
            {{"application", application.text()}, {"cause", error.message}});
  if (put_off_until_.size() >= kPutOffMax) put_off_until_.clear();
  put_off_until_.insert_or_assign(application, steady_clock::now() + settings_.failure_pause_max);
}

}  // namespace signpost::services
