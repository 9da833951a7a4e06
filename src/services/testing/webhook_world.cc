// SPDX-License-Identifier: Apache-2.0
#include "services/testing/webhook_world.h"

#include <stdlib.h>

#include <algorithm>
#include <ranges>

#include "crypto/testing/fake_random.h"
#include "services/connection_change.h"
#include "services/endpoints.h"
#include "services/event_log.h"
#include "store/applications.h"
#include "store/attempts.h"
#include "store/delivery_search.h"
#include "store/endpoints.h"
#include "store/events.h"
#include "store/members.h"
#include "store/notices.h"
#include "store/original_dns.h"

namespace signpost::services::testing {
namespace {

/// In memory where the machine has such a place: a year of renewals would mostly wait for the disk, which these tests
/// are not about.
std::filesystem::path place_for_folders() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code ignored;
  const bool has_memory = std::filesystem::is_directory(memory, ignored) && access(memory.c_str(), W_OK) == 0;
  return std::getenv("TMPDIR") == nullptr && has_memory ? memory : std::filesystem::temp_directory_path();
}

std::filesystem::path make_folder() {
  std::string pattern = (place_for_folders() / "signpost-webhooks-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return pattern;
}

std::unique_ptr<store::Database> open_in(const std::filesystem::path& folder) {
  store::Settings settings;
  settings.url = "sqlite:" + (folder / "test.db").string();
  settings.readers = 1;
  return must(store::Database::open(settings));
}

}  // namespace

void RefusingDatabase::write(store::Work work, store::Done done) {
  if (refusals_ > 0 && passed_-- <= 0) {
    --refusals_;
    return done(fail(kind_, "the disk is full"));
  }
  auto after = after_.with([](auto& what) { return std::exchange(what, nullptr); });
  if (!after) return inner_->write(std::move(work), std::move(done));
  inner_->write(std::move(work), [after = std::move(after), done = std::move(done)](Result<void> outcome) mutable {
    after();
    done(std::move(outcome));
  });
}

template <typename T>
T WebhookWorld::administer(std::function<Result<T>(store::Tx&, const Administration&)> work) {
  const auto key = must(crypto::MasterKey::from_text(std::string(64, 'a')));
  crypto::testing::FakeRandom random;
  const net::TargetPolicy anywhere({must(net::Network::parse("127.0.0.0/8"))}, {net::PortRange{}});
  const Administration by{key, random, ids, clock.now(), "test", anywhere};
  return must(storage.write_now<T>([&](store::Tx& tx) { return work(tx, by); }));
}

WebhookWorld::WebhookWorld() : folder(make_folder()), database(open_in(folder)) {
  secrets.set(SigningSecrets{std::string(kSecret), {std::string(kSecret)}});
  application.id = ids.make<ApplicationId>();
  application.name = "SaaS";
  application.created_at = clock.now();
  must(storage.write_now<void>([&](store::Tx& tx) { return store::applications::insert(tx, application); }));
}

WebhookWorld::~WebhookWorld() {
  database.stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

model::Endpoint WebhookWorld::add_endpoint(std::string url, model::Role role) {
  model::Member owner{ids.make<MemberId>(), application.id, "owner", role, clock.now()};
  model::Endpoint endpoint;
  endpoint.id = ids.make<EndpointId>();
  endpoint.application = application.id;
  endpoint.owner = owner.id;
  endpoint.url = std::move(url);
  endpoint.created_at = clock.now();
  must(storage.write_now<void>([&](store::Tx& tx) -> Result<void> {
    TRY_VOID(store::members::insert(tx, owner));
    return store::endpoints::insert(tx, endpoint);
  }));
  return endpoint;
}

void WebhookWorld::save(const model::Endpoint& endpoint) {
  must(storage.write_now<bool>([&](store::Tx& tx) { return store::endpoints::update(tx, endpoint); }));
}

void WebhookWorld::set_url(const model::Endpoint& endpoint, const std::string& url) {
  administer<EndpointView>([&](store::Tx& tx, const Administration& by) {
    return update_endpoint(tx, by, application.id, endpoint.id, {.url = url});
  });
}

void WebhookWorld::remove(const model::Endpoint& endpoint) {
  administer<void>(
      [&](store::Tx& tx, const Administration& by) { return remove_endpoint(tx, by, application.id, endpoint.id); });
}

void WebhookWorld::set_role(const model::Endpoint& endpoint, model::Role role) {
  const model::Member owner{endpoint.owner, application.id, "owner", role, clock.now()};
  must(storage.write_now<bool>([&](store::Tx& tx) { return store::members::update(tx, owner); }));
}

void WebhookWorld::set_cname_target(std::string_view target) {
  application.cname_target = must(DnsName::parse(target));
  must(storage.write_now<bool>([&](store::Tx& tx) { return store::applications::update(tx, application); }));
}

void WebhookWorld::remove_application() {
  must(storage.write_now<bool>([&](store::Tx& tx) { return store::applications::remove(tx, application.id); }));
}

void WebhookWorld::keep_original(ConnectionId connection, const model::OriginalDns& original) {
  must(storage.write_now<bool>([&](store::Tx& tx) { return store::original_dns::keep(tx, connection, original); }));
}

model::Connection WebhookWorld::connection(std::string_view host) {
  model::Connection connection{.id = ids.make<ConnectionId>(),
                               .application = application.id,
                               .organization = "shop",
                               .host = must(HostName::parse(host)),
                               .user_id = "user-7"};
  connection.job_id = "flow-" + connection.id.text();
  return connection;
}

bool WebhookWorld::publish(model::Connection& connection, model::EventType type) {
  const std::vector<model::EventDraft> drafts{{type, ++connection.sequence, {}}};
  return must(storage.write_now<bool>([&](store::Tx& tx) -> Result<bool> {
    return TRY(write_events(tx, connection, drafts, ids, clock.now())).due > 0;
  }));
}

bool WebhookWorld::publish_at(const Bell& bell, model::Connection& connection) {
  const std::vector<model::EventDraft> drafts{{model::EventType::kDomainAdded, ++connection.sequence, {}}};
  auto written = must(storage.write_now<WrittenEvents>(
      [&](store::Tx& tx) { return write_events(tx, connection, drafts, ids, clock.now(), &bell.handover()); }));
  const bool has_begun = !written.begun.empty();
  ring(bell, {.deliveries = written.due > 0, .begun = std::move(written.begun)});
  return has_begun;
}

std::vector<model::Event> WebhookWorld::events_of(const model::Connection& connection) {
  auto page = must(storage.read_now<store::Page<model::Event>>([&](store::Tx& tx) {
    return store::events::list_of_connection(tx, application.id, connection.id, {std::nullopt, store::kPageMax});
  }));
  std::ranges::reverse(page.items);
  return page.items;
}

std::vector<model::Delivery> WebhookWorld::deliveries() {
  const auto page = must(storage.read_now<store::Page<store::delivery_search::Found>>([&](store::Tx& tx) {
    return store::delivery_search::list(tx, application.id, {}, {std::nullopt, store::kPageMax});
  }));
  std::vector<model::Delivery> oldest_first;
  for (const auto& found : page.items | std::views::reverse) oldest_first.push_back(found.delivery);
  return oldest_first;
}

std::vector<model::Attempt> WebhookWorld::attempts_of(const model::Delivery& delivery) {
  return must(storage.read_now<std::vector<model::Attempt>>(
      [&](store::Tx& tx) { return store::attempts::list(tx, application.id, delivery.id); }));
}

model::Endpoint WebhookWorld::endpoint(EndpointId id) {
  return *must(storage.read_now<std::optional<model::Endpoint>>(
      [&](store::Tx& tx) { return store::endpoints::find(tx, application.id, id); }));
}

std::vector<store::audit_log::Entry> WebhookWorld::audit_log() {
  return must(storage.read_now<store::Page<store::audit_log::Entry>>(
                  [&](store::Tx& tx) { return store::audit_log::list(tx, application.id, {}); }))
      .items;
}

std::vector<model::Notice> WebhookWorld::notices() {
  return must(storage.read_now<std::vector<model::Notice>>(
      [&](store::Tx& tx) { return store::notices::list(tx, application.id); }));
}

}  // namespace signpost::services::testing
