// SPDX-License-Identifier: Apache-2.0
#include "cloud/cloudfront.h"

#include "base/text.h"

namespace signpost::cloud {
namespace {

constexpr std::string_view kRoot = "/2020-05-31";
constexpr std::string_view kAlreadyExists = "Already exists: ";

std::string path_of(const DistributionId& id, std::string_view rest = "") {
  return format("{}/distribution/{}{}", kRoot, id.text(), rest);
}

/// A value of a query; the signer brings the rest into its one spelling.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

AwsResult<Distribution> distribution_of(const net::HttpReply& reply) {
  auto distribution = TRY(parse_distribution(reply.body));
  distribution.etag = std::string(reply.header("ETag"));
  return distribution;
}

/// "…is associated with another distribution. Already exists: E1A2B3C4D5E6F7"
std::optional<DistributionId> existing_of(const AwsError& error) {
  const auto at = error.said.rfind(kAlreadyExists);
  if (error.trouble != AwsTrouble::kAlreadyExists || at == std::string::npos) return std::nullopt;
  auto id = DistributionId::parse(trim(std::string_view(error.said).substr(at + kAlreadyExists.size())));
  if (!id) return std::nullopt;
  return *id;
}

}  // namespace

CloudFront::CloudFront(net::HttpClient& http, AwsCredentialSource& credentials, crypto::Random& random,
                       AwsCaller::Settings settings)
    : caller_(http, credentials, random, std::move(settings), &parse_cloudfront_fault) {}

AwsCaller::Settings CloudFront::default_settings() {
  AwsCaller::Settings settings;
  settings.endpoint = "https://cloudfront.amazonaws.com";
  settings.region = std::string(kCloudFrontRegion);
  settings.service = "cloudfront";
  return settings;
}

Task<AwsResult<net::HttpReply>> CloudFront::call(std::string method, std::string target, std::string body,
                                                 std::string if_match, std::string action, net::Deadline deadline) {
  AwsRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  if (!body.empty()) request.headers.push_back({"Content-Type", "text/xml"});
  if (!if_match.empty()) request.headers.push_back({"If-Match", if_match});
  request.body = std::move(body);
  // All of them: a change names the version it changes, a creation its caller reference.
  request.again = AwsRequest::Again::kAsOften;
  request.action = std::move(action);
  return caller_.call(std::move(request), deadline);
}

Task<AwsResult<Distribution>> CloudFront::create(NewDistribution distribution, net::Deadline deadline) {
  CO_TRY_VOID(check(distribution));
  const auto reply =
      co_await call("POST", format("{}/distribution?WithTags=", kRoot), write_new_distribution(distribution), "",
                    format("creating a distribution for {}", distribution.customer.host), deadline);
  if (reply) co_return distribution_of(*reply);
  const auto existing = existing_of(reply.error());
  if (!existing) co_return std::unexpected(reply.error());
  auto found = CO_TRY(co_await get(*existing, deadline));
  if (found.caller_reference != distribution.caller_reference) co_return std::unexpected(reply.error());
  co_return found;
}

Task<AwsResult<Distribution>> CloudFront::get(DistributionId id, net::Deadline deadline) {
  const auto reply =
      CO_TRY(co_await call("GET", path_of(id), "", "", format("reading the distribution {}", id.text()), deadline));
  co_return distribution_of(reply);
}

Task<AwsResult<DistributionDocument>> CloudFront::configuration(DistributionId id, net::Deadline deadline) {
  const auto reply = CO_TRY(co_await call("GET", path_of(id, "/config"), "", "",
                                          format("reading the configuration of {}", id.text()), deadline));
  co_return DistributionDocument::parse(reply.body);
}

Task<AwsResult<Distribution>> CloudFront::update(DistributionId id, Edit edit, net::Deadline deadline) {
  const auto action = format("changing the distribution {}", id.text());
  std::optional<AwsError> changed;
  for (int turn = 0; turn < kEditsMax; ++turn) {
    const auto fetched = CO_TRY(co_await call("GET", path_of(id, "/config"), "", "", action, deadline));
    const std::string etag(fetched.header("ETag"));
    if (etag.empty())
      co_return std::unexpected(aws_error(AwsTrouble::kGarbled, "", "a configuration without an ETag", action));
    auto document = CO_TRY(DistributionDocument::parse(fetched.body));
    const auto edited = CO_TRY(edit(document));
    if (edited == Edited::kNothingToDo) co_return co_await get(id, deadline);
    auto reply = co_await call("PUT", path_of(id, "/config"), document.xml(), etag, action, deadline);
    if (reply) co_return distribution_of(*reply);
    if (reply.error().trouble != AwsTrouble::kChanged) co_return std::unexpected(reply.error());
    changed = reply.error();
  }
  co_return std::unexpected(*changed);
}

Task<AwsResult<std::vector<ConflictingAlias>>> CloudFront::conflicting_aliases(DistributionId ours, HostName alias,
                                                                               net::Deadline deadline) {
  const auto reply = CO_TRY(co_await call(
      "GET", format("{}/conflicting-alias?Alias={}&DistributionId={}", kRoot, encoded(alias.text()), ours.text()), "",
      "", format("asking who has the alias {}", alias.text()), deadline));
  co_return parse_conflicting_aliases(reply.body);
}

Task<AwsResult<std::vector<AwsTag>>> CloudFront::tags_of(Arn distribution, net::Deadline deadline) {
  const auto reply = CO_TRY(co_await call("GET", format("{}/tagging?Resource={}", kRoot, encoded(distribution.text())),
                                          "", "", format("reading the tags of {}", distribution.text()), deadline));
  co_return parse_tags(reply.body);
}

}  // namespace signpost::cloud
