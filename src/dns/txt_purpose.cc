// SPDX-License-Identifier: Apache-2.0
#include "dns/txt_purpose.h"

#include <algorithm>

#include "base/text.h"
#include "dns/dkim.h"
#include "dns/dmarc.h"
#include "dns/spf.h"

namespace signpost::dns {
namespace {

constexpr std::string_view kSpfVersion = "v=spf1";

/// Also where no blank follows, as in "v=spf1;include:…": who writes that means an SPF record.
bool begins_as_spf(std::string_view value) {
  return equals_ignoring_case(value.substr(0, kSpfVersion.size()), kSpfVersion);
}

/// RFC 7489 7.1: others' permission to be reported to, "shop.example._report._dmarc.reports.example", is none.
bool is_anywhere_near_dmarc(const DnsName& name) {
  const auto labels = split(name.text(), '.');
  return std::ranges::find(labels, std::string_view("_dmarc")) != labels.end();
}

}  // namespace

TxtPurpose purpose_of(const DnsName& name, std::string_view value) {
  if (is_dmarc_name(name)) return TxtPurpose::kDmarc;
  if (is_dkim_name(name)) return TxtPurpose::kDkim;
  return begins_as_spf(value) ? TxtPurpose::kSpf : TxtPurpose::kPlain;
}

Result<void> check_txt(const DnsName& name, std::string_view value) {
  switch (purpose_of(name, value)) {
    case TxtPurpose::kSpf:
      TRY_VOID(SpfRecord::parse(value));
      return {};
    case TxtPurpose::kDmarc:
      TRY_VOID(DmarcRecord::parse(value));
      return {};
    case TxtPurpose::kDkim:
      TRY_VOID(DkimRecord::parse(value));
      return {};
    case TxtPurpose::kPlain:
      break;
  }
  if (!is_dmarc(value) || is_anywhere_near_dmarc(name)) return {};
  return fail(Kind::kUnprocessable,
              format("a DMARC record stands at _dmarc.{}, nobody looks for it at {}", name.text(), name.text()),
              "host");
}

}  // namespace signpost::dns
