// SPDX-License-Identifier: Apache-2.0
#include "acme/client.h"

#include <algorithm>
#include <array>

#include "acme/authority_json.h"
#include "acme/link.h"
#include "acme/nonces.h"
#include "base/guarded.h"
#include "base/http_date.h"
#include "base/text.h"
#include "net/url.h"
#include "net/url_reference.h"
#include "net/wait.h"

namespace signpost::acme {
namespace {

using net::Deadline;
using net::HttpReply;
using net::Url;

constexpr std::size_t kNonceBytesMax = 256;
constexpr std::string_view kJose = "application/jose+json";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPem = "application/pem-certificate-chain";
// Between two looks at an order that says nothing about when to look again: most authorities need a second or two.
constexpr Milliseconds kFirstPause{100};
constexpr Milliseconds kLongestPause{5'000};

constexpr std::array kReasons{RevocationReason::kUnspecified, RevocationReason::kKeyCompromise,
                              RevocationReason::kAffiliationChanged, RevocationReason::kSuperseded,
                              RevocationReason::kCessationOfOperation};

/// Who signs: the account if its URL is known, else the key shows itself.
struct Signer {
  crypto::AccountKey key;
  std::string account_url;
};

Deadline steady_now() { return std::chrono::steady_clock::now(); }

/// RFC 8555 6.5.1: a nonce that is not base64url is as good as none.
bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= kNonceBytesMax && from_base64url(text).has_value();
}

Kind kind_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::kRateLimited:
      return Kind::kRateLimited;
    case Trouble::kTryLater:
      return Kind::kUnavailable;
    case Trouble::kUnreachable:
      return Kind::kNetwork;
    case Trouble::kNonsense:
      return Kind::kProtocol;
    case Trouble::kNotFound:
      return Kind::kNotFound;
    case Trouble::kUnauthorized:
    case Trouble::kCaa:
      return Kind::kForbidden;
    case Trouble::kOrderNotReady:
    case Trouble::kAlreadyReplaced:
    case Trouble::kAlreadyRevoked:
    case Trouble::kAccountGone:
    case Trouble::kTermsChanged:
    case Trouble::kExternalAccountNeeded:
      return Kind::kConflict;
    case Trouble::kDns:
    case Trouble::kConnection:
    case Trouble::kIncorrectResponse:
    case Trouble::kTls:
    case Trouble::kIdentifierRefused:
    case Trouble::kBadRequest:
    case Trouble::kBadProfile:
    case Trouble::kBadContact:
    case Trouble::kBadKey:
    case Trouble::kRefused:
      return Kind::kUnprocessable;
  }
  return Kind::kUnprocessable;
}

/// What the caller can do, as the end of the sentence.
std::string_view way_out(Trouble trouble) {
  switch (trouble) {
    case Trouble::kCaa:
      return "let the domain's CAA records name this authority, or use another authority";
    case Trouble::kDns:
      return "see that all name servers of the domain answer for the challenge's name";
    case Trouble::kAccountGone:
      return "a new account must be made";
    case Trouble::kTermsChanged:
      return "agree to the authority's new terms";
    case Trouble::kExternalAccountNeeded:
      return "get a key id and a MAC key on the authority's page, and set both";
    case Trouble::kBadProfile:
      return "choose one of the profiles that its directory names";
    case Trouble::kBadContact:
      return "correct the contact address";
    case Trouble::kIdentifierRefused:
      return "this authority does not certify that name; another one may";
    case Trouble::kTryLater:
    case Trouble::kUnreachable:
      return "it is tried again";
    case Trouble::kConnection:
    case Trouble::kUnauthorized:
    case Trouble::kIncorrectResponse:
    case Trouble::kTls:
    case Trouble::kBadRequest:
    case Trouble::kOrderNotReady:
    case Trouble::kAlreadyReplaced:
    case Trouble::kAlreadyRevoked:
    case Trouble::kNotFound:
    case Trouble::kRateLimited:
    case Trouble::kBadKey:
    case Trouble::kNonsense:
    case Trouble::kRefused:
      return "";
  }
  return "";
}

