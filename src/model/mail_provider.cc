// SPDX-License-Identifier: Apache-2.0
#include "model/mail_provider.h"

#include <algorithm>

namespace signpost::model {
namespace {

struct Exchange {
  std::string_view zone;  // the exchange itself or a name above it
  MailProvider provider;
};

// The exchanges that the providers tell their customers to set (their help pages on MX records, 2026-11). Zoho has one
// zone a data centre.
constexpr std::array kExchanges{
    Exchange{"smtp.google.com", MailProvider::kGoogle},
    Exchange{"l.google.com", MailProvider::kGoogle},
    Exchange{"googlemail.com", MailProvider::kGoogle},
    Exchange{"mail.protection.outlook.com", MailProvider::kMicrosoft},
    Exchange{"mx.microsoft", MailProvider::kMicrosoft},
    Exchange{"mail.protection.partner.outlook.cn", MailProvider::kMicrosoft},
    Exchange{"mail.protection.office365.us", MailProvider::kMicrosoft},
    Exchange{"zoho.com", MailProvider::kZoho},
    Exchange{"zoho.eu", MailProvider::kZoho},
    Exchange{"zoho.in", MailProvider::kZoho},
    Exchange{"zoho.com.au", MailProvider::kZoho},
    Exchange{"zoho.jp", MailProvider::kZoho},
    Exchange{"zoho.sa", MailProvider::kZoho},
    Exchange{"zohocloud.ca", MailProvider::kZoho},
    Exchange{"zoho.com.cn", MailProvider::kZoho},
};

bool is_within(std::string_view name, std::string_view zone) {
  if (!name.ends_with(zone)) return false;
  return name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.';
}

}  // namespace

std::string_view name_of(MailProvider provider) {
  switch (provider) {
    case MailProvider::kGoogle:
      return "google";
    case MailProvider::kMicrosoft:
      return "microsoft";
    case MailProvider::kZoho:
      return "zoho";
  }
  return "";
}

std::optional<MailProvider> parse_mail_provider(std::string_view text) {
  const auto found = std::ranges::find_if(kMailProviders, [&](MailProvider one) { return name_of(one) == text; });
  if (found == kMailProviders.end()) return std::nullopt;
  return *found;
}

std::optional<MailProvider> provider_of(const DnsName& exchange) {
  const auto found =
      std::ranges::find_if(kExchanges, [&](const Exchange& known) { return is_within(exchange.text(), known.zone); });
  if (found == kExchanges.end()) return std::nullopt;
  return found->provider;
}

}  // namespace signpost::model
