// SPDX-License-Identifier: Apache-2.0
//
// A database in a temporary folder with one application, its secrets and its members, for tests of events and
// deliveries. Owned by the test; its thread, but for what the database does. What cannot fail in a test throws if it
// does.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/testing/fake_clock.h"
#include "model/application.h"
#include "model/connection.h"
#include "model/delivery.h"
#include "model/notice.h"
#include "model/original_dns.h"
#include "services/administration.h"
#include "services/bell.h"
#include "services/courier.h"
#include "services/storage.h"
#include "store/audit_log.h"

namespace signpost::services::testing {

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Secrets that the test sets, the same for every endpoint, and headers.
class FixedSecrets final : public SecretSource {
 public:
  void set_headers(Result<std::vector<net::Header>> headers) {
    headers_.with([&](auto& all) { all = std::move(headers); });
  }
  Result<std::vector<net::Header>> headers_for(const model::Endpoint&) const override {
    return headers_.with([](const auto& all) { return all; });
  }
  void set(std::optional<SigningSecrets> secrets) {
    secrets_.with([&](auto& all) { all = std::move(secrets); });
  }
  std::optional<SigningSecrets> secrets_of(ApplicationId) const override {
    return secrets_.with([](const auto& all) { return all; });
  }

 private:
  Guarded<std::optional<SigningSecrets>> secrets_;
  Guarded<Result<std::vector<net::Header>>> headers_;
};

/// Passes works on to a database, but refuses writes while it is told to, as a full disk does.
class RefusingDatabase final : public store::Database {
 public:
  explicit RefusingDatabase(std::unique_ptr<store::Database> inner) : inner_(std::move(inner)) {}
  /// The next so many writes fail, behind `passed` that do not.
  void refuse(int writes, Kind kind = Kind::kUnavailable, int passed = 0) {
    kind_ = kind;
    passed_ = passed;
    refusals_ = writes;
  }
  /// Called once, when the next write has been committed and nobody knows of it yet.
  void after_next_write(std::function<void()> what) {
    after_.with([&](auto& after) { after = std::move(what); });
  }
  int refusals_left() const { return refusals_; }

  void write(store::Work work, store::Done done) override;
  void read(store::Work work, store::Done done) override { inner_->read(std::move(work), std::move(done)); }
  void check(store::Done done) override { inner_->check(std::move(done)); }
  Load load() const override { return inner_->load(); }
  void stop() override { inner_->stop(); }

 private:
  std::unique_ptr<store::Database> inner_;
  std::atomic<int> refusals_{0}, passed_{0};
  std::atomic<Kind> kind_{Kind::kUnavailable};
  Guarded<std::function<void()>> after_;
};

class WebhookWorld {
 public:
  static constexpr std::string_view kSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

  WebhookWorld();
  ~WebhookWorld();

  /// Owned by the application's Admin unless `role` says otherwise.
  model::Endpoint add_endpoint(std::string url, model::Role role = model::Role::kAdmin);
  void save(const model::Endpoint& endpoint);
  /// As its people would.
  void set_url(const model::Endpoint& endpoint, const std::string& url);
  void remove(const model::Endpoint& endpoint);
  void set_role(const model::Endpoint& endpoint, model::Role role);
  void set_cname_target(std::string_view target);
  void remove_application();

  /// What a saved connection's host answered before it was ours.
  void keep_original(ConnectionId connection, const model::OriginalDns& original);

  /// A connection of the application that lives in memory alone: events do not need its row.
  model::Connection connection(std::string_view host = "www.shop.example");
  /// Writes one event of the connection with its deliveries; its sequence grows.
  bool publish(model::Connection& connection, model::EventType type = model::EventType::kDomainAdded);
  /// The same, handed over where there is room, and rung. True if it was.
  bool publish_at(const Bell& bell, model::Connection& connection);

  std::vector<model::Event> events_of(const model::Connection& connection);  // oldest first
  std::vector<model::Delivery> deliveries();                                 // oldest first, at most store::kPageMax
  std::vector<model::Attempt> attempts_of(const model::Delivery& delivery);  // oldest first
  model::Endpoint endpoint(EndpointId id);                                   // as it is now
  std::vector<store::audit_log::Entry> audit_log();                          // newest first
  std::vector<model::Notice> notices();                                      // oldest first

  signpost::testing::FakeClock clock;
  IdMaker ids{clock};
  FixedSecrets secrets;
  std::filesystem::path folder;
  RefusingDatabase database;
  Storage storage{database};
  model::Application application;

 private:
  template <typename T>
  T administer(std::function<Result<T>(store::Tx&, const Administration&)> work);
};

}  // namespace signpost::services::testing
