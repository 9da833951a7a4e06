// SPDX-License-Identifier: Apache-2.0
//
// What a connection whose edge is CloudFront needs: the records that the customer adds, and the distribution's origins.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/id.h"
#include "model/distribution.h"
#include "model/original_dns.h"
#include "model/record.h"

namespace signpost::services {

/// The settings of [cloudfront].
struct EdgePlan {
  std::string pages_host;  // "{ORGANIZATION}.pages.saas.example"; empty: only existing distributions are taken
  std::vector<std::string> pages_paths;       // "/ai/*"
  std::vector<std::string> apex_gateway_ips;  // IPv4, at most model::kGatewayAddressesMax; empty: no apex is taken
};

/// Where an organization's pages are: its slug in lower case in place of {ORGANIZATION}. kUnprocessable with the member
/// "organization" if that is no host name, or with "distribution_id" if there is no such setting.
Result<HostName> pages_host_of(const EdgePlan& plan, std::string_view organization);

/// Where everything else is fetched: as it was said when the connection was made, else where the host led before.
/// kConflict with the way out if that was no name, or another distribution; kUnavailable while it is not known.
Result<std::string> origin_of(const model::Distribution& distribution,
                              const std::optional<model::OriginalDns>& original);

/// Step 2: the CNAME to the distribution, or at an apex the gateway's addresses.
std::vector<model::Record> traffic_records(const HostName& host, std::string_view distribution_domain, IdMaker& ids);
std::vector<model::Record> gateway_records(const HostName& host, const EdgePlan& plan, IdMaker& ids);
/// What Amazon looks for, as a record of step 2. kUnprocessable if it is no name.
Result<model::Record> validation_record(const HostName& host, const model::ValidationRecord& wanted, IdMaker& ids);

/// The record leads the host itself somewhere: where the edge is CloudFront, such records are Signpost's.
bool leads_host(const HostName& host, const model::Record& record);

}  // namespace signpost::services
