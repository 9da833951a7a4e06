// SPDX-License-Identifier: Apache-2.0
#include "api/received_json.h"

#include <algorithm>

#include "api/json_value.h"
#include "base/text.h"

namespace signpost::api {
namespace {

std::string text_of(const JsonValue& object, std::string_view name) {
  const auto* member = object.find(name);
  const bool is_usable =
      member != nullptr && member->type == JsonValue::Type::kText && member->text.size() <= kReceivedTextBytesMax;
  return is_usable ? member->text : std::string();
}

/// The first `items_max` of them.
std::vector<std::string> texts_of(const JsonValue& object, std::string_view name, std::size_t items_max) {
  std::vector<std::string> texts;
  const auto* member = object.find(name);
  if (member == nullptr || member->type != JsonValue::Type::kArray) return texts;
  for (const auto& item : member->items) {
    const bool is_usable = item.type == JsonValue::Type::kText && item.text.size() <= kReceivedTextBytesMax;
    if (is_usable && texts.size() < items_max) texts.push_back(item.text);
  }
  return texts;
}

}  // namespace

Result<services::EntriWebhook> read_received(std::string_view body) {
  const auto object = TRY(parse_json(body));
  if (object.type != JsonValue::Type::kObject) return fail(Kind::kInvalid, "the body must be a JSON object");
  services::EntriWebhook webhook;
  webhook.type = text_of(object, "type");
  if (webhook.type.empty()) return fail(Kind::kInvalid, "type must be the name of an event", "type");
  for (const auto* name : {"job_id", "id", "Id", "originFlowId"}) {
    auto job_id = to_lower(text_of(object, name));
    const bool is_known = std::ranges::find(webhook.job_ids, job_id) != webhook.job_ids.end();
    if (!job_id.empty() && !is_known) webhook.job_ids.push_back(std::move(job_id));
  }
  webhook.domain = text_of(object, "domain");
  webhook.subdomain = text_of(object, "subdomain");
  webhook.user_id = text_of(object, "user_id");
  webhook.setup_type = text_of(object, "setup_type");
  webhook.provider = text_of(object, "provider");
  webhook.dmarc_updated = text_of(object, "dmarc_updated");
  webhook.secure_status = text_of(object, "secure_status");
  webhook.power_status = text_of(object, "power_status");
  webhook.monitor_status = text_of(object, "monitor_status");
  webhook.purchased_domains = texts_of(object, "purchased_domains", model::kPurchasedDomainsMax);
  const auto* free_domain = object.find("free_domain");
  if (free_domain != nullptr && free_domain->type == JsonValue::Type::kFlag) webhook.is_free_domain = free_domain->flag;
  return webhook;
}

}  // namespace signpost::api
