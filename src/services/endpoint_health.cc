// SPDX-License-Identifier: Apache-2.0
#include "services/endpoint_health.h"

#include "base/text.h"
#include "model/notice.h"
#include "store/audit_log.h"
#include "store/directory_revision.h"
#include "store/endpoints.h"
#include "store/notices.h"

namespace signpost::services {
namespace {

using model::DisabledReason;
using model::NoticeKind;
namespace endpoints = store::endpoints;

Result<void> tell(store::Tx& tx, NoticeKind kind, const EndpointNews& news, std::optional<DeliveryId> delivery,
                  std::string detail, IdMaker& ids) {
  return store::notices::insert(
      tx, {ids.make<model::NoticeId>(), kind, news.application, news.endpoint, delivery, std::move(detail), news.at});
}

Result<void> disable(store::Tx& tx, const EndpointNews& news, DisabledReason reason, std::string detail, IdMaker& ids) {
  if (!TRY(endpoints::disable(tx, news.application, news.endpoint, reason, news.at))) return {};
  TRY_VOID(store::audit_log::insert(tx, {ids.make<AuditId>(), news.application, "courier", "endpoint.disable",
                                         news.endpoint.text(), detail, news.at}));
  TRY_VOID(tell(tx, NoticeKind::kEndpointDisabled, news, std::nullopt, std::move(detail), ids));
  return store::directory_revision::bump(tx);
}

Result<void> disable_if_hopeless(store::Tx& tx, const EndpointNews& news, IdMaker& ids) {
  // A quiet endpoint may fail twice in a week: it is hopeless when even the last retry did not reach it.
  if (!news.given_up || !news.failing_since || !model::should_disable(*news.failing_since, news.at)) return {};
  // The claim may have read it before a success of another attempt.
  const auto now = TRY(endpoints::find(tx, news.application, news.endpoint));
  if (!now || !now->failing_since || !model::should_disable(*now->failing_since, news.at)) return {};
  return disable(tx, news, DisabledReason::kFailing,
                 format("nothing but failures since {}; the last: {}", to_rfc3339(*now->failing_since), news.detail),
                 ids);
}

Result<void> disable_if_asked(store::Tx& tx, const EndpointNews& news, IdMaker& ids) {
  if (!news.wants_no_more) return {};
  return disable(tx, news, DisabledReason::kGone,
                 "it answered with the header Webhook-Delivery: disable: its owner wants no more webhooks", ids);
}

}  // namespace

Result<void> note(store::Tx& tx, const EndpointNews& news, IdMaker& ids) {
  switch (news.answer) {
    case EndpointNews::Answer::kNothing:
      return {};
    case EndpointNews::Answer::kTaken:
      if (news.failing_since || news.has_failed_since)
        TRY_VOID(endpoints::note_recovered(tx, news.application, news.endpoint));
      return disable_if_asked(tx, news, ids);
    case EndpointNews::Answer::kFailed:
    case EndpointNews::Answer::kGone:
      break;
  }
  if (!news.failing_since) TRY_VOID(endpoints::note_failing_since(tx, news.application, news.endpoint, news.at));
  if (news.given_up) TRY_VOID(tell(tx, NoticeKind::kDeliveryFailed, news, news.given_up, news.detail, ids));
  if (news.answer == EndpointNews::Answer::kGone) {
    return disable(tx, news, DisabledReason::kGone, "it answered 410 Gone: its owner wants no more webhooks", ids);
  }
  TRY_VOID(disable_if_asked(tx, news, ids));
  return disable_if_hopeless(tx, news, ids);
}

}  // namespace signpost::services
