// SPDX-License-Identifier: Apache-2.0
#include "model/notice.h"

namespace signpost::model {

std::string_view name_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kDeliveryFailed:
      return "delivery_failed";
    case NoticeKind::kEndpointDisabled:
      return "endpoint_disabled";
  }
  return "";
}

std::optional<NoticeKind> parse_notice_kind(std::string_view text) {
  for (const auto kind : {NoticeKind::kDeliveryFailed, NoticeKind::kEndpointDisabled}) {
    if (text == name_of(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace signpost::model
