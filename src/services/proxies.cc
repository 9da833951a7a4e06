// SPDX-License-Identifier: Apache-2.0
#include "services/proxies.h"

#include <algorithm>

#include "services/certificate_change.h"
#include "services/connections.h"
#include "services/original_dns.h"
#include "store/certificates.h"
#include "store/distributions.h"
#include "store/original_dns.h"

namespace signpost::services {

std::string relative_name(const DnsName& name, std::string_view domain) {
  const auto& text = name.text();
  if (text == domain) return "@";
  return text.substr(0, text.size() - domain.size() - 1);
}

std::vector<DnsEntry> restoring_entries(const HostName& host, const model::OriginalDns& original) {
  const auto name = relative_name(host, host.domain());
  if (original.cname) return {{name, "CNAME", *original.cname}};
  std::vector<DnsEntry> entries;
  for (const auto& address : original.a) entries.push_back({name, "A", address});
  for (const auto& address : original.aaaa) entries.push_back({name, "AAAA", address});
  return entries;
}

namespace {

/// By a CNAME its record, whatever the texts are.
std::vector<DnsEntry> entries_of(const Proxy& proxy, const std::vector<std::string>& texts) {
  const auto& connection = proxy.connection;
  const auto record =
      std::ranges::find(connection.records, model::RecordPurpose::kCertificate, &model::Record::purpose);
  if (record != connection.records.end()) {
    return {{relative_name(record->name, connection.host.domain()), "CNAME", record->value}};
  }
  const auto name = model::challenge_name(connection.host);
  if (!name) return {};
  std::vector<DnsEntry> entries;
  for (const auto& text : texts) {
    entries.push_back({relative_name(*name, connection.host.domain()), "TXT", text});
  }
  return entries;
}

}  // namespace

std::vector<DnsEntry> challenge_entries(const Proxy& proxy) {
  return entries_of(proxy, proxy.certificate ? texts_of(*proxy.certificate) : std::vector<std::string>());
}

std::vector<DnsEntry> entries_to_delete(const Proxy& proxy) {
  const auto& certificate = proxy.certificate;
  if (certificate && certificate->held && !certificate->held->texts.empty()) {
    return entries_of(proxy, certificate->held->texts);
  }
  return challenge_entries(proxy);
}

Task<Result<std::optional<Proxy>>> Proxies::find(ApplicationId application, std::string organization,
                                                 std::optional<HostName> host) {
  using Found = std::optional<Proxy>;
  co_return co_await storage_.read<Found>([&](store::Tx& tx) -> Result<Found> {
    auto connection = TRY(load_of_organization(tx, application, organization, host));
    if (!connection) return std::nullopt;
    Proxy proxy{*std::move(connection), {}, {}};
    const auto& id = proxy.connection.id;
    proxy.certificate = TRY(store::certificates::find_of_connection(tx, application, id));
    proxy.distribution = TRY(store::distributions::find_of_connection(tx, application, id));
    proxy.original = TRY(store::original_dns::find(tx, application, id));
    const auto* distribution = proxy.distribution ? &*proxy.distribution : nullptr;
    if (proxy.original && leads_to_us(*proxy.original, proxy.connection, distribution)) proxy.original.reset();
    return proxy;
  });
}

}  // namespace signpost::services
