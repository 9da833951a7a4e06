// SPDX-License-Identifier: Apache-2.0
#include "app/certificate_command.h"

#include <boost/json.hpp>
#include <istream>
#include <ostream>

#include "app/administer.h"
#include "app/answered_json.h"
#include "app/certificate_view.h"
#include "base/text.h"
#include "services/certificate_export.h"

namespace signpost::app {
namespace {

std::string path_of(const std::string& id) { return "/v1/certificates/" + percent_encoded(id); }

/// The body as it is, or made readable.
template <typename Readable>
Result<Exit> print(Console& console, OutputForm form, const std::string& body, Readable readable) {
  if (form == OutputForm::kJson) {
    console.out << body << "\n";
  } else {
    console.out << TRY(readable(body));
  }
  return Exit::kOk;
}

bool is_confirmed_at_terminal(Console& console) {
  if (console.input != Screen::kTerminal || console.output != Screen::kTerminal) return false;
  console.out << "\nType yes to revoke it: " << std::flush;
  std::string answer;
  std::getline(console.in, answer);
  return trim(answer) == "yes";
}

}  // namespace

Result<Exit> certificate_list(Console& console, const CertificateListOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.get(target_of(
      "/v1/certificates",
      {{"ends_within", options.ends_within}, {"cursor", options.cursor}, {"limit", std::to_string(options.limit)}})));
  const bool has_filter = !options.ends_within.empty() || !options.cursor.empty();
  const auto* if_none = has_filter ? "no certificate is like that"
                                   : "there is no certificate: one belongs to each connection whose certificate is "
                                     "cname or txt";
  return print(console, options.form, body, [&](const std::string& json) {
    return certificate_page(json, console.clock.now(), console.columns, if_none);
  });
}

Result<Exit> certificate_show(Console& console, const CertificateOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.get(path_of(options.id)));
  return print(console, options.form, body,
               [&](const std::string& json) { return certificate_text(json, console.clock.now(), console.columns); });
}

Result<Exit> certificate_renew(Console& console, const CertificateOptions& options) {
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.post(path_of(options.id) + "/renew", "{}"));
  return print(console, options.form, body, [&](const std::string& json) -> Result<std::string> {
    const auto certificate = TRY(AnsweredObject::parse(json));
    const auto serves = certificate.object("issued") ? "; the one that is held serves until it is there" : "";
    return format("a new certificate for {} is on its way{}\n\n  signpost certificate show {}\n",
                  fmt::join(certificate.texts("names"), ", "), serves, certificate.text("id"));
  });
}

Result<Exit> certificate_revoke(Console& console, const CertificateRevokeOptions& options) {
  using Run = CertificateRevokeOptions::Run;
  auto api = TRY(ApiClient::open(console, options.api));
  const auto body = TRY(api.get(path_of(options.id)));
  auto& told = options.form == OutputForm::kJson ? console.err : console.out;
  told << TRY(revocation_text(body, options.reason, console.clock.now(), console.columns));
  if (options.run == Run::kDry) return Exit::kOk;
  if (options.run == Run::kAsked && !is_confirmed_at_terminal(console))
    return fail(Kind::kConflict, "nothing was revoked: add --yes to revoke it");
  // What was shown, and nothing that came after it.
  const auto shown = TRY(AnsweredObject::parse(body)).object("issued");
  const boost::json::object wish{{"reason", options.reason}, {"serial", shown ? shown->text("serial") : std::string()}};
  const auto answer = TRY(api.post(path_of(options.id) + "/revoke", boost::json::serialize(wish)));
  return print(console, options.form, answer, [&](const std::string&) -> Result<std::string> {
    return format("\n{} is revoked; another is on its way\n", options.id);
  });
}

Result<Exit> certificate_export(Console& console, const CertificateExportOptions& options) {
  if (options.chain_file.empty() && options.key_file.empty()) {
    return wrong_usage(console, {Kind::kInvalid, "name --chain-file, --key-file or both", "", {}});
  }
  const bool shows_key = options.key_file == "-" && console.output == Screen::kTerminal;
  if (shows_key && options.key == CertificateExportOptions::Key::kNeverOnTerminal) {
    return fail(Kind::kForbidden,
                "a private key is not shown on a terminal, which may keep it: name a file, or add --force");
  }
  for (const auto& file : {options.chain_file, options.key_file}) {
    if (!file.empty() && file != "-") TRY_VOID(check_place(file, options.existing));
  }
  const auto id = TRY(CertificateId::parse(options.id));
  auto session = TRY(StoreSession::open(console, options.store, DataDirectory::Use::kCommandOnExisting));
  const auto exported = TRY(administer<services::ExportedCertificate>(
      *session, [&](store::Tx& tx, const auto& by) { return services::export_certificate(tx, by, id); }));
  const auto& held = *exported.certificate.held;
  if (held.not_after <= console.clock.now())
    console.err << format("signpost: it has expired on {}\n", to_rfc3339(held.not_after));
  const auto put = [&](const std::string& file, const std::string& text, Readers readers) -> Result<void> {
    if (file.empty()) return {};
    if (file != "-") return write_pem_file(file, text, readers, options.existing);
    console.out << text << std::flush;
    return {};
  };
  TRY_VOID(put(options.key_file, exported.key_pem.expose(), Readers::kOwner));
  TRY_VOID(put(options.chain_file, held.chain_pem, Readers::kEverybody));
  return Exit::kOk;
}

}  // namespace signpost::app
