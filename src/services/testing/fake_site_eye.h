// SPDX-License-Identifier: Apache-2.0
//
// Sees of a host's files what the test says. Owned by the test; its thread.
#pragma once

#include <string>
#include <vector>

#include "services/site_probe.h"

namespace signpost::services::testing {

class FakeSiteEye final : public SiteEye {
 public:
  Task<FileSight> look(std::string url, std::string wanted) override {
    looks.push_back(std::move(url));
    texts.push_back(std::move(wanted));
    co_return sight;
  }

  FileSight sight{FileSight::What::kThere, ""};
  std::vector<std::string> looks;  // URLs
  std::vector<std::string> texts;  // what was wanted there
};

}  // namespace signpost::services::testing
