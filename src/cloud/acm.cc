// SPDX-License-Identifier: Apache-2.0
#include "cloud/acm.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "base/text.h"
#include "cloud/acm_answer.h"

namespace signpost::cloud {
namespace {

namespace json = boost::json;

constexpr std::string_view kMediaType = "application/x-amz-json-1.1";
constexpr int kPageSize = 1000;

json::array tags_json(const std::vector<AwsTag>& tags) {
  json::array out;
  for (const auto& tag : tags) out.push_back(json::object{{"Key", tag.key}, {"Value", tag.value}});
  return out;
}

Result<void> check_tags(const std::vector<AwsTag>& tags) {
  if (tags.size() > Acm::kTagsMax)
    return fail(Kind::kUnprocessable, format("a certificate may have {} tags, not {}", Acm::kTagsMax, tags.size()));
  return {};
}

bool is_idempotency_token(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

}  // namespace

Acm::Acm(net::HttpClient& http, AwsCredentialSource& credentials, crypto::Random& random, const Clock& clock,
         AwsCaller::Settings settings)
    : clock_(clock), caller_(http, credentials, random, std::move(settings), &parse_acm_fault) {}

AwsCaller::Settings Acm::settings_of(std::string_view region) {
  AwsCaller::Settings settings;
  settings.endpoint = format("https://acm.{}.amazonaws.com", region);
  settings.region = std::string(region);
  settings.service = "acm";
  return settings;
}

Task<AwsResult<std::string>> Acm::call(std::string operation, std::string body, std::string action,
                                       AwsRequest::Again again, net::Deadline deadline) {
  AwsRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", std::string(kMediaType)}, {"X-Amz-Target", "CertificateManager." + operation}};
  request.body = std::move(body);
  request.again = again;
  request.action = std::move(action);
  auto reply = CO_TRY(co_await caller_.call(std::move(request), deadline));
  co_return std::move(reply.body);
}

Task<AwsResult<Arn>> Acm::request(AcmRequest request, net::Deadline deadline) {
  if (!is_idempotency_token(request.idempotency_token))
    co_return fail(Kind::kUnprocessable, "an idempotency token has 1 to 32 letters, digits and underscores");
  if (request.other_names.size() > kOtherNamesMax)
    co_return fail(Kind::kUnprocessable,
                   format("a certificate may have {} other names, not {}", kOtherNamesMax, request.other_names.size()));
  CO_TRY_VOID(check_tags(request.tags));
  json::object body{{"DomainName", request.host.text()},
                    {"ValidationMethod", "DNS"},
                    {"IdempotencyToken", request.idempotency_token}};
  json::array names;
  for (const auto& name : request.other_names) names.emplace_back(name.text());
  if (!names.empty()) body["SubjectAlternativeNames"] = std::move(names);
  if (!request.tags.empty()) body["Tags"] = tags_json(request.tags);
  const auto answer = CO_TRY(co_await call("RequestCertificate", json::serialize(body),
                                           format("requesting a certificate of Amazon for {}", request.host.text()),
                                           AwsRequest::Again::kAsOften, deadline));
  co_return parse_acm_arn(answer);
}

Task<AwsResult<AcmCertificate>> Acm::describe(Arn arn, std::optional<Time> requested_at, net::Deadline deadline) {
  const auto action = format("reading the certificate {}", arn.text());
  const auto answer =
      co_await call("DescribeCertificate", json::serialize(json::object{{"CertificateArn", arn.text()}}), action,
                    AwsRequest::Again::kAsOften, deadline);
  if (!answer) {
    const auto& error = answer.error();
    if (error.trouble == AwsTrouble::kNotFound && requested_at && clock_.now() - *requested_at < kSettles)
      co_return std::unexpected(aws_error(AwsTrouble::kNotYet, error.code, error.said, action));
    co_return std::unexpected(error);
  }
  auto described = CO_TRY(parse_acm_certificate(*answer));
  if (described.arn != arn)
    co_return aws_fail(AwsTrouble::kGarbled, "",
                       format("ACM describes {} instead of {}", described.arn.text(), arn.text()));
  co_return described;
}

Task<AwsResult<Arn>> Acm::import(AcmImport import, net::Deadline deadline) {
  if (import.certificate.empty() || import.private_key.is_empty())
    co_return fail(Kind::kUnprocessable, "an import needs a certificate and its private key");
  if (import.private_key.expose().size() > kPrivateKeyBytesMax)
    co_return fail(Kind::kUnprocessable, format("ACM takes private keys of at most {} bytes", kPrivateKeyBytesMax));
  CO_TRY_VOID(check_tags(import.tags));
  json::object body{{"Certificate", to_base64(import.certificate)},
                    {"PrivateKey", to_base64(import.private_key.expose())}};
  if (!import.chain.empty()) body["CertificateChain"] = to_base64(import.chain);
  if (import.arn) {
    body["CertificateArn"] = import.arn->text();
  } else if (!import.tags.empty()) {
    body["Tags"] = tags_json(import.tags);
  }
  const auto again = import.arn ? AwsRequest::Again::kAsOften : AwsRequest::Again::kNever;
  const std::string action = "importing a certificate into ACM";
  const auto answer = co_await call("ImportCertificate", json::serialize(body), action, again, deadline);
  if (!answer) {
    const auto& error = answer.error();
    if (error.code == "ValidationException" || error.code == "InvalidParameterException")
      co_return std::unexpected(aws_error(AwsTrouble::kCertificateMismatch, error.code, error.said, action));
    co_return std::unexpected(error);
  }
  co_return parse_acm_arn(*answer);
}

Task<AwsResult<void>> Acm::remove(Arn arn, net::Deadline deadline) {
  CO_TRY(co_await call("DeleteCertificate", json::serialize(json::object{{"CertificateArn", arn.text()}}),
                       format("deleting the certificate {}", arn.text()), AwsRequest::Again::kAsOften, deadline));
  co_return AwsResult<void>();
}

Task<AwsResult<std::vector<AcmSummary>>> Acm::list(net::Deadline deadline) {
  std::vector<AcmSummary> found;
  std::string next;
  do {
    json::object body{{"Includes", json::object{{"keyTypes", json::array(kKeyTypes.begin(), kKeyTypes.end())}}},
                      {"MaxItems", kPageSize}};
    if (!next.empty()) body["NextToken"] = next;
    const auto answer = CO_TRY(co_await call("ListCertificates", json::serialize(body),
                                             "listing the certificates in ACM", AwsRequest::Again::kAsOften, deadline));
    auto page = CO_TRY(parse_acm_list(answer));
    std::ranges::move(page.certificates, std::back_inserter(found));
    if (found.size() > kListedMax)
      co_return aws_fail(AwsTrouble::kLimitReached, "",
                         format("ACM has more than {} certificates in this account", kListedMax));
    if (!page.next_token.empty() && page.next_token == next)
      co_return aws_fail(AwsTrouble::kGarbled, "", "ACM gives the same page twice");
    next = std::move(page.next_token);
  } while (!next.empty());
  co_return found;
}

Task<AwsResult<void>> Acm::add_tags(Arn arn, std::vector<AwsTag> tags, net::Deadline deadline) {
  CO_TRY_VOID(check_tags(tags));
  CO_TRY(co_await call("AddTagsToCertificate",
                       json::serialize(json::object{{"CertificateArn", arn.text()}, {"Tags", tags_json(tags)}}),
                       format("tagging the certificate {}", arn.text()), AwsRequest::Again::kAsOften, deadline));
  co_return AwsResult<void>();
}

Task<AwsResult<std::vector<AwsTag>>> Acm::tags_of(Arn arn, net::Deadline deadline) {
  const auto answer =
      CO_TRY(co_await call("ListTagsForCertificate", json::serialize(json::object{{"CertificateArn", arn.text()}}),
                           format("reading the tags of {}", arn.text()), AwsRequest::Again::kAsOften, deadline));
  co_return parse_acm_tags(answer);
}

}  // namespace signpost::cloud
