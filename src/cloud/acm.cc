// SPDX-License-Identifier: Apache-2.0
#include "cloud/acm.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/text.h"

namespace signpost::cloud {
namespace {

namespace json = boost::json;

constexpr std::string_view kMediaType = "application/x-amz-json-1.1";
constexpr int kPageSize = 1000;

AwsCaller::Fault read_fault(const net::HttpReply& reply) {
  AwsCaller::Fault fault;
  boost::system::error_code trouble;
  const auto value = json::parse(reply.body, trouble);
  if (const auto* object = trouble ? nullptr : value.if_object()) {
    for (const auto& member : *object) {
      const auto* text = member.value().if_string();
      if (text == nullptr) continue;
      if (member.key() == "__type") fault.code = std::string(*text);
      if (member.key() == "message" || member.key() == "Message") fault.message = std::string(*text);
    }
  }
  if (fault.code.empty()) fault.code = std::string(reply.header("x-amzn-errortype"));
  // "com.amazonaws.acm#ResourceNotFoundException:http://…": the name stands between.
  fault.code = fault.code.substr(fault.code.find('#') == std::string::npos ? 0 : fault.code.find('#') + 1);
  fault.code = fault.code.substr(0, fault.code.find(':'));
  return fault;
}

std::unexpected<AwsError> garbled(std::string_view what) {
  return aws_fail(AwsTrouble::kGarbled, "", format("the answer of ACM is not one of ACM's: {}", what));
}

/// Members of one object of an answer, read with the types of ACM's model; absent ones are empty.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}
  std::string text(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  }
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& value : array(name)) {
      if (const auto* one = value.if_string()) out.emplace_back(*one);
    }
    return out;
  }
  /// Epoch seconds, with a fraction or without.
  std::optional<Time> time(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const double seconds = value->to_number<double>();
    if (!(std::abs(seconds) < 1e11)) return std::nullopt;
    return from_ms(std::llround(seconds * 1000));
  }
  bool flag(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
  }
  const json::array& array(std::string_view name) const {
    static const json::array kNone;
    const auto* value = object_.if_contains(name);
    return value != nullptr && value->is_array() ? value->get_array() : kNone;
  }
  const json::object* object(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
  }

 private:
  const json::object& object_;
};

AwsResult<json::object> parse_answer(const std::string& body) {
  boost::system::error_code trouble;
  auto value = json::parse(body.empty() ? "{}" : body, trouble);
  if (trouble || !value.is_object()) return garbled("not a JSON object");
  return std::move(value.get_object());
}

AwsResult<Arn> arn_of(const Members& members) {
  auto arn = Arn::parse_certificate(members.text("CertificateArn"));
  if (!arn) return garbled(arn.error().message);
  return std::move(*arn);
}

std::string dns_text(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  return to_lower(text);
}

AwsResult<AcmValidation> validation_of(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return garbled("DomainValidationOptions");
  const Members members(*object);
  AcmValidation validation;
  validation.domain = members.text("DomainName");
  const auto state = members.text("ValidationStatus");
  if (state == "SUCCESS") validation.state = AcmValidation::State::kSuccess;
  if (state == "FAILED") validation.state = AcmValidation::State::kFailed;
  if (const auto* record = members.object("ResourceRecord")) {
    const Members parts(*record);
    auto name = dns_text(parts.text("Name"));
    auto target = dns_text(parts.text("Value"));
    if (parts.text("Type") != "CNAME" || !DnsName::parse(name) || !DnsName::parse(target))
      return garbled("ResourceRecord");
    validation.record = AcmValidationRecord{std::move(name), std::move(target)};
  }
  return validation;
}

AwsResult<AcmCertificate> certificate_of(const json::object& object) {
  const Members members(object);
  AcmCertificate certificate{.arn = TRY(arn_of(members))};
  const auto status = parse_acm_status(members.text("Status"));
  const auto type = parse_acm_type(members.text("Type"));
  if (!status || !type)
    return garbled(format("a certificate with status \"{}\" and type \"{}\"", printable(members.text("Status"), 40),
                          printable(members.text("Type"), 40)));
  certificate.status = *status;
  certificate.type = *type;
  certificate.domain = members.text("DomainName");
  certificate.names = members.texts("SubjectAlternativeNames");
  certificate.in_use_by = members.texts("InUseBy");
  certificate.failure_reason = members.text("FailureReason");
  certificate.key_algorithm = members.text("KeyAlgorithm");
  certificate.not_before = members.time("NotBefore");
  certificate.not_after = members.time("NotAfter");
  certificate.created_at = members.time("CreatedAt");
  certificate.issued_at = members.time("IssuedAt");
  certificate.imported_at = members.time("ImportedAt");
  for (const auto& value : members.array("DomainValidationOptions"))
    certificate.validations.push_back(TRY(validation_of(value)));
  if (const auto* renewal = members.object("RenewalSummary"))
    certificate.renewal_status = Members(*renewal).text("RenewalStatus");
  return certificate;
}

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

