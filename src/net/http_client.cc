// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <locale>
#include <mutex>

#include "base/guarded.h"
#include "base/text.h"
#include "net/url.h"
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

constexpr std::size_t kHeaderBytesMax = 64 * 1024;

/// What one transfer gathers, and what stops it.
struct Transfer {
  HttpReply reply;
  std::size_t body_bytes_max = 0;
  std::size_t header_bytes = 0;
  const std::atomic<bool>* is_closing = nullptr;
  enum class Limit { kNone, kBody, kHeaders } hit = Limit::kNone;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.reply.body.size() + size > transfer.body_bytes_max) {
    transfer.hit = Transfer::Limit::kBody;
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.reply.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += size;
  if (transfer.header_bytes > kHeaderBytesMax) {
    transfer.hit = Transfer::Limit::kHeaders;
    return 0;
  }
  const auto line = trim(std::string_view(data, size));
  if (line.starts_with("HTTP/"))
    transfer.reply.headers.clear();  // the fields of an interim response are not the reply's
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || line.starts_with("HTTP/")) return size;
  transfer.reply.headers.push_back(
      Header{std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& transfer = *static_cast<const Transfer*>(user);
  return transfer.is_closing != nullptr && transfer.is_closing->load() ? 1 : 0;
}

Result<List> header_list(const HttpCall& call) {
  List list;
  const auto append = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)list.release();
    list.reset(longer);
  };
  for (const auto& [name, value] : call.headers) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fail(Kind::kUnprocessable, "the header " + printable(name, 60) + " holds a line break");
    }
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  if (const auto& aws = call.aws_signature) {
    TRY_VOID(check_signable(call.headers));
    if (!aws->session_token.is_empty()) append("X-Amz-Security-Token: " + aws->session_token.expose());
  } else {
    append("Expect:");  // curl would wait a second for "100 Continue" before longer bodies
  }
  return list;
}

Result<void> check_signature(const HttpCall& call) {
  const auto is_word = [](std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return std::isalnum(c, std::locale::classic()) || c == '-'; });
  };
  const auto is_plain = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
  };
  const auto& aws = *call.aws_signature;
  if (!is_word(aws.region) || !is_word(aws.service))
    return fail(Kind::kUnprocessable, "a signed call needs a region and a service of letters, digits and -");
  if (aws.access_key_id.empty() || aws.secret_access_key.is_empty() || !is_plain(aws.access_key_id) ||
      !is_plain(aws.secret_access_key.expose()) || !is_plain(aws.session_token.expose()))
    return fail(Kind::kUnprocessable, "a signed call needs an access key and its secret, without blanks");
  if (call.body.size() > kSignedBodyBytesMax)
    return fail(Kind::kTooLarge,
                format("a signed body may have {} bytes, this one has {}", kSignedBodyBytesMax, call.body.size()));
  return {};
}

Kind kind_of(CURLcode code) {
  if (code == CURLE_OPERATION_TIMEDOUT) return Kind::kTimeout;
  if (code == CURLE_ABORTED_BY_CALLBACK) return Kind::kUnavailable;
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) return Kind::kUnprocessable;
  if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_PARTIAL_FILE || code == CURLE_BAD_CONTENT_ENCODING)
    return Kind::kProtocol;
  return Kind::kNetwork;
}

