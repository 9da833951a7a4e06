// SPDX-License-Identifier: Apache-2.0
#include "api/operation.h"

#include "api/problem.h"
#include "base/log.h"
#include "net/cdn_loop.h"
#include "net/wait.h"
#include "services/history.h"

namespace signpost::api {
namespace {

net::Response text_response(std::string body, std::string_view type = "text/plain; charset=utf-8") {
  net::Response response;
  response.body = std::move(body);
  response.set("Content-Type", type);
  response.set("Cache-Control", "no-store");
  return response;
}

void write_queue(Exposition& to, std::string_view queue, const store::QueueDepth& depth) {
  to.sample({{"queue", queue}, {"state", "waiting"}}, static_cast<double>(depth.waiting));
  to.sample({{"queue", queue}, {"state", "in_flight"}}, static_cast<double>(depth.in_flight));
}

double overdue_seconds(const store::QueueDepth& depth, Time now) {
  if (!depth.oldest_due || *depth.oldest_due >= now) return 0;
  return std::chrono::duration<double>(now - *depth.oldest_due).count();
}

}  // namespace

OperationApi::OperationApi(services::Storage& storage, const Metrics& metrics, const Clock& clock,
                           std::vector<Source> sources, std::int32_t in_flight_per_endpoint_max)
    : storage_(storage),
      metrics_(metrics),
      clock_(clock),
      sources_(std::move(sources)),
      in_flight_per_endpoint_max_(in_flight_per_endpoint_max) {}

Task<net::Response> OperationApi::handle(net::Request request) {
  // This listener has no keys: a webhook must not reach it, whoever named its URL.
  if (net::count_hops(request.headers) > 0) {
    co_return problem(net::Refusal{508, "this is a webhook of Signpost's own; nothing here takes one"});
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto response = problem(Error{Kind::kMethodNotAllowed, "these paths take GET", "", {}});
    response.set("Allow", "GET, HEAD");
    co_return response;
  }
  if (request.path == "/healthz") co_return text_response("ok\n");
  if (request.path == "/readyz") co_return co_await ready();
  if (request.path == "/metrics") co_return co_await metrics();
  co_return problem(Error{Kind::kNotFound, "there are /healthz, /readyz and /metrics here", "", {}});
}

Task<net::Response> OperationApi::ready() {
  if (is_draining_) co_return problem(Error{Kind::kUnavailable, "shutting down", "", {}});
  const auto checked = co_await net::hop<Result<void>>([this](net::Resume<Result<void>> resume) {
    storage_.database().check(
        [resume = std::move(resume)](Result<void> outcome) mutable { resume(std::move(outcome)); });
  });
  if (!checked) co_return problem(checked.error());
  co_return text_response("ready\n");
}

Task<net::Response> OperationApi::metrics() {
  Exposition exposition;
  metrics_.write(exposition);
  co_await write_queues(exposition);
  for (const auto& source : sources_) source(exposition);
  co_return text_response(exposition.take(), "text/plain; version=0.0.4; charset=utf-8");
}

Task<void> OperationApi::write_queues(Exposition& to) {
  const auto load = storage_.database().load();
  to.family("signpost_store_works_waiting", Exposition::Type::kGauge, "Works that wait for a database thread.");
  to.sample({{"kind", "write"}}, static_cast<double>(load.writes_waiting));
  to.sample({{"kind", "read"}}, static_cast<double>(load.reads_waiting));
  const auto queues = co_await services::History(storage_, clock_).queues(in_flight_per_endpoint_max_);
  to.family("signpost_store_up", Exposition::Type::kGauge, "1 if the database answered this scrape.");
  to.sample({}, queues ? 1 : 0);
  if (!queues) {
    log::warn("the queues could not be counted for a scrape", {{"error", queues.error().message}});
    co_return;
  }
  to.family("signpost_queue_items", Exposition::Type::kGauge, "Deliveries and jobs that are not finished.");
  write_queue(to, "deliveries", queues->deliveries);
  write_queue(to, "jobs", queues->jobs);
  to.family("signpost_queue_oldest_due_seconds", Exposition::Type::kGauge,
            "For how long the longest overdue item has been due.");
  to.sample({{"queue", "deliveries"}}, overdue_seconds(queues->deliveries, clock_.now()));
  to.sample({{"queue", "jobs"}}, overdue_seconds(queues->jobs, clock_.now()));
  to.family("signpost_webhook_endpoints_enabled", Exposition::Type::kGauge, "Endpoints that are enabled.");
  to.sample({}, static_cast<double>(queues->endpoints_enabled));
}

}  // namespace signpost::api
