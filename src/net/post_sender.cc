// SPDX-License-Identifier: Apache-2.0
#include "net/post_sender.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <set>
#include <utility>

#include "base/text.h"
#include "net/cdn_loop.h"
#include "net/post_connection.h"
#include "net/post_dial.h"
#include "net/post_pool.h"
#include "net/response_reader.h"
#include "net/task_group.h"
#include "net/wait.h"

namespace signpost::net {
namespace {

using std::chrono::steady_clock;
using Failure = PostOutcome::Failure;
enum class Received { kNothing, kSomething };
enum class Method { kPost, kGet };

Milliseconds since(Deadline start) { return std::chrono::round<Milliseconds>(steady_clock::now() - start); }

std::string text_of(const TcpEndpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

bool is_ours(std::string_view name) {
  static constexpr std::string_view kOurs[] = {"Host", "Content-Length", "Connection", "Transfer-Encoding",
                                               kLoopHeader};
  return std::ranges::any_of(kOurs, [&](std::string_view ours) { return equals_ignoring_case(ours, name); });
}

/// The whole request in one buffer; kUnprocessable for a header that would break it.
Result<std::string> compose(Method method, const Url& url, const std::vector<Header>& headers, std::string_view body) {
  std::string out;
  out.reserve(512 + url.target.size() + body.size());
  const bool has_body = method == Method::kPost;
  out.append(has_body ? "POST " : "GET ").append(url.target).append(" HTTP/1.1\r\nHost: ").append(url.authority());
  if (has_body) out.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  out.append("\r\n");
  out.append(kLoopHeader).append(": ").append(kLoopName).append("\r\n");
  for (const auto& [name, value] : headers) {
    const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
    const bool is_bad = name.empty() || name.find_first_of(": ") != std::string::npos || is_ours(name) ||
                        std::ranges::any_of(name, is_control) || std::ranges::any_of(value, is_control);
    if (is_bad) return fail(Kind::kUnprocessable, "the header \"" + printable(name, 60) + "\" cannot be sent");
    out.append(name).append(": ").append(value).append("\r\n");
  }
  out.append("\r\n").append(body);
  return out;
}

boost::asio::ssl::context make_tls(const PostSettings& settings) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  // A server that has only HTTP/2 can then say so (RFC 7301 3.2).
  static constexpr unsigned char kProtocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context.native_handle(), kProtocols, sizeof kProtocols);
  if (settings.ca_file.empty()) {
    context.set_default_verify_paths();
  } else {
    context.load_verify_file(settings.ca_file);
  }
  return context;
}

PostOutcome& failed(PostOutcome& outcome, Failure failure, std::string detail) {
  outcome.failure = failure;
  outcome.detail = std::move(detail);
  return outcome;
}

std::optional<IpAddress> source_for(const PostSettings& settings, const IpAddress& peer) {
  const auto& all = settings.source_addresses;
  const auto found = std::ranges::find_if(all, [&](const IpAddress& one) { return one.is_v4() == peer.is_v4(); });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

void failed_by_tls(PostOutcome& outcome, const std::string& host, const TlsTrouble& trouble) {
  failed(outcome, Failure::kTls, format("no TLS with {}: {}", host, trouble.fix));
  outcome.cause = trouble.cause;
}

std::string_view cause_of_connect(const boost::system::error_code& error) {
  if (error == boost::asio::error::connection_refused) return "connect_refused";
  if (error == boost::asio::error::host_unreachable || error == boost::asio::error::network_unreachable)
    return "connect_unreachable";
  return {};
}

}  // namespace

struct PostSender::Impl {
  Impl(Loop& loop, const AddressPolicy& p, AddressResolver& r, Settings s)
      : executor(loop.get_executor()),
        policy(p),
        resolver(r),
        settings(std::move(s)),
        limits{settings.response_head_bytes_max, settings.response_headers_max, settings.response_body_bytes_max,
               settings.response_kept_bytes_max},
        tls(make_tls(settings)),
        pool(settings.idle_per_key_max, settings.idle_max),
        group(executor),
        all_ended(executor) {}

