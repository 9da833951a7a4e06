// SPDX-License-Identifier: Apache-2.0
//
// How search engines are told, as the settings have it.
// Start-up; the main thread.
#pragma once

#include <memory>
#include <optional>

#include "app/settings.h"
#include "base/clock.h"
#include "cloud/google.h"
#include "cloud/indexnow.h"
#include "net/http_client.h"

namespace signpost::app {

/// The clients that are configured. Owned by Wiring; the clock outlives it.
class SearchClients {
 public:
  /// kForbidden, kNotFound, kUnprocessable for a file of credentials that cannot be used, naming the setting.
  static Result<std::unique_ptr<SearchClients>> open(const Settings::Search& settings, const Clock& clock);

  cloud::IndexNow* indexnow() { return indexnow_ ? &*indexnow_ : nullptr; }  // null without a key
  cloud::Google* google() { return google_ ? &*google_ : nullptr; }          // null without a credential
  bool is_any() const { return indexnow_ || google_; }

 private:
  SearchClients(const Settings::Search& settings, const Clock& clock,
                std::optional<cloud::GoogleCredential> credential);
  net::HttpClient http_;
  std::optional<cloud::IndexNow> indexnow_;
  std::optional<cloud::Google> google_;
};

}  // namespace signpost::app