Failure failure_of(Trouble trouble, std::string message, std::optional<Problem> problem = std::nullopt,
                   std::optional<std::chrono::seconds> retry_after = std::nullopt) {
  if (const auto way = way_out(trouble); !way.empty()) message += format("; {}", way);
  return Failure(trouble, Error{kind_of(trouble), std::move(message), {}, retry_after}, std::move(problem));
}

std::unexpected<Failure> fail_with(Trouble trouble, std::string message) {
  return std::unexpected(failure_of(trouble, std::move(message)));
}

/// The status alone decides where the problem's type says nothing.
Trouble trouble_of(int status, const std::optional<Problem>& problem) {
  const auto said = problem ? problem->trouble() : Trouble::kRefused;
  if (said != Trouble::kRefused) return said;
  if (status == 429) return Trouble::kRateLimited;
  if (status == 404 || status == 410) return Trouble::kNotFound;
  if (status == 401 || status == 403) return problem ? Trouble::kUnauthorized : Trouble::kRefused;
  if (status >= 500) return Trouble::kTryLater;
  return status >= 300 && status < 400 ? Trouble::kNonsense : Trouble::kRefused;
}

bool is_success(const HttpReply& reply) { return reply.status >= 200 && reply.status < 300; }

/// The authority answered what no authority may.
Failure nonsense(const Url& url, const Error& why) {
  return Failure(Trouble::kNonsense,
                 Error{why.kind, format("{} answered what is not ACME: {}", url.authority(), why.message), {}, {}});
}

template <typename T>
Outcome<T> judged(Result<T> read, const Url& url) {
  if (!read) return std::unexpected(nonsense(url, read.error()));
  return *std::move(read);
}

}  // namespace

std::string_view name_of(RevocationReason reason) {
  switch (reason) {
    case RevocationReason::kUnspecified:
      return "unspecified";
    case RevocationReason::kKeyCompromise:
      return "key_compromise";
    case RevocationReason::kAffiliationChanged:
      return "affiliation_changed";
    case RevocationReason::kSuperseded:
      return "superseded";
    case RevocationReason::kCessationOfOperation:
      return "cessation_of_operation";
  }
  return "";
}

std::optional<RevocationReason> parse_revocation_reason(std::string_view name) {
  for (const auto reason : kReasons) {
    if (name_of(reason) == name) return reason;
  }
  return std::nullopt;
}

struct Client::Impl {
  struct Known {
    std::optional<Directory> directory;
    Deadline fetched_at;
  };
  /// An answer that is a success, and the URL that was asked.
  struct Answer {
    HttpReply reply;
    Url url;
    std::optional<std::chrono::seconds> retry_after;
  };

  Impl(Settings wanted, const Clock& with)
      : settings(std::move(wanted)),
        clock(with),
        http({.threads = std::max<std::size_t>(settings.calls_max, 1),
              .waiting_max = settings.waiting_max,
              .ca_file = settings.ca_file,
              .user_agent = settings.user_agent}) {}

  Deadline deadline() const { return steady_now() + settings.call_budget; }

  /// The URL in its canonical form, if this client may go there.
  Outcome<Url> vetted(const std::string& text) const {
    const auto url = TRY(Url::parse(text));
    const bool is_plain_allowed =
        settings.plain_http == PlainHttp::kOnLoopback && url.literal && url.literal->is_loopback();
    if (url.scheme == net::Scheme::kHttps || is_plain_allowed) return url;
    return fail_with(Trouble::kRefused, format("{} is not https, which ACME demands", url.text()));
  }

