// SPDX-License-Identifier: Apache-2.0
#include "base/mail_address.h"

#include <algorithm>

#include "base/host_name.h"
#include "base/text.h"

namespace signpost {
namespace {

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Kind::kUnprocessable,
              format("\"{}\" is not a mail address such as ops@saas.example: {}", printable(text, 60), why));
}

/// RFC 5322 3.2.3.
bool is_atom_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool is_dot_atom(std::string_view text) {
  return std::ranges::all_of(split(text, '.'), [](std::string_view atom) {
    return !atom.empty() && std::ranges::all_of(atom, is_atom_character);
  });
}

bool is_host_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

}  // namespace

Result<MailAddress> MailAddress::parse(std::string_view text) {
  if (text.size() > bytes_max) return refuse(text, format("it has over {} bytes", bytes_max));
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return refuse(text, "it has no @");
  const auto local = text.substr(0, at);
  if (local.size() > local_bytes_max) return refuse(text, format("over {} bytes before the @", local_bytes_max));
  if (!is_dot_atom(local)) return refuse(text, "before the @ stand other things than letters, digits and single dots");
  const auto host = DnsName::parse(text.substr(at + 1));
  if (!host) return refuse(text, host.error().message);
  if (host->is_root() || !std::ranges::all_of(host->text(), is_host_character)) {
    return refuse(text, "after the @ stands no host name");
  }
  auto whole = std::string(local) + "@" + host->text();
  if (whole.size() > bytes_max) return refuse(text, format("it has over {} bytes", bytes_max));
  return MailAddress(std::move(whole));
}

}  // namespace signpost
