// SPDX-License-Identifier: Apache-2.0
#include "services/edge_records.h"

#include "base/text.h"

namespace signpost::services {
namespace {

constexpr std::string_view kCloudFrontDomain = ".cloudfront.net";

constexpr std::string_view kOrganizationVariable = "{ORGANIZATION}";

/// As webhooks and pages show it: relative to the domain.
std::string relative(const DnsName& name, std::string_view domain) {
  const auto& text = name.text();
  return text == domain ? "@" : text.substr(0, text.size() - domain.size() - 1);
}

model::Record record_of(const HostName& host, const DnsName& name, RecordType type, std::string value, IdMaker& ids) {
  return {.id = ids.make<RecordId>(),
          .type = type,
          .host = relative(name, host.domain()),
          .name = name,
          .value = std::move(value)};
}

}  // namespace

Result<HostName> pages_host_of(const EdgePlan& plan, std::string_view organization) {
  if (plan.pages_host.empty()) {
    return fail(Kind::kUnprocessable,
                "a new distribution needs to know where the pages are: set cloudfront.pages_host, or name an existing "
                "distribution here",
                "distribution_id");
  }
  std::string slug(organization);
  for (auto& c : slug) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  auto text = plan.pages_host;
  for (auto at = text.find(kOrganizationVariable); at != std::string::npos; at = text.find(kOrganizationVariable, at)) {
    text.replace(at, kOrganizationVariable.size(), slug);
    at += slug.size();
  }
  auto host = HostName::parse(text);
  if (host) return host;
  return fail(Kind::kUnprocessable,
              format("the pages of this organization would be at {}, which is no host name: give it another slug, or "
                     "name an existing distribution",
                     printable(text, 100)),
              "organization");
}

Result<std::string> origin_of(const model::Distribution& distribution,
                              const std::optional<model::OriginalDns>& original) {
  if (!distribution.origin.empty()) return distribution.origin;
  const auto& host = distribution.host.text();
  if (!original) {
    return fail(Kind::kUnavailable,
                format("what {} answered before is not known yet, so neither is where its distribution is to fetch "
                       "from; if it stays so, delete the connection and make it with \"origin\"",
                       host));
  }
  if (original->cname && original->cname->ends_with(kCloudFrontDomain)) {
    return fail(
        Kind::kConflict,
        format("{} leads to CloudFront already ({}), from where a new distribution would fetch in a circle: delete "
               "the connection and make it again, with \"distribution_id\" if that distribution is of this "
               "account, or with \"origin\", a host name of the customer's server",
               host, *original->cname));
  }
  if (original->cname) return *original->cname;
  return fail(Kind::kConflict,
              format("{} {}, and CloudFront fetches from names alone: delete the connection and make it again with "
                     "\"origin\", a host name of the customer's server, or with \"distribution_id\"",
                     host, original->is_empty() ? "had no record before" : "led to addresses, not to a name"));
}

std::vector<model::Record> traffic_records(const HostName& host, std::string_view distribution_domain, IdMaker& ids) {
  if (host.is_apex()) return {};
  return {record_of(host, host, RecordType::kCname, std::string(distribution_domain), ids)};
}

std::vector<model::Record> gateway_records(const HostName& host, const EdgePlan& plan, IdMaker& ids) {
  std::vector<model::Record> records;
  if (!host.is_apex()) return records;
  for (const auto& address : plan.apex_gateway_ips)
    records.push_back(record_of(host, host, RecordType::kA, address, ids));
  return records;
}

Result<model::Record> validation_record(const HostName& host, const model::ValidationRecord& wanted, IdMaker& ids) {
  const auto name = TRY(DnsName::parse(wanted.name));
  const auto value = TRY(DnsName::parse(wanted.value));
  const auto domain = TRY(DnsName::parse(host.domain()));
  if (!name.is_within(domain)) {
    return fail(Kind::kUnprocessable, format("Amazon's record {} is not below {}", name.text(), domain.text()));
  }
  auto record = record_of(host, name, RecordType::kCname, value.text(), ids);
  record.purpose = model::RecordPurpose::kCertificateValidation;
  return record;
}

bool leads_host(const HostName& host, const model::Record& record) {
  if (record.name != DnsName(host) || record.purpose != model::RecordPurpose::kTraffic) return false;
  return record.type == RecordType::kCname || record.type == RecordType::kA || record.type == RecordType::kAaaa;
}

}  // namespace signpost::services