  /// One exchange. Keeps what every answer may bring: a nonce, unless `nonce` wants it, and the authority's time.
  Task<Outcome<Answer>> exchange(net::HttpCall call, Url url, Deadline until, std::string* nonce) {
    const auto left = std::chrono::ceil<Milliseconds>(until - steady_now());
    if (left <= Milliseconds{0}) {
      co_return fail_with(Trouble::kUnreachable, format("{} did not answer in time", url.authority()));
    }
    call.url = url.text();
    call.timeout = left;
    call.body_bytes_max = kAnswerBytesMax;
    ++exchanges;
    auto reply = CO_TRY(co_await http.send(std::move(call)));
    note_time(reply);
    if (const auto fresh = reply.header("Replay-Nonce"); is_nonce(fresh)) {
      if (nonce != nullptr) {
        *nonce = std::string(fresh);
      } else {
        nonces.keep(std::string(fresh));
      }
    }
    auto retry_after = parse_retry_after(reply.header("Retry-After"), clock.now(), kRetryAfterMax);
    co_return Answer{std::move(reply), std::move(url), retry_after};
  }

  void note_time(const HttpReply& reply) {
    if (const auto date = parse_http_date(reply.header("Date"))) {
      ahead = std::chrono::round<std::chrono::seconds>(*date - clock.now()).count();
    }
  }

  /// One that is kept, else a new one.
  Task<Outcome<std::string>> take_nonce(std::string new_nonce, Deadline until) {
    auto kept = nonces.take();
    if (!kept.empty()) co_return kept;
    const auto url = CO_TRY(vetted(new_nonce));
    net::HttpCall call;
    call.method = "HEAD";
    const auto answer = CO_TRY(co_await exchange(std::move(call), url, until, &kept));
    if (!is_success(answer.reply)) co_return std::unexpected(failure(answer));
    if (kept.empty()) co_return fail_with(Trouble::kNonsense, format("{} gives no nonce", url.authority()));
    co_return kept;
  }

  Failure failure(const Answer& answer) {
    const auto& reply = answer.reply;
    if (reply.status == 404) forget_directory();  // its URLs may have changed
    auto problem = parse_problem(reply.body);
    if (problem && problem->status == 0) problem->status = reply.status;
    const auto trouble = trouble_of(reply.status, problem);
    auto words = problem ? problem->in_words() : format("HTTP {} {}", reply.status, net::reason_of(reply.status));
    // RFC 8555 7.3.3: the terms are linked, and `instance` is where a human goes.
    if (problem && trouble == Trouble::kTermsChanged && problem->instance.empty()) {
      for (const auto& terms : links_of(reply.headers, "terms-of-service")) problem->instance = printable(terms);
    }
    if (problem && !problem->instance.empty()) words += format(" [{}]", problem->instance);
    return failure_of(trouble, format("{} refused: {}", answer.url.authority(), words), std::move(problem),
                      answer.retry_after);
  }

  void forget_directory() {
    known.with([](Known& all) { all.directory.reset(); });
  }

  Task<Outcome<Directory>> directory(Deadline until) {
    auto kept = known.with([&](const Known& all) {
      const bool is_fresh = all.directory && clock.steady_now() - all.fetched_at < settings.directory_lifetime;
      return is_fresh ? all.directory : std::nullopt;
    });
    if (kept) co_return *std::move(kept);
    const auto url = CO_TRY(vetted(settings.directory_url));
    net::HttpCall call;
    call.headers = {{"Accept", std::string(kJson)}};
    const auto answer = CO_TRY(co_await exchange(std::move(call), url, until, nullptr));
    if (!is_success(answer.reply)) co_return std::unexpected(failure(answer));
    auto read = CO_TRY(judged(parse_directory(answer.reply.body, url), url));
    known.with([&](Known& all) { all = Known{read, clock.steady_now()}; });
    co_return read;
  }

  Task<Outcome<std::string>> revocation_place(Deadline until) {
    auto place = CO_TRY(co_await directory(until));
    if (place.revoke_cert.empty()) co_return fail_with(Trouble::kRefused, "the authority cannot revoke certificates");
    co_return std::move(place.revoke_cert);
  }

