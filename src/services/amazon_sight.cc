// SPDX-License-Identifier: Apache-2.0
#include "services/amazon_sight.h"

#include "base/text.h"

namespace signpost::services {

Task<dns::CaaVerdict> ObserverAmazonSight::caa(HostName host) {
  CaaWish wish{.host = std::move(host), .issuers = {kAmazonIssuers.begin(), kAmazonIssuers.end()}};
  wish.method.clear();
  co_return co_await issuance_.caa(std::move(wish));
}

Task<dns::RecordObservation> ObserverAmazonSight::validation(model::ValidationRecord record) {
  const auto name = DnsName::parse(record.name);
  const auto target = DnsName::parse(record.value);
  if (!name || !target) {
    dns::RecordObservation seen{.name = name.value_or(DnsName::parse("acm-validations.aws").value()),
                                .type = RecordType::kCname};
    seen.expected = record.value;
    seen.cause = "malformed";
    seen.explanation = format("what Amazon asks for is no name: {}", printable(record.name, 100));
    co_return seen;
  }
  auto seen = co_await eye_.observe(
      {{.name = *name, .type = RecordType::kCname, .value = target->text(), .priority = std::nullopt}});
  co_return std::move(seen.records.front());
}

}  // namespace signpost::services
