// SPDX-License-Identifier: Apache-2.0
//
// A web server on loopback in the place of IndexNow and of Google: remembers what it was sent and answers what the test
// says. Owned by the test; any thread. Unless the test says otherwise it takes everything: tokens are handed out, sites
// are verified, URLs accepted.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "net/testing/scripted_server.h"

namespace signpost::cloud::testing {

struct Call {
  std::string method;
  std::string target;
  std::string head;  // request line and fields as they came
  std::string body;
};
struct Answer {
  int status = 200;
  std::string body = "{}";
  std::string fields{};  // "Retry-After: 5\r\n"
};

class SearchServer {
 public:
  using Behaviour = std::function<Answer(const Call&)>;
  SearchServer();

  /// From now on; on the server's threads.
  void answer(Behaviour behaviour);
  /// What a server that takes everything answers.
  static Answer take(const Call& call);

  std::string url(std::string_view path = "") const;
  std::vector<Call> calls() const;
  /// Only those whose target begins with it.
  std::vector<Call> calls_of(std::string_view target) const;

 private:
  void serve(net::testing::RawPeer& peer);
  Guarded<std::vector<Call>> calls_;
  Guarded<Behaviour> behaviour_;
  net::testing::ScriptedServer server_;  // its threads use the others
};

constexpr std::string_view kIndexNowPath = "/indexnow";
constexpr std::string_view kTokenPath = "/token";
constexpr std::string_view kVerificationTokenPath = "/siteVerification/v1/token";
constexpr std::string_view kVerifyPath = "/siteVerification/v1/webResource";
constexpr std::string_view kSitesPath = "/webmasters/v3/sites/";
/// What the verification token is unless the test says otherwise.
constexpr std::string_view kVerificationToken = "google-site-verification=abc123xyz789";

/// An authorized_user credential.
std::string refresh_credential();
/// A service_account credential with a fresh key (0.1 s), whose tokens are had at `token_url`.
std::string service_account_credential(std::string_view token_url);

}  // namespace signpost::cloud::testing