  /// A signed request that ends in success, or in a failure other than badNonce.
  Task<Outcome<Answer>> post(Signer signer, std::string to, std::string payload, std::string_view accept,
                             Deadline until) {
    const auto url = CO_TRY(vetted(to));
    const auto place = CO_TRY(co_await directory(until));
    auto nonce = CO_TRY(co_await take_nonce(place.new_nonce, until));
    for (int attempt = 1;; ++attempt) {
      net::HttpCall call;
      call.method = "POST";
      call.headers = {{"Content-Type", std::string(kJose)}, {"Accept", std::string(accept)}};
      call.body = signer.key.sign({url.text(), nonce, signer.account_url}, payload);
      std::string fresh;
      auto answer = CO_TRY(co_await exchange(std::move(call), url, until, &fresh));
      const auto problem = is_success(answer.reply) ? std::nullopt : parse_problem(answer.reply.body);
      const bool is_nonce_refused = problem && problem->type == "badNonce";
      if (!is_nonce_refused || attempt == kNonceAttemptsMax) {
        if (!fresh.empty()) nonces.keep(std::move(fresh));
        if (is_success(answer.reply)) co_return answer;
        co_return std::unexpected(failure(answer));
      }
      // RFC 8555 6.5: with the nonce of this answer, which is good even if all that were kept are not.
      if (fresh.empty()) fresh = CO_TRY(co_await take_nonce(place.new_nonce, until));
      nonce = std::move(fresh);
    }
  }

  /// As an account. An account that is no more is refused as `unauthorized` like much else (RFC 8555 7.3.6): asked
  /// again by its key it says which.
  Task<Outcome<Answer>> post_as(Account account, std::string to, std::string payload, std::string_view accept,
                                Deadline until) {
    (void)CO_TRY(vetted(account.url));
    auto answer = co_await post({account.key, account.url}, std::move(to), std::move(payload), accept, until);
    if (answer || answer.error().trouble != Trouble::kUnauthorized) co_return answer;
    const auto state = co_await existing(account.key, until);
    if (!state && state.error().trouble == Trouble::kAccountGone) {
      co_return fail_with(Trouble::kAccountGone, format("the authority no longer takes the account {}: {}", account.url,
                                                        answer.error().error.message));
    }
    co_return answer;
  }

  Task<Outcome<Answer>> get_as(Account account, std::string url, Deadline until, std::string_view accept = kJson) {
    return post_as(std::move(account), std::move(url), "", accept, until);
  }

  Task<Outcome<AccountState>> existing(crypto::AccountKey key, Deadline until) {
    const auto place = CO_TRY(co_await directory(until));
    auto answer = co_await post({key, ""}, place.new_account, existing_account_json(), kJson, until);
    if (answer) co_return account_of(*answer);
    // RFC 8555 7.3.6: a deactivated account is refused as unauthorized, and here there is nothing else that could be.
    auto& why = answer.error();
    if (why.trouble != Trouble::kUnauthorized) co_return std::unexpected(std::move(why));
    co_return std::unexpected(failure_of(Trouble::kAccountGone, why.error.message, why.problem));
  }

  /// Of an answer of newAccount: only one that can still be used.
  Outcome<AccountState> account_of(const Answer& answer) {
    const auto location = answer.reply.header("Location");
    const auto url = net::resolve(answer.url, location);
    if (location.empty() || !url)
      return std::unexpected(
          nonsense(answer.url, Error{Kind::kProtocol, "an account without a Location", {}, std::nullopt}));
    // The account is named as the authority writes it, where that is a whole URL: it compares the text.
    auto named = net::Url::parse(location) ? std::string(location) : url->text();
    auto state = TRY(judged(parse_account(answer.reply.body, std::move(named)), answer.url));
    if (state.status != AccountStatus::kValid) {
      return fail_with(Trouble::kAccountGone, format("the account {} is {}", state.url, name_of(state.status)));
    }
    return state;
  }

