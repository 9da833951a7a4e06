// SPDX-License-Identifier: Apache-2.0
//
// The DNS records a connection needs: the template language of its host and value, and the names they stand for.
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_name.h"
#include "base/id.h"
#include "base/record_type.h"

namespace signpost::model {

/// A record as somebody asks for it, variables not yet replaced.
struct RecordRequest {
  RecordType type = RecordType::kCname;
  std::string host;                       // "www", "@", "{SUBDOMAIN}", "shop.example"
  std::string value;                      // "{CNAME_TARGET}", "203.0.113.7"
  std::uint32_t ttl = 300;                // seconds
  std::optional<std::uint16_t> priority;  // MX only
  // Power, as webhooks repeat it: the application's URL, and the paths that reach its root unchanged.
  std::string application_url;  // empty: none
  std::vector<std::string> power_root_path_access;
};

/// What a record of a connection is for.
enum class RecordPurpose {
  kTraffic,                // step 2, or the whole of a flow without steps
  kCertificate,            // step 1: where the authority looks for its challenge
  kCertificateValidation,  // step 2, beside the traffic: what another authority (ACM) wants to see; nothing waits for
                           // it
};
std::string_view name_of(RecordPurpose purpose);  // "traffic"
std::optional<RecordPurpose> parse_record_purpose(std::string_view text);
/// The step with which the customer adds it, as seed 000 numbers them.
constexpr int step_of(RecordPurpose purpose) { return purpose == RecordPurpose::kCertificate ? 1 : 2; }

struct Record {
  RecordId id;
  RecordType type = RecordType::kCname;
  std::string host;   // as it was requested, variables replaced: what webhooks show
  DnsName name;       // the absolute name that `host` stands for
  std::string value;  // variables replaced, canonical for its type
  std::uint32_t ttl = 300;
  std::optional<std::uint16_t> priority;
  bool is_propagated = false;     // as the last look saw it
  bool proves_ownership = false;  // holds the claim token at the host itself or at its claim_name
  std::string application_url;    // as RecordRequest's
  std::vector<std::string> power_root_path_access;
  RecordPurpose purpose = RecordPurpose::kTraffic;
  bool operator==(const Record&) const = default;
};

constexpr std::string_view kClaimLabel = "_signpost";
/// Where the TXT that proves ownership of a host lives: "_signpost.www.shop.example"; for a host of over 243 octets,
/// which leave no room for the label, at its domain: "_signpost.shop.example".
DnsName claim_name(const HostName& host);

constexpr std::size_t kRecordsMax = 50;          // that callers may ask for
constexpr std::size_t kGatewayAddressesMax = 4;  // A records of an apex whose edge is ours
// That we add: one of each other purpose, and the traffic's.
constexpr std::size_t kOwnRecordsMax = 2 + kGatewayAddressesMax;
constexpr std::size_t kRecordValueBytesMax = 2048;
constexpr std::size_t kApplicationUrlBytesMax = 2048;
constexpr std::size_t kRootPathsMax = 50;
constexpr std::size_t kRootPathBytesMax = 255;

/// What the variables stand for.
struct RecordContext {
  HostName host;
  std::optional<DnsName> cname_target;
  std::string claim_token;  // {CLAIM_TOKEN}: unguessable, makes a target or TXT a proof of ownership
};

/// Replaces {DOMAIN} {SUBDOMAIN} {SLD} {TLD} {CNAME_TARGET} {CLAIM_TOKEN} and checks host and value against the type.
/// A host that is `@` or the domain is the apex; one that ends in the domain is absolute; any other is below the
/// domain. {SUBDOMAIN} at the apex is an error in a value and `@` in a host. What is for Power is kept as it is.
/// kUnprocessable with `member` "host" or "value".
Result<Record> expand(const RecordRequest& request, const RecordContext& context);

}  // namespace signpost::model
