// SPDX-License-Identifier: Apache-2.0
//
// A connection as frontends of SearchCompany's API see it, with all that stands beside it: "the proxy".
// Owned by app/wiring; any loop; storage outlives it. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/certificate.h"
#include "model/connection.h"
#include "model/distribution.h"
#include "model/original_dns.h"
#include "net/task.h"
#include "services/storage.h"

namespace signpost::services {

struct Proxy {
  model::Connection connection;
  std::optional<model::Certificate> certificate;         // if it is ours to bring
  std::optional<model::OriginalDns> original;            // if it was seen in time, and led elsewhere than it does now
  std::optional<model::Distribution> distribution = {};  // if CloudFront serves it
};

/// A record as a customer enters it: `name` is relative to the domain, "@" at the apex.
struct DnsEntry {
  std::string name;
  std::string type;
  std::string value;
  bool operator==(const DnsEntry&) const = default;
};

/// "_acme-challenge.www" of "_acme-challenge.www.shop.example"; "@" of the domain itself.
std::string relative_name(const DnsName& name, std::string_view domain);
/// What restores the customer's own DNS. Pure.
std::vector<DnsEntry> restoring_entries(const HostName& host, const model::OriginalDns& original);
/// What the authority looks for: the CNAME of step 1, or every TXT of the order
/// on its way, two for a host and its wildcard; none if neither is known. Pure.
std::vector<DnsEntry> challenge_entries(const Proxy& proxy);
/// What the customer may delete once nobody connects the host any more: the CNAME of step 1, or every TXT that has
/// proven the certificate that is held; before there is one, those of the order on its way. Pure.
std::vector<DnsEntry> entries_to_delete(const Proxy& proxy);

class Proxies {
 public:
  explicit Proxies(Storage& storage) : storage_(storage) {}

  /// The live connection that `/api/domain/…/{slug}` means. Nothing if there is none; kConflict as
  /// Connections::of_organization.
  Task<Result<std::optional<Proxy>>> find(ApplicationId application, std::string organization,
                                          std::optional<HostName> host);

 private:
  Storage& storage_;
};

}  // namespace signpost::services
