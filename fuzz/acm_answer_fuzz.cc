// SPDX-License-Identifier: Apache-2.0
//
// Any octets as an answer of ACM's: what is taken holds ARNs of certificates, and records that are names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/host_name.h"
#include "base/text.h"
#include "cloud/acm_answer.h"

namespace {

using namespace signpost::cloud;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void read_certificate(std::string_view text) {
  const auto certificate = parse_acm_certificate(text);
  if (!certificate) return expect(!certificate.error().error.message.empty());
  expect(Arn::parse_certificate(certificate->arn.text()).has_value());
  for (const auto& validation : certificate->validations) {
    if (validation.record) expect(signpost::DnsName::parse(validation.record->name).has_value());
  }
  expect(explain_failure(*certificate).empty() || certificate->status != AcmStatus::kIssued);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_certificate(text);
  read_certificate(signpost::format(
      R"({{"Certificate":{{"CertificateArn":"arn:aws:acm:us-east-1:1:certificate/1","Status":"ISSUED","Type":"IMPORTED","DomainValidationOptions":{}}}}})",
      text));
  (void)parse_acm_arn(text);
  (void)parse_acm_tags(text);
  if (const auto page = parse_acm_list(text)) {
    for (const auto& one : page->certificates) expect(!one.arn.resource().empty());
  }
  const auto fault =
      parse_acm_fault({.status = 400, .headers = {{"x-amzn-errortype", std::string(text)}}, .body = std::string(text)});
  expect(!aws_error_of(400, fault.code, fault.message, "reading").error.message.empty());
  return 0;
}
