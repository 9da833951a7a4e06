// SPDX-License-Identifier: Apache-2.0
//
// Any octets as an answer of CloudFront's: a configuration that is taken can be edited and read again, and says then
// what the edit wanted; one that is not edited comes back with the same content.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/host_name.h"
#include "cloud/cloudfront_document.h"

namespace {

using namespace signpost::cloud;

void expect(bool is_so) {
  if (!is_so) std::abort();
}

void edit(std::string_view text) {
  auto document = DistributionDocument::parse(text);
  if (!document) return;
  const auto once = document->xml();
  const auto again = DistributionDocument::parse(once);
  if (!again) return;  // a name that pugixml takes and does not write as a name
  expect(again->xml() == once);
  const auto host = signpost::HostName::parse("www.shop.example").value();
  const auto arn = Arn::parse_certificate("arn:aws:acm:us-east-1:111122223333:certificate/1").value();
  expect(document->add_alias(host).has_value() == document->has_alias(host.text()));
  expect(document->set_certificate(arn).has_value());
  document->set_enabled(false);
  expect(document->viewer_certificate().acm_arn == arn.text() && !document->is_enabled());
  document->remove_alias(host);
  expect(!document->has_alias(host.text()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  edit(text);
  if (const auto distribution = parse_distribution(text)) expect(!distribution->id.text().empty());
  (void)parse_conflicting_aliases(text);
  (void)parse_tags(text);
  (void)parse_cloudfront_fault({.status = 400, .headers = {}, .body = std::string(text)});
  return 0;
}
