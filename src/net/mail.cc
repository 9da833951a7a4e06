// SPDX-License-Identifier: Apache-2.0
#include "net/mail.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "base/host_name.h"
#include "base/text.h"
#include "net/wait.h"
#include "net/worker_pool.h"

namespace signpost::net {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

// ── composing ───────────────────────────────────────────────────────────────────────────────────────────────

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

/// The longest beginning of at most `bytes_max` that cuts no character.
std::string_view whole_characters(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end == 0 ? bytes_max : end);
}

/// Of a header: plain if it may stand as it is, else encoded words of 75 characters at most (RFC 2047 2), one a line.
std::string header_text(std::string_view text) {
  constexpr std::size_t kPlainMax = 60;
  constexpr std::size_t kBytesOfWord = 45;  // 60 characters of base64 and 12 around them
  const bool is_simple = text.size() <= kPlainMax && std::ranges::all_of(text, is_plain) && !text.contains("=?");
  if (is_simple) return std::string(text);
  std::string words;
  while (!text.empty()) {
    const auto part = whole_characters(text, kBytesOfWord);
    words += (words.empty() ? "=?utf-8?B?" : "\r\n =?utf-8?B?") + to_base64(part) + "?=";
    text.remove_prefix(part.size());
  }
  return words;
}

/// RFC 5322 3.3, in UTC.
std::string date_text(Time time) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(day).c_encoding()],
                static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string base64_lines(std::string_view text) {
  constexpr std::size_t kBytesOfLine = 57;  // 76 characters (RFC 2045 6.8)
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += kBytesOfLine)
    lines += to_base64(text.substr(at, kBytesOfLine)) + "\r\n";
  return lines;
}

std::string with_crlf(std::string_view text) {
  std::string lines;
  for (const auto line : split(text, '\n')) lines.append(line).append("\r\n");
  return lines;
}

// ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────

struct Transfer {
  std::string_view left;
  const std::atomic<bool>* is_closing = nullptr;
  std::chrono::steady_clock::time_point handed_over_by;  // or it is given up
  std::string last_reply{};                              // of the server, such as "535 5.7.8 Authentication failed"
  bool is_handed_over = false;                           // all of it; `last_reply` is one to that
  bool is_late = false;
};

std::size_t on_read(char* room, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto count = std::min(size, transfer.left.size());
  std::copy_n(transfer.left.data(), count, room);
  transfer.left.remove_prefix(count);
  if (count == 0 && !transfer.is_handed_over) {
    transfer.is_handed_over = true;
    transfer.last_reply.clear();
  }
  return count;
}

std::size_t on_reply(char* data, std::size_t, std::size_t size, void* user) {
  static_cast<Transfer*>(user)->last_reply = trim(std::string_view(data, size));
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.is_late = !transfer.is_handed_over && std::chrono::steady_clock::now() >= transfer.handed_over_by;
  if (transfer.is_late) return 1;
  return transfer.is_closing != nullptr && transfer.is_closing->load() ? 1 : 0;
}

long tls_of(MailTls tls) {
  switch (tls) {
    case MailTls::kRequired:
      return CURLUSESSL_ALL;
    case MailTls::kOpportunistic:
      return CURLUSESSL_TRY;
    case MailTls::kNone:
      return CURLUSESSL_NONE;
  }
  return CURLUSESSL_ALL;
}

Kind kind_of(const Transfer& transfer, CURLcode code) {
  if (code == CURLE_OPERATION_TIMEDOUT || transfer.is_late) return Kind::kTimeout;
  if (code == CURLE_ABORTED_BY_CALLBACK) return Kind::kUnavailable;
  if (code == CURLE_LOGIN_DENIED) return Kind::kForbidden;
  if (code == CURLE_SEND_ERROR || code == CURLE_UPLOAD_FAILED || code == CURLE_RECV_ERROR) return Kind::kRefused;
  if (code == CURLE_WEIRD_SERVER_REPLY) return Kind::kProtocol;
  return Kind::kNetwork;
}

/// The server's own words help most; they are about us or the recipients and hold no password.
std::string sentence_of(const Transfer& transfer, CURLcode code, const char* text) {
  std::string why = *text != '\0' ? text : curl_easy_strerror(code);
  if (transfer.is_late) why = "it did not want all of the mail in time";
  const bool has_refusal =
      !transfer.last_reply.empty() && transfer.last_reply[0] >= '4' && transfer.last_reply[0] <= '5';
  return printable(why) + (has_refusal ? "; the server said: " + printable(transfer.last_reply) : "");
}

