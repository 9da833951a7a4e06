// SPDX-License-Identifier: Apache-2.0
#include "store/testing/samples.h"

#include "base/text.h"
#include "store/applications.h"
#include "store/deliveries.h"
#include "store/endpoints.h"
#include "store/events.h"
#include "store/members.h"

namespace signpost::store::testing {

model::Application application(std::int64_t number) {
  model::Application application;
  application.id = ApplicationId(number);
  application.name = format("Application {}", number);
  application.cname_target = DnsName::parse("edge.saas.example").value();
  application.allowed_origins = {"https://app.saas.example", "https://staging.saas.example"};
  application.identity = {"https://identity.saas.example", {"frontend", "mobile"}};
  application.created_at = kNow;
  return application;
}

model::Member member(std::int64_t number, ApplicationId application, model::Role role) {
  return {MemberId(number), application, format("Member {}", number), role, kNow};
}

model::Endpoint endpoint(std::int64_t number, ApplicationId application, MemberId owner) {
  model::Endpoint endpoint;
  endpoint.id = EndpointId(number);
  endpoint.application = application;
  endpoint.owner = owner;
  endpoint.url = format("https://hooks.saas.example/{}", number);
  endpoint.event_types = {"domain.added"};
  endpoint.created_at = kNow;
  return endpoint;
}

model::ApiKey api_key(std::int64_t number, std::optional<ApplicationId> application) {
  return {KeyId(number), format("Key {}", number), format("{:064x}", number), application, std::nullopt, kNow};
}

model::Connection connection(std::int64_t number, ApplicationId application, const std::string& organization,
                             const std::string& host) {
  model::Connection connection{.id = ConnectionId(number),
                               .application = application,
                               .organization = organization,
                               .host = HostName::parse(host).value(),
                               .user_id = "user-7",
                               .job_id = format("job-{}", number),
                               .metadata_json = R"({"plan":"größer"})",
                               .records = {},
                               .claim_token = format("token-{}", number),
                               .claim_ends_at = kNow + model::kClaimLifetime,
                               .setup_type = std::nullopt,
                               .flow_ended_at = std::nullopt,
                               .watch_started_at = std::nullopt,
                               .next_look_at = std::nullopt,
                               .last_look_at = std::nullopt,
                               .attention = std::nullopt,
                               .deployed_at = std::nullopt,
                               .created_at = kNow,
                               .updated_at = kNow};
  connection.records.push_back({.id = RecordId(number * 10),
                                .type = RecordType::kCname,
                                .host = "www",
                                .name = connection.host,
                                .value = "edge.saas.example",
                                .priority = std::nullopt});
  connection.records.push_back({.id = RecordId(number * 10 + 1),
                                .type = RecordType::kMx,
                                .host = "@",
                                .name = DnsName::parse("shop.example").value(),
                                .value = "mail.saas.example",
                                .priority = 10});
  return connection;
}

model::Event event(std::int64_t number, const model::Connection& connection) {
  model::Event event;
  event.id = EventId(number);
  event.application = connection.application;
  event.connection = connection.id;
  event.job_id = connection.job_id;
  event.sequence = number;
  event.body = format(R"({{"id":"{}"}})", number);
  event.created_at = kNow;
  return event;
}

model::Delivery delivery(std::int64_t number, const model::Event& event, EndpointId endpoint, Time due) {
  model::Delivery delivery;
  delivery.id = DeliveryId(number);
  delivery.event = event.id;
  delivery.endpoint = endpoint;
  delivery.application = event.application;
  delivery.connection = event.connection;
  delivery.partition = partition_of(endpoint.value());
  delivery.next_attempt_at = due;
  delivery.created_at = kNow;
  return delivery;
}

Result<void> insert_tenant(Tx& tx, std::int64_t number) {
  const auto tenant = application(number);
  const auto owner = member(number, tenant.id);
  TRY_VOID(applications::insert(tx, tenant));
  TRY_VOID(members::insert(tx, owner));
  return endpoints::insert(tx, endpoint(number, tenant.id, owner.id));
}

Result<void> insert_delivery(Tx& tx, std::int64_t number, const model::Connection& connection, EndpointId endpoint,
                             Time due) {
  const auto told = event(number, connection);
  TRY_VOID(events::insert(tx, told));
  return deliveries::insert(tx, delivery(number, told, endpoint, due));
}

}  // namespace signpost::store::testing