  Outcome<Order> order_of(const Answer& answer, const Url& url) {
    auto order = TRY(judged(parse_order(answer.reply.body, url), answer.url));
    order.retry_after = answer.retry_after;
    return order;
  }

  Outcome<Challenge> challenge_of(const Answer& answer) {
    auto challenge = TRY(judged(parse_challenge(answer.reply.body, answer.url), answer.url));
    challenge.retry_after = answer.retry_after;
    return challenge;
  }

  Outcome<crypto::CertificateChain> chain_of(const Answer& answer) {
    const auto earlier = latest_chain.with([](const auto& chain) { return chain; });
    auto chain = judged(crypto::CertificateChain::parse(answer.reply.body, earlier.get()), answer.url);
    if (chain) {
      latest_chain.with([&](auto& latest) { latest = std::make_shared<const crypto::CertificateChain>(*chain); });
    }
    return chain;
  }

  const Settings settings;
  const Clock& clock;
  Guarded<Known> known;
  Nonces nonces;
  Guarded<std::shared_ptr<const crypto::CertificateChain>> latest_chain;  // null before the first
  static constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> ahead{kUnknown};  // seconds
  std::atomic<std::uint64_t> exchanges{0};
  net::HttpClient http;
};

Client::Client(Settings settings, const Clock& clock) : impl_(std::make_unique<Impl>(std::move(settings), clock)) {}
Client::~Client() = default;

const std::string& Client::directory_url() const { return impl_->settings.directory_url; }

std::optional<std::chrono::seconds> Client::clock_ahead() const {
  const auto seconds = impl_->ahead.load();
  return seconds == Impl::kUnknown ? std::nullopt : std::optional(std::chrono::seconds(seconds));
}

std::uint64_t Client::exchanges() const { return impl_->exchanges; }

Task<Outcome<Directory>> Client::directory() { return impl_->directory(impl_->deadline()); }

Task<Outcome<AccountState>> Client::open_account(crypto::AccountKey key, NewAccount wanted) {
  const auto until = impl_->deadline();
  const auto place = CO_TRY(co_await impl_->directory(until));
  if (!place.terms_of_service.empty() && !wanted.agrees_to_terms) {
    co_return fail_with(Trouble::kTermsChanged, format("nobody has agreed to the terms at {}", place.terms_of_service));
  }
  if (place.needs_external_account && !wanted.external) {
    co_return fail_with(Trouble::kExternalAccountNeeded,
                        format("{} opens accounts for its customers only", directory_url()));
  }
  std::string binding;
  if (wanted.external) binding = CO_TRY(crypto::bind_external_account(*wanted.external, place.new_account, key));
  auto answer = co_await impl_->post({key, ""}, place.new_account, new_account_json(wanted, binding), kJson, until);
  if (answer) co_return impl_->account_of(*answer);
  // How an authority says that it does not know a key id or MAC key is up to it; without one, unauthorized is an
  // account of this key that was deactivated.
  auto& why = answer.error();
  const bool is_binding_refused =
      wanted.external && (why.trouble == Trouble::kUnauthorized || why.trouble == Trouble::kRefused);
  const auto trouble = is_binding_refused                      ? Trouble::kExternalAccountNeeded
                       : why.trouble == Trouble::kUnauthorized ? Trouble::kAccountGone
                                                               : why.trouble;
  if (trouble == why.trouble) co_return std::unexpected(std::move(why));
  co_return std::unexpected(failure_of(trouble, why.error.message, why.problem, why.error.retry_after));
}

Task<Outcome<AccountState>> Client::find_account(crypto::AccountKey key) {
  return impl_->existing(std::move(key), impl_->deadline());
}

Task<Outcome<AccountState>> Client::account(Account account) {
  const auto answer = CO_TRY(co_await impl_->get_as(account, account.url, impl_->deadline()));
  co_return judged(parse_account(answer.reply.body, account.url), answer.url);
}

