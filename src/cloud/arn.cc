// SPDX-License-Identifier: Apache-2.0
#include "cloud/arn.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::cloud {

Result<Arn> Arn::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(Kind::kUnprocessable,
                format("\"{}\" is not an ARN (arn:partition:service:region:account:resource)", printable(text, 120)));
  };
  if (text.size() > bytes_max || !text.starts_with("arn:") || std::ranges::count(text, ':') < 5) return wrong();
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; })) return wrong();
  Arn arn{std::string(text)};
  if (arn.partition().empty() || arn.service().empty() || arn.resource().empty()) return wrong();
  return arn;
}

Result<Arn> Arn::parse_certificate(std::string_view text) {
  auto arn = TRY(parse(text));
  constexpr std::string_view kBefore = "certificate/";
  if (arn.service() != "acm" || arn.region().empty() || arn.account().empty() || !arn.resource().starts_with(kBefore) ||
      arn.resource().size() == kBefore.size())
    return fail(Kind::kUnprocessable,
                format("{} is not the ARN of a certificate in ACM (arn:aws:acm:us-east-1:ACCOUNT:certificate/ID)",
                       printable(text, 120)));
  return arn;
}

std::string_view Arn::part(int index) const {
  std::string_view rest = text_;
  for (int i = 0; i < index; ++i) rest.remove_prefix(rest.find(':') + 1);
  return index == 5 ? rest : rest.substr(0, rest.find(':'));
}

}  // namespace signpost::cloud
