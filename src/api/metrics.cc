// SPDX-License-Identifier: Apache-2.0
#include "api/metrics.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::api {
namespace {

std::string_view name_of(Exposition::Type type) {
  switch (type) {
    case Exposition::Type::kCounter:
      return "counter";
    case Exposition::Type::kGauge:
      return "gauge";
    case Exposition::Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

std::size_t index_of(int status) {
  const auto found = std::ranges::find(Metrics::kStatuses, status);
  return found == Metrics::kStatuses.end() ? 0 : static_cast<std::size_t>(found - Metrics::kStatuses.begin());
}

}  // namespace

std::string_view name_of(Received outcome) {
  switch (outcome) {
    case Received::kApplied:
      return "applied";
    case Received::kDuplicate:
      return "duplicate";
    case Received::kNoEffect:
      return "no_effect";
    case Received::kUnknownFlow:
      return "unknown_flow";
    case Received::kConflict:
      return "conflict";
    case Received::kBadBody:
      return "bad_body";
    case Received::kBadSignature:
      return "bad_signature";
    case Received::kBadHeaders:
      return "bad_headers";
    case Received::kBadTimestamp:
      return "bad_timestamp";
    case Received::kForeignSource:
      return "foreign_source";
    case Received::kUnknownApplication:
      return "unknown_application";
    case Received::kTooLarge:
      return "too_large";
  }
  return "";
}

void Exposition::family(std::string_view name, Type type, std::string_view help) {
  family_ = name;
  text_ += format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, name_of(type));
}

void Exposition::sample(Labels labels, double value, std::string_view suffix) {
  text_ += family_;
  text_ += suffix;
  char separator = '{';
  for (const auto& [name, label] : labels) {
    text_ += format("{}{}=\"{}\"", separator, name, escaped(label));
    separator = ',';
  }
  text_ += format("{} {}\n", separator == ',' ? "}" : "", value);
}

void Histogram::observe(std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  const auto bound = std::ranges::lower_bound(kBounds, seconds);
  buckets_[static_cast<std::size_t>(bound - kBounds.begin())].add();
  sum_us_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, took.count() / 1000)));
}

std::uint64_t Histogram::count() const {
  std::uint64_t count = 0;
  for (const auto& bucket : buckets_) count += bucket.value();
  return count;
}

void Histogram::write(Exposition& to, std::string_view route) const {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    below += buckets_[i].value();
    const auto bound = i < kBounds.size() ? format("{}", kBounds[i]) : std::string("+Inf");
    to.sample({{"route", route}, {"le", bound}}, static_cast<double>(below), "_bucket");
  }
  to.sample({{"route", route}}, static_cast<double>(sum_us_.value()) / 1e6, "_sum");
  to.sample({{"route", route}}, static_cast<double>(below), "_count");
}

Metrics::Metrics(std::vector<std::string> patterns) {
  patterns.emplace_back(kNoRoute);
  for (auto& pattern : patterns) {
    routes_.push_back(std::make_unique<OfRoute>());
    routes_.back()->pattern = std::move(pattern);
  }
}

void Metrics::count(std::size_t route, int status, std::chrono::nanoseconds took) {
  auto& counted = *routes_[std::min(route, routes_.size() - 1)];
  counted.by_status[index_of(status)].add();
  counted.took.observe(took);
}

std::uint64_t Metrics::requests(std::size_t route, int status) const {
  return routes_[std::min(route, routes_.size() - 1)]->by_status[index_of(status)].value();
}

void Metrics::write(Exposition& to) const {
  to.family("signpost_http_requests_total", Exposition::Type::kCounter, "Requests by route and status.");
  for (const auto& route : routes_) {
    for (std::size_t i = 0; i < kStatuses.size(); ++i) {
      const auto count = route->by_status[i].value();
      if (count > 0)
        to.sample({{"route", route->pattern}, {"status", std::to_string(kStatuses[i])}}, static_cast<double>(count));
    }
  }
  to.family("signpost_http_request_seconds", Exposition::Type::kHistogram,
            "Time from the whole request to its response.");
  for (const auto& route : routes_) {
    if (route->took.count() > 0) route->took.write(to, route->pattern);
  }
  to.family("signpost_contract_unknown_members_total", Exposition::Type::kCounter,
            "Members of request bodies that the contract surfaces do not know and ignored.");
  to.sample({{"surface", "domain"}}, static_cast<double>(unknown_members_domain.value()));
  to.sample({{"surface", "entri"}}, static_cast<double>(unknown_members_entri.value()));
  to.family("signpost_idempotent_replays_total", Exposition::Type::kCounter,
            "Answers given again for an Idempotency-Key.");
  to.sample({}, static_cast<double>(replays.value()));
  to.family("signpost_received_webhooks_total", Exposition::Type::kCounter,
            "Webhooks that came in, by what became of them.");
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    to.sample({{"outcome", name_of(static_cast<Received>(i))}}, static_cast<double>(received_[i].value()));
  }
  to.family("signpost_rate_limited_total", Exposition::Type::kCounter, "Requests refused by a rate limit.");
  to.sample({}, static_cast<double>(rate_limited.value()));
}

}  // namespace signpost::api
