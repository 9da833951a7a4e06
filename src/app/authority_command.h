// SPDX-License-Identifier: Apache-2.0
//
// `signpost authority …`: our accounts at certificate authorities, through a running server.
// Functions of the main thread.
#pragma once

#include <string>

#include "app/api_client.h"
#include "app/console.h"

namespace signpost::app {

struct AuthorityListOptions {
  ApiOptions api;
  OutputForm form = OutputForm::kText;
};
Result<Exit> authority_list(Console& console, const AuthorityListOptions& options);

struct AuthorityKeyOptions {
  ApiOptions api;
  std::string name;
  OutputForm form = OutputForm::kText;
};
Result<Exit> authority_rollover_key(Console& console, const AuthorityKeyOptions& options);

}  // namespace signpost::app