Task<Outcome<AccountState>> Client::set_contacts(Account account, std::vector<std::string> contacts) {
  const auto answer =
      CO_TRY(co_await impl_->post_as(account, account.url, contacts_json(contacts), kJson, impl_->deadline()));
  co_return judged(parse_account(answer.reply.body, account.url), answer.url);
}

Task<Outcome<void>> Client::change_key(Account account, crypto::AccountKey new_key) {
  const auto until = impl_->deadline();
  const auto place = CO_TRY(co_await impl_->directory(until));
  if (place.key_change.empty()) co_return fail_with(Trouble::kRefused, "the authority cannot change account keys");
  const auto url = CO_TRY(impl_->vetted(place.key_change));
  const auto inner = new_key.sign({url.text(), "", ""}, key_change_json(account.url, account.key.public_jwk()));
  const auto answer = co_await impl_->post_as(account, place.key_change, inner, kJson, until);
  if (answer) co_return Outcome<void>();
  // RFC 8555 7.3.5: 409 if the new key is an account's already; the type is up to the authority.
  const auto& why = answer.error();
  if (why.problem && why.problem->status == 409) {
    co_return std::unexpected(failure_of(
        Trouble::kBadKey, format("the new key is an account's already: {}", why.problem->in_words()), why.problem));
  }
  co_return std::unexpected(why);
}

Task<Outcome<Order>> Client::new_order(Account account, NewOrder wanted) {
  const auto until = impl_->deadline();
  const auto place = CO_TRY(co_await impl_->directory(until));
  if (!wanted.profile.empty() && !place.has_profile(wanted.profile)) {
    co_return fail_with(Trouble::kBadProfile, format("{} has no profile \"{}\"", directory_url(), wanted.profile));
  }
  const auto answer =
      CO_TRY(co_await impl_->post_as(std::move(account), place.new_order, new_order_json(wanted), kJson, until));
  const auto location = answer.reply.header("Location");
  const auto url = net::resolve(answer.url, location);
  if (location.empty() || !url) {
    co_return std::unexpected(
        nonsense(answer.url, Error{Kind::kProtocol, "an order without a Location", {}, std::nullopt}));
  }
  co_return impl_->order_of(answer, *url);
}

Task<Outcome<Order>> Client::order(Account account, std::string url) {
  const auto answer = CO_TRY(co_await impl_->get_as(std::move(account), std::move(url), impl_->deadline()));
  co_return impl_->order_of(answer, answer.url);
}

Task<Outcome<Authorization>> Client::authorization(Account account, std::string url) {
  const auto answer = CO_TRY(co_await impl_->get_as(std::move(account), std::move(url), impl_->deadline()));
  auto authorization = CO_TRY(judged(parse_authorization(answer.reply.body, answer.url), answer.url));
  authorization.retry_after = answer.retry_after;
  co_return authorization;
}

Task<Outcome<Challenge>> Client::challenge(Account account, std::string url) {
  const auto answer = CO_TRY(co_await impl_->get_as(std::move(account), std::move(url), impl_->deadline()));
  co_return impl_->challenge_of(answer);
}

Task<Outcome<Challenge>> Client::answer_challenge(Account account, std::string url) {
  const auto answer =
      CO_TRY(co_await impl_->post_as(std::move(account), std::move(url), "{}", kJson, impl_->deadline()));
  co_return impl_->challenge_of(answer);
}

Task<Outcome<Order>> Client::finalize(Account account, Order order, std::string request) {
  const auto url = CO_TRY(impl_->vetted(order.url));
  const auto answer = CO_TRY(co_await impl_->post_as(std::move(account), order.finalize_url, finalize_json(request),
                                                     kJson, impl_->deadline()));
  co_return impl_->order_of(answer, url);
}

