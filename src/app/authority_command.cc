// SPDX-License-Identifier: Apache-2.0
#include "app/authority_command.h"

#include <ostream>

#include "app/answered_json.h"
#include "app/certificate_view.h"
#include "base/text.h"

namespace signpost::app {
namespace {

std::string account_text(const AnsweredObject& authority, Time now) {
  const auto account = authority.object("account");
  if (!account) return "  account      none yet: made at the first order\n";
  const auto contact = account->text("contact");
  std::string text =
      format("  account      {}\n  contact      {}\n", account->text("url"), contact.empty() ? "none" : contact);
  const auto changed_at = account->time("key_changed_at");
  const auto since = changed_at ? changed_at : account->time("created_at");
  if (since) text += format("  key          since {} ({})\n", to_rfc3339(*since), distance_text(*since, now));
  if (account->text("is_key_changing") == "true")
    text += "  !            a change of the key has begun: it goes on by itself once the authority answers\n";
  return text;
}

std::string authority_text(const AnsweredObject& authority, Time now) {
  return format("{}  {}\n{}", authority.text("name"), authority.text("directory_url"), account_text(authority, now));
}

}  // namespace

Result<Exit> authority_list(Console& console, const AuthorityListOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.get("/v1/authorities"));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  const auto page = TRY(AnsweredObject::parse(body));
  std::string lines;
  for (const auto& authority : page.objects("data")) lines += authority_text(authority, console.clock.now());
  console.out << (lines.empty() ? "the settings have no certificate authority: add [[authorities]]\n" : lines);
  return Exit::kOk;
}

Result<Exit> authority_rollover_key(Console& console, const AuthorityKeyOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.post("/v1/authorities/" + percent_encoded(options.name) + "/rollover-key", "{}"));
  if (options.form == OutputForm::kJson) {
    console.out << body << "\n";
    return Exit::kOk;
  }
  const auto authority = TRY(AnsweredObject::parse(body));
  console.out << format(
      "our account at {} has another key; a customer whose TXT an order waits for adds another value\n\n{}",
      options.name, authority_text(authority, console.clock.now()));
  return Exit::kOk;
}

}  // namespace signpost::app