struct Reason {
  std::string_view word;
  std::string_view way_out;
};
// FailureReason of ACM's model; the explanations follow its user guide ("Troubleshoot certificate requests").
constexpr std::array kReasons{
    Reason{"CAA_ERROR",
           "a CAA record forbids Amazon to issue: add one that allows amazon.com, or take the forbidding one away"},
    Reason{"ADDITIONAL_VERIFICATION_REQUIRED", "AWS wants to verify the account first: contact AWS Support"},
    Reason{"DOMAIN_NOT_ALLOWED", "the domain stands on a list of unsafe domains (VirusTotal): have it taken off there"},
    Reason{"DOMAIN_VALIDATION_DENIED", "Amazon could not validate the name: look at its validation CNAME"},
    Reason{"INVALID_PUBLIC_DOMAIN", "the name is not one of a public domain"},
};

}  // namespace

std::string_view name_of(AcmStatus status) {
  switch (status) {
    case AcmStatus::kPendingValidation:
      return "PENDING_VALIDATION";
    case AcmStatus::kIssued:
      return "ISSUED";
    case AcmStatus::kInactive:
      return "INACTIVE";
    case AcmStatus::kExpired:
      return "EXPIRED";
    case AcmStatus::kValidationTimedOut:
      return "VALIDATION_TIMED_OUT";
    case AcmStatus::kRevoked:
      return "REVOKED";
    case AcmStatus::kFailed:
      return "FAILED";
  }
  return "";
}

std::optional<AcmStatus> parse_acm_status(std::string_view text) {
  for (const auto status :
       {AcmStatus::kPendingValidation, AcmStatus::kIssued, AcmStatus::kInactive, AcmStatus::kExpired,
        AcmStatus::kValidationTimedOut, AcmStatus::kRevoked, AcmStatus::kFailed}) {
    if (name_of(status) == text) return status;
  }
  return std::nullopt;
}

std::string_view name_of(AcmType type) {
  switch (type) {
    case AcmType::kImported:
      return "IMPORTED";
    case AcmType::kAmazonIssued:
      return "AMAZON_ISSUED";
    case AcmType::kPrivate:
      return "PRIVATE";
  }
  return "";
}

std::optional<AcmType> parse_acm_type(std::string_view text) {
  for (const auto type : {AcmType::kImported, AcmType::kAmazonIssued, AcmType::kPrivate}) {
    if (name_of(type) == text) return type;
  }
  return std::nullopt;
}

std::string explain_failure(const AcmCertificate& certificate) {
  if (certificate.status == AcmStatus::kValidationTimedOut)
    return format(
        "Amazon did not see the validation CNAME of {} within 72 hours: add it; a new certificate is requested then",
        certificate.domain);
  if (certificate.status != AcmStatus::kFailed) return "";
  for (const auto& reason : kReasons) {
    if (reason.word == certificate.failure_reason)
      return format("Amazon does not issue for {}: {}", certificate.domain, reason.way_out);
  }
  return format("Amazon does not issue for {} ({}): see the certificate in ACM's console", certificate.domain,
                certificate.failure_reason.empty() ? "no reason given" : printable(certificate.failure_reason, 60));
}

Acm::Acm(net::HttpClient& http, AwsCredentialSource& credentials, crypto::Random& random, const Clock& clock,
         AwsCaller::Settings settings)
    : clock_(clock), caller_(http, credentials, random, std::move(settings), &read_fault) {}

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
  const auto object = CO_TRY(parse_answer(answer));
  co_return arn_of(Members(object));
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
  const auto object = CO_TRY(parse_answer(*answer));
  const auto* certificate = Members(object).object("Certificate");
  if (certificate == nullptr) co_return garbled("Describe without a Certificate");
  auto described = CO_TRY(certificate_of(*certificate));
  if (described.arn != arn) co_return garbled(format("{} instead of {}", described.arn.text(), arn.text()));
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
    if (error.trouble == AwsTrouble::kInvalid && !error.code.empty())
      co_return std::unexpected(aws_error(AwsTrouble::kCertificateMismatch, error.code, error.said, action));
    co_return std::unexpected(error);
  }
  const auto object = CO_TRY(parse_answer(*answer));
  co_return arn_of(Members(object));
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
    const auto object = CO_TRY(parse_answer(answer));
    const Members members(object);
    for (const auto& value : members.array("CertificateSummaryList")) {
      const auto* one = value.if_object();
      if (one == nullptr) co_return garbled("CertificateSummaryList");
      const Members summary(*one);
      found.push_back({CO_TRY(arn_of(summary)), summary.text("DomainName"), parse_acm_status(summary.text("Status")),
                       parse_acm_type(summary.text("Type")), summary.flag("InUse")});
    }
    if (found.size() > kListedMax)
      co_return aws_fail(AwsTrouble::kLimitReached, "",
                         format("ACM has more than {} certificates in this account", kListedMax));
    auto token = members.text("NextToken");
    if (!token.empty() && token == next) co_return garbled("the same page twice");
    next = std::move(token);
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
  const auto object = CO_TRY(parse_answer(answer));
  std::vector<AwsTag> tags;
  for (const auto& value : Members(object).array("Tags")) {
    if (const auto* tag = value.if_object()) tags.push_back({Members(*tag).text("Key"), Members(*tag).text("Value")});
  }
  co_return tags;
}

}  // namespace signpost::cloud
