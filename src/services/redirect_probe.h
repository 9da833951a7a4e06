// SPDX-License-Identifier: Apache-2.0
//
// Asks a host name over http and https whether it redirects to where it shall.
// Owned by app/wiring, one per loop; that loop only; the sender outlives it. Strangers answer: only vetted addresses
// are asked, no redirect is followed, bytes and time are bounded by the sender and the budget.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/post_sender.h"
#include "net/task.h"
#include "net/url.h"

namespace signpost::services {

/// What sees redirections; a fake in tests.
class RedirectEye {
 public:
  virtual ~RedirectEye() = default;
  /// `to` is the text of a net::Url. Ends within its budget. Empty if it could not be seen, for a reason of our own.
  virtual Task<std::optional<bool>> is_redirected(std::string host, std::string to) = 0;
};

/// What one answer says of the redirection.
enum class RedirectReply {
  kAgrees,     // it leads to the wanted URL
  kUpgrades,   // http leads to https of the same host: that one's answer counts
  kDisagrees,  // it leads elsewhere, or is no redirection
  kUnseen,     // not asked: this machine has too much under way
  kSilent,     // no answer: nobody listens, the certificate is another's, a refused address
};
RedirectReply reply_of(const net::Url& asked, const net::Url& wanted, const net::PostOutcome& outcome);

/// At least one of both agrees and none disagrees, as it is with the servers of a record: many that redirect hold no
/// certificate for https, which contradicts nothing. Empty if one was not asked and none disagrees.
std::optional<bool> is_there(RedirectReply http, RedirectReply https);

class RedirectProbe final : public RedirectEye {
 public:
  struct Settings {
    Milliseconds budget{5'000};    // both questions, which are asked at once
    std::uint16_t http_port = 80;  // other ones only in tests
    std::uint16_t https_port = 443;
    std::string user_agent;
  };
  RedirectProbe(net::PostSender& sender, Settings settings) : sender_(sender), settings_(std::move(settings)) {}

  Task<std::optional<bool>> is_redirected(std::string host, std::string to) override;

 private:
  // Both live in the coroutine that awaits it.
  Task<void> ask(const net::Url& url, net::PostOutcome& outcome);

  net::PostSender& sender_;
  const Settings settings_;
};

}  // namespace signpost::services