Result<Handover> perform(const SmtpMailer::Settings& settings, const Mail& mail, const std::atomic<bool>* is_closing) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (mail.to.empty()) return fail(Kind::kUnprocessable, "the mail has no recipient");
  const Easy easy(curl_easy_init());
  if (!easy) throw std::bad_alloc();
  List recipients;
  for (const auto& one : mail.to) {
    curl_slist* longer = curl_slist_append(recipients.get(), ("<" + one.text() + ">").c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)recipients.release();
    recipients.reset(longer);
  }
  const auto message = compose_mail(mail, settings.from);
  Transfer transfer{
      .left = message, .is_closing = is_closing, .handed_over_by = std::chrono::steady_clock::now() + settings.timeout};
  char why[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy.get(), option, value); };
  const auto own_name = settings.own_name.empty() ? std::string(settings.from.host()) : settings.own_name;
  const auto url = settings.server.url + "/" + own_name;
  const auto from = "<" + settings.from.text() + ">";
  set(CURLOPT_ERRORBUFFER, why);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USE_SSL, settings.server.is_smtps ? static_cast<long>(CURLUSESSL_ALL) : tls_of(settings.tls));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str());
  if (!settings.username.empty()) {
    set(CURLOPT_USERNAME, settings.username.c_str());
    set(CURLOPT_PASSWORD, settings.password.expose().c_str());
  }
  const auto longest = settings.timeout + settings.answer_timeout;  // on_progress ends the first part of it
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(longest.count(), 1)));
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(std::chrono::ceil<std::chrono::seconds>(longest).count()));
  set(CURLOPT_MAIL_FROM, from.c_str());
  set(CURLOPT_MAIL_RCPT, recipients.get());
  // One colleague who has left must not keep the warning from the others.
  set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &on_read);
  set(CURLOPT_READDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, &on_reply);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);
  const auto code = curl_easy_perform(easy.get());
  if (code == CURLE_OK) return Handover{};
  if (transfer.is_handed_over && transfer.last_reply.empty()) {
    return Handover{"the mail server " + settings.server.url +
                    " had all of the mail and did not say that it took it: " + sentence_of(transfer, code, why)};
  }
  return fail(kind_of(transfer, code),
              "the mail server " + settings.server.url + " did not take the mail: " + sentence_of(transfer, code, why));
}

}  // namespace

std::string compose_mail(const Mail& mail, const MailAddress& from) {
  std::string to;
  for (const auto& one : mail.to) to += (to.empty() ? "" : ",\r\n ") + one.text();
  const auto body = with_crlf(mail.body);
  std::string text = "From: Signpost <" + from.text() + ">\r\nTo: " + to + "\r\nSubject: " + header_text(mail.subject) +
                     "\r\nDate: " + date_text(mail.date) + "\r\nMessage-ID: <" + mail.message_id + "@" +
                     std::string(from.host()) + ">\r\n";
  // RFC 3834: so that no holiday notice answers.
  text += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  return text + "Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(body);
}

Result<MailServer> MailServer::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(Kind::kUnprocessable,
                format("\"{}\" is no mail server such as smtp://mail.saas.example:587: {}", printable(text, 100), why));
  };
  const auto is_visible = [](char c) { return c > 0x20 && c < 0x7F; };
  if (!std::ranges::all_of(text, is_visible))
    return refuse("it holds a blank, a control character or one that is not ASCII");
  MailServer server;
  std::string_view rest = text;
  if (rest.starts_with("smtps://")) {
    server.is_smtps = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("smtp://")) {
    rest.remove_prefix(7);
  } else {
    return refuse("it must begin with smtp:// or smtps://");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.contains('@')) return refuse("name and password belong into smtp.username and smtp.password");
  std::string_view host = rest;
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return refuse("the address has no closing bracket");
    host = rest.substr(1, end - 1);
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address_v6(std::string(host), error);
    if (error) return refuse("the brackets hold no IPv6 address");
    server.is_loopback = address.is_loopback();
    if (end + 1 < rest.size() && rest[end + 1] != ':') return refuse("after the address only a port may stand");
    if (end + 1 < rest.size()) port = rest.substr(end + 2);
    host = rest.substr(0, end + 1);
  } else {
    const auto colon = rest.find(':');
    host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
    const auto is_host_character = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    const auto name = DnsName::parse(host);
    if (!name || name->is_root() || !std::ranges::all_of(name->text(), is_host_character))
      return refuse("the host is none");
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address_v4(std::string(host), no_address);
    server.is_loopback = host == "localhost" || (!no_address && address.is_loopback());
  }
  const bool has_port = host.size() != rest.size();
  const auto number = parse_integer(port);
  if (has_port && (!number || *number < 1 || *number > 65535)) return refuse("the port is not from 1 to 65535");
  server.url = format("{}://{}{}", server.is_smtps ? "smtps" : "smtp", host, has_port ? format(":{}", *number) : "");
  return server;
}

struct SmtpMailer::Impl {
  explicit Impl(Settings s) : settings(std::move(s)), workers(1, 16) {}
  ~Impl() { is_closing = true; }
  Settings settings;
  std::atomic<bool> is_closing{false};
  WorkerPool workers;  // dies first: its works use the members above
};

void SmtpMailer::cut() { impl_->is_closing = true; }

SmtpMailer::SmtpMailer(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
SmtpMailer::~SmtpMailer() = default;

Task<Result<Handover>> SmtpMailer::send(Mail mail) {
  return hop<Result<Handover>>([impl = impl_.get(), mail = std::move(mail)](Resume<Result<Handover>> resume) {
    // Owned by the work in the queue, and by us until we know that it was taken.
    const auto answer = std::make_shared<Resume<Result<Handover>>>(std::move(resume));
    const auto admission = impl->workers.run([impl, mail, answer] {
      if (impl->is_closing) return (*answer)(fail(Kind::kUnavailable, "the program is ending"));
      (*answer)(perform(impl->settings, mail, &impl->is_closing));
    });
    if (admission == WorkerPool::Admission::kFull)
      (*answer)(fail(Kind::kUnavailable, "too many mails are waiting; try again"));
  });
}

Result<Handover> SmtpMailer::send_blocking(const Mail& mail) {
  return perform(impl_->settings, mail, &impl_->is_closing);
}

}  // namespace signpost::net