  Task<PostOutcome> send(Method method, Url url, std::vector<Header> headers, std::string body, Deadline deadline);
  Task<void> run(const Url& url, const std::string& request, PostOutcome& outcome, Deadline deadline);
  std::unique_ptr<PostConnection> take_resting(const std::string& key);
  Task<std::unique_ptr<PostConnection>> open(const Url& url, PostOutcome& outcome, Deadline deadline);
  Task<std::vector<IpAddress>> vetted_addresses(const Url& url, PostOutcome& outcome, Deadline deadline);
  Task<std::unique_ptr<PostConnection>> connect_to_one(const Url& url, const std::vector<IpAddress>& addresses,
                                                       PostOutcome& outcome, Deadline deadline);
  Task<Received> exchange(std::unique_ptr<PostConnection> connection, const std::string& key,
                          const std::string& request, PostOutcome& outcome, Deadline deadline);
  Task<ResponseReader::Step> read_response(PostConnection& connection, ResponseReader& reader, PostOutcome& outcome,
                                           Deadline deadline);
  void park(const std::string& key, std::unique_ptr<PostConnection> connection);
  Task<void> sweep();

  Executor executor;
  const AddressPolicy& policy;
  AddressResolver& resolver;
  const Settings settings;
  const ResponseLimits limits;
  boost::asio::ssl::context tls;
  PostPool pool;
  std::set<PostConnection*> in_use;
  std::size_t exchanges = 0;
  TaskGroup group;
  Signal all_ended;
  bool is_sweeping = false;
  bool is_stopping = false;
};

namespace {

/// No head of a response: why.
void explain_silence(PostOutcome& outcome, const ResponseReader& reader, bool is_late,
                     const boost::system::error_code& write_error) {
  if (const auto trouble = tls_trouble_after(write_error); !trouble.cause.empty()) outcome.cause = trouble.cause;
  if (!is_late && !outcome.cause.empty()) {
    failed(outcome, Failure::kTls, "the server ended TLS: " + std::string(tls_fix_of(outcome.cause)));
  } else if (is_late) {
    failed(outcome, Failure::kTimeout, "the receiver took the connection but did not answer in time");
  } else if (!reader.has_ended()) {
    failed(outcome, Failure::kProtocol, "the receiver's answer was not understood: " + reader.why());
  } else if (write_error) {
    failed(outcome, Failure::kReset, "the connection broke while the request was sent: " + write_error.message());
  } else {
    failed(outcome, Failure::kReset, "the receiver closed the connection: " + reader.why());
  }
}

void keep_response(PostOutcome& outcome, ResponseReader& reader, ResponseReader::Step step, bool is_late) {
  auto& seen = reader.seen();
  outcome.status = seen.status;
  outcome.response_head = std::move(seen.head);
  outcome.body_truncated = step != ResponseReader::Step::kComplete || seen.body_bytes > seen.body.size();
  outcome.response_body = std::move(seen.body);
  outcome.retry_after = std::move(seen.retry_after);
  outcome.location = std::move(seen.location);
  outcome.wish = std::move(seen.webhook_delivery);
  if (step == ResponseReader::Step::kEnough) outcome.detail = "the answer's body is too long; the rest was not read";
  if (step == ResponseReader::Step::kBroken) {
    outcome.detail = is_late ? "the answer's body did not end in time" : "the answer's body was cut: " + reader.why();
  }
}

/// Holds a connection among those that stop() closes, for as long as somebody waits on it.
class InUse {
 public:
  InUse(std::set<PostConnection*>& all, PostConnection* one) : all_(all), one_(one) { all_.insert(one_); }
  ~InUse() { all_.erase(one_); }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  std::set<PostConnection*>& all_;
  PostConnection* one_;
};

}  // namespace

Task<PostOutcome> PostSender::Impl::send(Method method, Url url, std::vector<Header> headers, std::string body,
                                         Deadline deadline) {
  PostOutcome outcome;
  if (is_stopping) co_return failed(outcome, Failure::kReset, "the sender is stopping");
  if (exchanges >= settings.exchanges_max) {
    outcome.cause = kSenderFull;
    co_return failed(outcome, Failure::kConnect, "too many posts are under way");
  }
  struct Count {
    Impl& impl;
    explicit Count(Impl& i) : impl(i) { ++impl.exchanges; }
    ~Count() {
      if (--impl.exchanges == 0) impl.all_ended.notify();
    }
  } const count(*this);
  if (const auto port = check_port(settings.ports, url.port); !port)
    co_return failed(outcome, Failure::kRefusedAddress, port.error().message);
  const auto request = compose(method, url, headers, body);
  if (!request) co_return failed(outcome, Failure::kProtocol, request.error().message);
  const auto start = steady_clock::now();
  co_await run(url, *request, outcome, deadline);
  outcome.timing.total = since(start);
  co_return outcome;
}

Task<void> PostSender::Impl::run(const Url& url, const std::string& request, PostOutcome& outcome, Deadline deadline) {
  const auto key = std::string(name_of(url.scheme)) + "://" + url.host + ":" + std::to_string(url.port);
  if (auto resting = take_resting(key)) {
    outcome.reused_connection = true;
    const auto received = co_await exchange(std::move(resting), key, request, outcome, deadline);
    // Only when not one byte came back is it likely enough that the receiver had closed before it could read.
    if (outcome.failure != Failure::kReset || received == Received::kSomething || is_stopping) co_return;
    outcome = PostOutcome{};
    outcome.retried_on_new_connection = true;
  }
  auto fresh = co_await open(url, outcome, deadline);
  if (!fresh) co_return;
  co_await exchange(std::move(fresh), key, request, outcome, deadline);
  // Whatever came of it: the receiver may have read the request twice.
  if (outcome.retried_on_new_connection) {
    outcome.detail += outcome.detail.empty() ? "" : "; ";
    outcome.detail += "the receiver had closed the connection that was kept open; sent again on a new one";
  }
}

std::unique_ptr<PostConnection> PostSender::Impl::take_resting(const std::string& key) {
  const auto now = steady_clock::now();
  while (auto connection = pool.take(key)) {
    const bool is_old = now - connection->opened_at() > settings.connection_age_max;
    if (!is_old && !connection->is_stale() && policy.judge(connection->peer().address()).allowed) return connection;
  }
  return nullptr;
}

Task<std::unique_ptr<PostConnection>> PostSender::Impl::open(const Url& url, PostOutcome& outcome, Deadline deadline) {
  const auto give_up_at = std::min(deadline, steady_clock::now() + settings.connect_budget);
  const auto addresses = co_await vetted_addresses(url, outcome, give_up_at);
  if (outcome.failure == Failure::kNone && is_stopping) failed(outcome, Failure::kReset, "the sender is stopping");
  if (outcome.failure != Failure::kNone) co_return nullptr;
  auto connection = co_await connect_to_one(url, addresses, outcome, give_up_at);
  if (!connection || url.scheme == Scheme::kHttp) co_return connection;
  const InUse in(in_use, connection.get());
  const auto start = steady_clock::now();
  const auto trouble = co_await connection->shake_hands(tls, url.host, give_up_at);
  outcome.timing.tls = since(start);
  if (connection->has_timed_out()) {
    failed(outcome, Failure::kTimeout, "the TLS handshake with " + url.host + " took too long");
  } else if (!trouble.cause.empty()) {
    failed_by_tls(outcome, url.host, trouble);
  } else {
    co_return connection;
  }
  co_return nullptr;
}

Task<std::vector<IpAddress>> PostSender::Impl::vetted_addresses(const Url& url, PostOutcome& outcome,
                                                                Deadline deadline) {
  std::vector<IpAddress> addresses;
  if (url.literal) {
    addresses.push_back(*url.literal);
  } else {
    const auto start = steady_clock::now();
    auto answer = co_await resolver.resolve(url.host, deadline);
    outcome.timing.dns = since(start);
    if (!answer) {
      failed(outcome, answer.error().kind == Kind::kTimeout ? Failure::kTimeout : Failure::kDns,
             answer.error().message);
      co_return addresses;
    }
    addresses = *std::move(answer);
  }
  if (addresses.empty()) failed(outcome, Failure::kDns, "the host name " + url.host + " has no address");
  // One forbidden address refuses all: a name that mixes them is either misconfigured or an attack.
  for (const auto& address : addresses) {
    const auto verdict = policy.judge(address);
    if (verdict.allowed) continue;
    failed(outcome, Failure::kRefusedAddress,
           format("{} address {} of {} is not allowed: {}", address.is_v6() ? "the IPv6" : "the IPv4",
                  address.to_string(), url.host, verdict.reason));
    break;
  }
  co_return addresses;
}

Task<std::unique_ptr<PostConnection>> PostSender::Impl::connect_to_one(const Url& url,
                                                                       const std::vector<IpAddress>& addresses,
                                                                       PostOutcome& outcome, Deadline deadline) {
  std::vector<PostDial::Target> targets;
  for (const auto& address : addresses) {
    const auto source = source_for(settings, address);
    if (!settings.source_addresses.empty() && !source) continue;
    targets.push_back({TcpEndpoint(address, url.port), source});
  }
  if (targets.empty()) {
    failed(outcome, Failure::kConnect, "no address of the host has the family of the source address");
    co_return nullptr;
  }
  const auto start = steady_clock::now();
  PostDial dial(group, in_use);
  auto connection = co_await dial.connect(std::move(targets), deadline, [this] { return is_stopping; });
  outcome.timing.connect = since(start);
  outcome.remote_address = text_of(dial.peer());
  if (connection) co_return connection;
  const bool is_late = dial.has_timed_out();
  failed(outcome, is_late ? Failure::kTimeout : Failure::kConnect,
         "connecting to " + text_of(dial.peer()) + (is_late ? " took too long" : " failed: " + dial.error().message()));
  if (!is_late) outcome.cause = cause_of_connect(dial.error());
  co_return nullptr;
}

Task<ResponseReader::Step> PostSender::Impl::read_response(PostConnection& connection, ResponseReader& reader,
                                                           PostOutcome& outcome, Deadline deadline) {
  const auto start = steady_clock::now();
  while (true) {
    const auto step = reader.advance();
    if (step != ResponseReader::Step::kNeedMore) co_return step;
    const auto [error, bytes] = co_await connection.read(reader.room(), deadline);
    if (!reader.has_bytes()) outcome.timing.first_byte = since(start);
    if (error) {
      // TLS 1.3 tells a client only now that its certificate is missing.
      outcome.cause = tls_trouble_after(error).cause;
      co_return reader.at_end();
    }
    reader.received(bytes);
  }
}

Task<Received> PostSender::Impl::exchange(std::unique_ptr<PostConnection> connection, const std::string& key,
                                          const std::string& request, PostOutcome& outcome, Deadline deadline) {
  using Step = ResponseReader::Step;
  const InUse in(in_use, connection.get());
  outcome.remote_address = text_of(connection->peer());
  // A receiver may answer and close before it has read all: its answer counts, so that a failed write still reads.
  const auto write_error = co_await connection->write(request, deadline);
  ResponseReader reader(limits);
  const auto step = co_await read_response(*connection, reader, outcome, deadline);
  const auto received = reader.has_bytes() ? Received::kSomething : Received::kNothing;
  const bool is_late = connection->has_timed_out();
  if (!reader.has_head()) {
    explain_silence(outcome, reader, is_late, write_error);
    co_return received;
  }
  keep_response(outcome, reader, step, is_late);
  if (step == Step::kComplete && reader.is_reusable() && !write_error && !is_late) park(key, std::move(connection));
  co_return received;
}

void PostSender::Impl::park(const std::string& key, std::unique_ptr<PostConnection> connection) {
  if (is_stopping) return;
  connection->rest();
  pool.put(key, std::move(connection), steady_clock::now());
  if (!std::exchange(is_sweeping, true)) group.spawn(sweep(), "post idle sweep");
}

Task<void> PostSender::Impl::sweep() {
  while (!pool.is_empty()) {
    const auto waited = co_await sleep_until(pool.oldest() + settings.idle_budget);
    if (!waited) break;
    pool.drop_older_than(steady_clock::now() - settings.idle_budget);
  }
  is_sweeping = false;
}

std::string_view name_of(PostOutcome::Failure failure) {
  switch (failure) {
    case Failure::kNone:
      return "none";
    case Failure::kDns:
      return "dns";
    case Failure::kConnect:
      return "connect";
    case Failure::kTls:
      return "tls";
    case Failure::kTimeout:
      return "timeout";
    case Failure::kProtocol:
      return "protocol";
    case Failure::kRefusedAddress:
      return "refused_address";
    case Failure::kReset:
      return "reset";
  }
  return "none";
}

PostSender::PostSender(Loop& loop, const AddressPolicy& policy, AddressResolver& resolver, Settings settings)
    : impl_(std::make_unique<Impl>(loop, policy, resolver, std::move(settings))) {}

PostSender::~PostSender() = default;

Task<PostOutcome> PostSender::post(Url url, std::vector<Header> headers, std::string body, Deadline deadline) {
  return impl_->send(Method::kPost, std::move(url), std::move(headers), std::move(body), deadline);
}

Task<PostOutcome> PostSender::get(Url url, std::vector<Header> headers, Deadline deadline) {
  return impl_->send(Method::kGet, std::move(url), std::move(headers), {}, deadline);
}

Task<void> PostSender::stop() {
  impl_->is_stopping = true;
  impl_->pool.clear();
  for (auto* connection : impl_->in_use) connection->close();
  while (impl_->exchanges > 0) co_await impl_->all_ended.wait_until(Deadline::max());
  co_await impl_->group.stop();
}

std::size_t PostSender::idle_connections() const { return impl_->pool.size(); }

}  // namespace signpost::net
