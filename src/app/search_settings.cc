// SPDX-License-Identifier: Apache-2.0
#include "app/search_settings.h"

#include "app/secret_file.h"
#include "app/version.h"
#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::string_view kCredentialsFile = "search.google_credentials_file";

// A slow engine holds up no other: each call has a thread until its budget is over.
net::HttpClient::Settings client_settings(const Settings::Search& settings) {
  return {.threads = 4,
          .waiting_max = 1024,
          .ca_file = settings.ca_file.string(),
          .user_agent = format("Signpost/{}", kVersion)};
}

}  // namespace

Result<std::unique_ptr<SearchClients>> SearchClients::open(const Settings::Search& settings, const Clock& clock) {
  std::optional<cloud::GoogleCredential> credential;
  if (!settings.google_credentials_file.empty()) {
    const auto text = TRY(
        read_secret_document(settings.google_credentials_file, kCredentialsFile, cloud::GoogleCredential::bytes_max));
    auto parsed = cloud::GoogleCredential::parse(text);
    if (!parsed) {
      return fail(Kind::kUnprocessable, format("\"{}\" {}: {}", kCredentialsFile,
                                               settings.google_credentials_file.string(), parsed.error().message));
    }
    credential = *std::move(parsed);
  }
  return std::unique_ptr<SearchClients>(new SearchClients(settings, clock, std::move(credential)));
}

SearchClients::SearchClients(const Settings::Search& settings, const Clock& clock,
                             std::optional<cloud::GoogleCredential> credential)
    : http_(client_settings(settings)) {
  if (!settings.indexnow_key.empty()) {
    indexnow_.emplace(http_, clock,
                      cloud::IndexNow::Settings{.endpoint = settings.indexnow_url, .key = settings.indexnow_key});
  }
  if (credential) {
    google_.emplace(
        http_, clock, *std::move(credential),
        cloud::Google::Settings{.api_url = settings.google_api_url, .token_url = settings.google_token_url});
  }
}

}  // namespace signpost::app