Task<Outcome<Order>> Client::wait_for_order(Account account, std::string url, Deadline deadline) {
  auto pause = kFirstPause;
  for (;;) {
    const auto until = std::min(deadline, impl_->deadline());
    const auto answer = CO_TRY(co_await impl_->get_as(account, url, until));
    auto seen = CO_TRY(impl_->order_of(answer, answer.url));
    const bool is_under_way = seen.status == OrderStatus::kPending || seen.status == OrderStatus::kProcessing;
    if (!is_under_way) co_return seen;
    const auto next = steady_now() + std::max<Milliseconds>(pause, seen.retry_after.value_or(std::chrono::seconds(0)));
    if (next > deadline) {
      co_return std::unexpected(
          Failure(Trouble::kTryLater, Error{Kind::kTimeout,
                                            format("the order is still {}; ask again later", name_of(seen.status)),
                                            {},
                                            seen.retry_after}));
    }
    CO_TRY_VOID(co_await net::sleep_until(next));
    pause = std::min(pause * 2, kLongestPause);
  }
}

Task<Outcome<crypto::CertificateChain>> Client::certificate(Account account, std::string url,
                                                            std::string preferred_root) {
  const auto until = impl_->deadline();
  const auto first = CO_TRY(co_await impl_->get_as(account, std::move(url), until, kPem));
  auto chain = CO_TRY(impl_->chain_of(first));
  if (preferred_root.empty() || chain.root_name() == preferred_root) co_return chain;
  std::size_t looked_at = 0;
  for (const auto& link : links_of(first.reply.headers, "alternate")) {
    const auto target = net::resolve(first.url, link);
    if (!target || ++looked_at > kAlternatesMax) continue;
    const auto answer = CO_TRY(co_await impl_->get_as(account, target->text(), until, kPem));
    auto other = impl_->chain_of(answer);
    if (other && other->root_name() == preferred_root) co_return *std::move(other);
  }
  co_return chain;
}

Task<Outcome<void>> Client::revoke(Account account, std::string certificate, RevocationReason reason) {
  const auto until = impl_->deadline();
  const auto place = CO_TRY(co_await impl_->revocation_place(until));
  auto payload = revocation_json(certificate, static_cast<int>(reason));
  (void)CO_TRY(co_await impl_->post_as(std::move(account), place, std::move(payload), kJson, until));
  co_return Outcome<void>();
}

Task<Outcome<void>> Client::revoke(crypto::AccountKey key_of_certificate, std::string certificate,
                                   RevocationReason reason) {
  const auto until = impl_->deadline();
  const auto place = CO_TRY(co_await impl_->revocation_place(until));
  auto payload = revocation_json(certificate, static_cast<int>(reason));
  (void)CO_TRY(co_await impl_->post({std::move(key_of_certificate), ""}, place, std::move(payload), kJson, until));
  co_return Outcome<void>();
}

Task<Outcome<RenewalInfo>> Client::renewal_info(std::string renewal_id) {
  const auto until = impl_->deadline();
  const auto place = CO_TRY(co_await impl_->directory(until));
  if (place.renewal_info.empty()) {
    co_return fail_with(Trouble::kRefused, format("{} has no renewal information (RFC 9773)", directory_url()));
  }
  const auto separator = place.renewal_info.ends_with('/') ? "" : "/";
  const auto url = CO_TRY(impl_->vetted(place.renewal_info + separator + renewal_id));
  net::HttpCall call;
  call.headers = {{"Accept", std::string(kJson)}};
  const auto answer = CO_TRY(co_await impl_->exchange(std::move(call), url, until, nullptr));
  if (!is_success(answer.reply)) co_return std::unexpected(impl_->failure(answer));
  auto info = CO_TRY(judged(parse_renewal_info(answer.reply.body), url));
  info.retry_after = std::clamp(answer.retry_after.value_or(RenewalInfo::kRetryAfterDefault),
                                RenewalInfo::kRetryAfterMin, RenewalInfo::kRetryAfterMax);
  co_return info;
}

}  // namespace signpost::acme
