// SPDX-License-Identifier: Apache-2.0
//
// Mail to people, through the operator's mail server (RFC 5321). A door to libcurl.
// Owned by app/wiring or a command; any loop, any thread. Not for addresses that customers choose as servers: the
// server is the operator's. What stands in a header is encoded or a MailAddress, so no text can add a header or a
// recipient.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/mail_address.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "net/task.h"

namespace signpost::net {

struct Mail {
  std::vector<MailAddress> to;
  std::string subject;     // one line; what is not ASCII is encoded (RFC 2047)
  std::string body;        // plain text in UTF-8, lines ended by LF
  std::string message_id;  // without brackets and host: the same mail, sent again, has the same
  Time date{};
};

/// The message as it goes over the wire: header, blank line, body, lines ended by CRLF. Pure.
std::string compose_mail(const Mail& mail, const MailAddress& from);

/// How a mail that was handed over whole was received.
struct Handover {
  std::string doubt{};  // empty: the server has taken it; else why that is not known, in a sentence
  bool is_certain() const { return doubt.empty(); }
};

/// Whoever can bring a mail on its way.
class Mailer {
 public:
  Mailer() = default;
  virtual ~Mailer() = default;
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;
  /// The server has taken it for at least one of the recipients, or may have: it had all of it and did not answer.
  /// An error says that it has not. kNetwork, kTimeout, kForbidden (it wants other credentials), kRefused (it refuses
  /// sender, recipients or message), kProtocol, kUnavailable.
  virtual Task<Result<Handover>> send(Mail mail) = 0;
  /// Ends what is under way within a second, as kUnavailable or in doubt, and takes nothing more.
  virtual void cut() = 0;
};

enum class MailTls {
  kRequired,       // no mail without it
  kOpportunistic,  // if the server offers it; somebody in between can take the offer away
  kNone,
};

/// "smtp://mail.saas.example:587", "smtps://mail.saas.example".
struct MailServer {
  /// kUnprocessable: another scheme, user information, a path, a host that is none.
  static Result<MailServer> parse(std::string_view text);
  std::string url;
  bool is_smtps = false;
  bool is_loopback = false;  // 127.0.0.0/8, ::1, localhost: what goes there leaves no machine
};

class SmtpMailer final : public Mailer {
 public:
  struct Settings {
    MailServer server;
    MailAddress from;
    std::string username;  // empty: no authentication
    crypto::Secret password;
    MailTls tls = MailTls::kRequired;
    std::string ca_file;           // PEM; empty: the system's authorities
    std::string own_name;          // for EHLO; empty: the host of `from`
    Milliseconds timeout{30'000};  // one mail, from looking the server up to the end of its text
    // After that, for the answer: who hangs up earlier gets mails sent twice, as servers deliver first and answer then
    // (RFC 5321 4.5.3.2.6). Nothing but other warnings waits for it.
    Milliseconds answer_timeout{600'000};
  };
  explicit SmtpMailer(Settings settings);
  /// Ends what is under way within a second.
  ~SmtpMailer() override;

  Task<Result<Handover>> send(Mail mail) override;
  void cut() override;
  /// The same on the calling thread, for commands.
  Result<Handover> send_blocking(const Mail& mail);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
