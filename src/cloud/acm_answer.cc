// SPDX-License-Identifier: Apache-2.0
#include "cloud/acm_answer.h"

#include <boost/json.hpp>
#include <cmath>

#include "base/host_name.h"
#include "base/text.h"

namespace signpost::cloud {
namespace {

namespace json = boost::json;

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

AwsResult<json::object> parse_object(std::string_view body) {
  boost::system::error_code trouble;
  auto value = json::parse(body.empty() ? std::string_view("{}") : body, trouble);
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

}  // namespace

AwsCaller::Fault parse_acm_fault(const net::HttpReply& reply) {
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

AwsResult<Arn> parse_acm_arn(std::string_view body) {
  const auto object = TRY(parse_object(body));
  return arn_of(Members(object));
}

AwsResult<AcmCertificate> parse_acm_certificate(std::string_view body) {
  const auto object = TRY(parse_object(body));
  const auto* certificate = Members(object).object("Certificate");
  if (certificate == nullptr) return garbled("Describe without a Certificate");
  return certificate_of(*certificate);
}

AwsResult<AcmPage> parse_acm_list(std::string_view body) {
  const auto object = TRY(parse_object(body));
  const Members members(object);
  AcmPage page;
  for (const auto& value : members.array("CertificateSummaryList")) {
    const auto* one = value.if_object();
    if (one == nullptr) return garbled("CertificateSummaryList");
    const Members summary(*one);
    page.certificates.push_back({TRY(arn_of(summary)), summary.text("DomainName"),
                                 parse_acm_status(summary.text("Status")), parse_acm_type(summary.text("Type")),
                                 summary.flag("InUse")});
  }
  page.next_token = members.text("NextToken");
  return page;
}

AwsResult<std::vector<AwsTag>> parse_acm_tags(std::string_view body) {
  const auto object = TRY(parse_object(body));
  std::vector<AwsTag> tags;
  for (const auto& value : Members(object).array("Tags")) {
    if (const auto* tag = value.if_object()) tags.push_back({Members(*tag).text("Key"), Members(*tag).text("Value")});
  }
  return tags;
}

}  // namespace signpost::cloud
