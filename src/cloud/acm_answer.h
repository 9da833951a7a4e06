// SPDX-License-Identifier: Apache-2.0
//
// ACM's answers (JSON 1.1) as values. Pure; any thread.
// What is not an answer of ACM's is kGarbled; members that we do not use are not looked at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cloud/acm_certificate.h"
#include "cloud/aws_caller.h"
#include "cloud/aws_error.h"

namespace signpost::cloud {

AwsResult<Arn> parse_acm_arn(std::string_view body);
AwsResult<AcmCertificate> parse_acm_certificate(std::string_view body);
struct AcmPage {
  std::vector<AcmSummary> certificates;
  std::string next_token;  // empty at the end
};
AwsResult<AcmPage> parse_acm_list(std::string_view body);
AwsResult<std::vector<AwsTag>> parse_acm_tags(std::string_view body);
/// The code without its namespace, from the body or the header; empty if it is something else.
AwsCaller::Fault parse_acm_fault(const net::HttpReply& reply);

}  // namespace signpost::cloud