Result<HttpReply> finish(Transfer& transfer, CURL* easy, CURLcode code, const Url& url, const char* text) {
  switch (transfer.hit) {
    case Transfer::Limit::kNone:
      break;
    case Transfer::Limit::kBody:
      return fail(Kind::kTooLarge,
                  format("the answer of {} is over {} bytes", url.authority(), transfer.body_bytes_max));
    case Transfer::Limit::kHeaders:
      return fail(Kind::kTooLarge,
                  format("the header of {}'s answer is over {} bytes", url.authority(), kHeaderBytesMax));
  }
  if (code != CURLE_OK) {
    return fail(kind_of(code),
                "calling " + url.authority() + " failed: " + (*text != '\0' ? text : curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.reply.status = static_cast<int>(status);
  return std::move(transfer.reply);
}

/// What is not in use. A handle keeps its connections, TLS sessions and parsed authorities for the next call: over
/// loopback and TLS 0.09 ms of CPU instead of 1.5 ms, and 23 ms where the system's authorities had to be read.
class IdleHandles {
 public:
  explicit IdleHandles(std::size_t kept_max) : kept_max_(kept_max) {}
  /// The one used last, whose connections are the likeliest to live.
  Easy take() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    auto easy = kept_.with([](auto& kept) {
      Easy last;
      if (!kept.empty()) {
        last = std::move(kept.back());
        kept.pop_back();
      }
      return last;
    });
    if (!easy) easy.reset(curl_easy_init());
    if (!easy) throw std::bad_alloc();
    return easy;
  }
  void give_back(Easy easy) {
    curl_easy_reset(easy.get());  // its options; nothing of the call is left
    kept_.with([&](auto& kept) {
      if (kept.size() < kept_max_) kept.push_back(std::move(easy));
    });
  }

 private:
  const std::size_t kept_max_;
  Guarded<std::vector<Easy>> kept_;
};

Result<HttpReply> perform(const HttpClient::Settings& settings, const HttpCall& call,
                          const std::atomic<bool>* is_closing, IdleHandles& handles) {
  auto url = TRY(Url::parse(call.url));
  if (call.aws_signature) {
    TRY_VOID(check_signature(call));
    url.target = TRY(signable_target(url.target));
  }
  const auto list = TRY(header_list(call));
  const auto text = url.text();
  auto easy = handles.take();
  Transfer transfer;
  transfer.body_bytes_max = call.body_bytes_max;
  transfer.is_closing = is_closing;
  char why[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy.get(), option, value); };
  set(CURLOPT_ERRORBUFFER, why);
  set(CURLOPT_URL, text.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  // A connection has one call at a time: the frames and header tables of HTTP/2 would bring nothing.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, settings.user_agent.c_str());
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(call.timeout.count(), 1)));
  set(CURLOPT_HTTPHEADER, list.get());
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);
  if (call.is_sent_once) set(CURLOPT_FRESH_CONNECT, 1L);
  if (call.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (call.method != "GET" || !call.body.empty()) {
    set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_POSTFIELDS, call.body.data());
  }
  if (const auto& aws = call.aws_signature) {
    // Region and service are said: libcurl would guess them from the host name.
    set(CURLOPT_AWS_SIGV4, format("aws:amz:{}:{}", aws->region, aws->service).c_str());
    set(CURLOPT_USERNAME, aws->access_key_id.c_str());
    set(CURLOPT_PASSWORD, aws->secret_access_key.expose().c_str());
  }
  const auto code = curl_easy_perform(easy.get());
  auto reply = finish(transfer, easy.get(), code, url, why);
  handles.give_back(std::move(easy));
  return reply;
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(Settings s)
      : settings(std::move(s)), handles(settings.threads), workers(settings.threads, settings.waiting_max) {}
  ~Impl() { is_closing = true; }
  Settings settings;
  IdleHandles handles;
  std::atomic<bool> is_closing{false};
  WorkerPool workers;  // dies first: its works use the members above
};

HttpClient::HttpClient(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
HttpClient::~HttpClient() = default;

Task<Result<HttpReply>> HttpClient::send(HttpCall call) {
  const auto give_up_at = std::chrono::steady_clock::now() + call.timeout;
  return hop<Result<HttpReply>>(
      [impl = impl_.get(), call = std::move(call), give_up_at](Resume<Result<HttpReply>> resume) {
        // Owned by the work in the queue, and by us until we know that it was taken.
        const auto answer = std::make_shared<Resume<Result<HttpReply>>>(std::move(resume));
        const auto admission = impl->workers.run([impl, call, give_up_at, answer]() mutable {
          const auto left = std::chrono::ceil<Milliseconds>(give_up_at - std::chrono::steady_clock::now());
          if (impl->is_closing) return (*answer)(fail(Kind::kUnavailable, "the program is ending"));
          if (left <= Milliseconds{0}) return (*answer)(fail(Kind::kTimeout, "the call did not begin in time"));
          call.timeout = left;
          (*answer)(perform(impl->settings, call, &impl->is_closing, impl->handles));
        });
        if (admission == WorkerPool::Admission::kFull)
          (*answer)(fail(Kind::kUnavailable, "too many calls are waiting; try again"));
      });
}

Task<Result<HttpReply>> HttpClient::get(std::string url, std::vector<Header> headers) {
  HttpCall call;
  call.url = std::move(url);
  call.headers = std::move(headers);
  return send(std::move(call));
}

Result<HttpReply> HttpClient::call_blocking(const HttpCall& call) {
  return perform(impl_->settings, call, &impl_->is_closing, impl_->handles);
}

}  // namespace signpost::net
