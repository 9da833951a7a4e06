// SPDX-License-Identifier: Apache-2.0
//
// `signpost certificate …`: what Signpost obtained, through a running server; and the export of a chain with its
// private key, which no API gives out, on the store itself.
// Functions of the main thread.
#pragma once

#include <cstdint>
#include <string>

#include "app/api_client.h"
#include "app/console.h"
#include "app/pem_file.h"
#include "app/store_session.h"

namespace signpost::app {

struct CertificateListOptions {
  ApiOptions api;
  std::string ends_within;  // "30d"; empty: all
  std::string cursor;       // of the page before
  std::int64_t limit = 50;
  OutputForm form = OutputForm::kText;
};
Result<Exit> certificate_list(Console& console, const CertificateListOptions& options);

struct CertificateOptions {
  ApiOptions api;
  std::string id;
  OutputForm form = OutputForm::kText;
};
Result<Exit> certificate_show(Console& console, const CertificateOptions& options);
Result<Exit> certificate_renew(Console& console, const CertificateOptions& options);

struct CertificateRevokeOptions {
  enum class Run { kAsked, kConfirmed, kDry };
  ApiOptions api;
  std::string id;
  std::string reason = "unspecified";
  Run run = Run::kAsked;
  OutputForm form = OutputForm::kText;
};
/// Says what it does, and does it once it is confirmed: by the option, or by somebody at the terminal.
Result<Exit> certificate_revoke(Console& console, const CertificateRevokeOptions& options);

struct CertificateExportOptions {
  enum class Key { kNeverOnTerminal, kAlsoOnTerminal };
  StoreOptions store;
  std::string id;
  std::string chain_file;  // "-": standard output; empty: not wanted
  std::string key_file;
  Existing existing = Existing::kKept;
  Key key = Key::kNeverOnTerminal;
};
/// kUsage unless it names a file. An expired one is exported, with a word on standard error.
Result<Exit> certificate_export(Console& console, const CertificateExportOptions& options);

}  // namespace signpost::app
