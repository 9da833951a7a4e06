// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a mail address, and as the subject and text of a mail: no address and no text adds a header, a
// recipient or a command.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/mail_address.h"
#include "base/text.h"
#include "net/mail.h"

namespace {

void expect(bool is_so) {
  if (!is_so) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using signpost::MailAddress;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto address = MailAddress::parse(text);
  if (address) {
    const auto& canonical = address->text();
    expect(*MailAddress::parse(canonical) == *address && canonical.size() <= MailAddress::bytes_max);
    expect(std::ranges::all_of(canonical, [](char c) { return c > 0x20 && c < 0x7F; }));
    expect(std::ranges::count(canonical, '@') == 1 && canonical.find_first_of("<>,;:\"()[]\\") == std::string::npos);
  }
  const auto from = MailAddress::parse("signpost@saas.example").value();
  const auto mail = signpost::net::compose_mail({.to = {address.value_or(from)},
                                                 .subject = std::string(text),
                                                 .body = std::string(text),
                                                 .message_id = "ntc_1",
                                                 .date = {}},
                                                from);
  const auto header = std::string_view(mail).substr(0, mail.find("\r\n\r\n"));
  std::size_t names = 0;
  for (const auto line : signpost::split(header, '\n')) {
    expect(std::ranges::all_of(line, [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\r'; }));
    if (!line.starts_with(' ')) ++names;
  }
  expect(names == 9);
  for (const auto line : signpost::split(mail, '\n')) expect(line.size() <= 998 && line != ".\r");
  return 0;
}
