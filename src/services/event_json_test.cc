// SPDX-License-Identifier: Apache-2.0
#include "services/event_json.h"

#include <gtest/gtest.h>

#include "model/connection.h"
#include "model/event.h"

namespace signpost::services {
namespace {

model::EventPayload payload(model::EventType type) {
  model::EventPayload payload;
  payload.id = "1234567890-abcdefg-1234567890";
  payload.user_id = "your-provided-user-id";
  payload.domain = "shop.example";
  payload.subdomain = "www";
  payload.provider = "cloudflare";
  payload.type = type;
  payload.dkim_status = "exempt";
  payload.redirection_status = "exempt";
  payload.setup_type = "automatic";
  payload.secure_status = "exempt";
  payload.power_status = "exempt";
  payload.cname_target = "my.saascompany.example";
  payload.event_id = EventId(1);
  payload.job_id = "1234567890-abcdefg-1234567890";
  payload.sequence = 7;
  payload.created_at = from_ms(1'800'000'000'123);
  return payload;
}

model::EventPayload with_propagation(model::EventType type, std::string status) {
  auto full = payload(type);
  full.propagation_status = std::move(status);
  full.data.emplace();
  full.data->propagated = {{"CNAME", "www", "my.saascompany.example", "", {}}};
  full.data->non_propagated = {{"TXT", "_verify", "say \"hello\"", "", {}}, {"A", "@", "192.0.2.1", "", {}}};
  return full;
}

constexpr std::string_view kHead =
    R"({"id":"1234567890-abcdefg-1234567890","user_id":"your-provided-user-id","domain":"shop.example","subdomain":"www","provider":"cloudflare",)";
constexpr std::string_view kFacets =
    R"("dkim_status":"exempt","redirection_status":"exempt","setup_type":"automatic","secure_status":"exempt","power_status":"exempt",)"
    R"("cname_target":"my.saascompany.example",)";
constexpr std::string_view kData =
    R"("data":{"records_propagated":[{"type":"CNAME","host":"www","value":"my.saascompany.example"}],)"
    R"("records_non_propagated":[{"type":"TXT","host":"_verify","value":"say \"hello\""},{"type":"A","host":"@","value":"192.0.2.1"}]},)";
constexpr std::string_view kTail =
    R"("event_id":"evt_0000000000001","job_id":"1234567890-abcdefg-1234567890","sequence":7,"created_at":"2027-01-15T08:00:00.123Z")";

std::string join(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const auto part : parts) all += part;
  return all;
}

TEST(EventJson, DomainAddedHasEveryMemberInTheOrderOfTheSeed) {
  EXPECT_EQ(to_json(with_propagation(model::EventType::kDomainAdded, "pending")),
            join({kHead, R"("type":"domain.added","propagation_status":"pending",)", kFacets, kData, kTail, "}"}));
}

TEST(EventJson, AnUpdateNamesWhatChangedAfterTheData) {
  auto update = with_propagation(model::EventType::kDomainAdded, "success");
  update.updated_objects = {"propagation_status", "redirection_status"};
  EXPECT_EQ(to_json(update), join({kHead, R"("type":"domain.added","propagation_status":"success",)", kFacets, kData,
                                   R"("updated_objects":["propagation_status","redirection_status"],)", kTail, "}"}));
}

TEST(EventJson, FlowCompletedConveysNoPropagation) {
  EXPECT_EQ(to_json(payload(model::EventType::kFlowCompleted)),
            join({kHead, R"("type":"domain.flow.completed",)", kFacets, kTail, "}"}));
}

TEST(EventJson, TheTimeoutSaysFailed) {
  EXPECT_EQ(to_json(with_propagation(model::EventType::kPropagationTimeout, "failed")),
            join({kHead, R"("type":"domain.propagation.timeout","propagation_status":"failed",)", kFacets, kData, kTail,
                  "}"}));
}

TEST(EventJson, OurOwnTypesEndWithProxyStatusAndAttention) {
  auto issued = with_propagation(model::EventType::kCertificateIssued, "success");
  issued.proxy_status = "SSL_VALIDATED";
  EXPECT_EQ(to_json(issued),
            join({kHead, R"("type":"signpost.connection.certificate_issued","propagation_status":"success",)", kFacets,
                  kData, kTail, R"(,"proxy_status":"SSL_VALIDATED"})"}));
  auto deployed = with_propagation(model::EventType::kDeployed, "success");
  deployed.proxy_status = "DEPLOYED";
  EXPECT_EQ(to_json(deployed), join({kHead, R"("type":"signpost.connection.deployed","propagation_status":"success",)",
                                     kFacets, kData, kTail, R"(,"proxy_status":"DEPLOYED"})"}));
  auto attention = with_propagation(model::EventType::kAttention, "pending");
  attention.proxy_status = "DEPLOYED";
  attention.attention = {"other_value", "www points elsewhere"};
  EXPECT_EQ(
      to_json(attention),
      join(
          {kHead, R"("type":"signpost.connection.attention","propagation_status":"pending",)", kFacets, kData, kTail,
           R"(,"proxy_status":"DEPLOYED","attention":{"cause":"other_value","explanation":"www points elsewhere"}})"}));
}

TEST(EventJson, AbsentMembersAreLeftOutAndTheApexHasAnEmptySubdomain) {
  model::EventPayload bare;
  bare.id = "flow";
  bare.domain = "shop.example";
  bare.provider = "unknown";
  bare.event_id = EventId(2);
  bare.job_id = "flow";
  EXPECT_EQ(to_json(bare),
            R"({"id":"flow","domain":"shop.example","subdomain":"","provider":"unknown","type":"domain.added",)"
            R"("event_id":"evt_0000000000002","job_id":"flow","sequence":0,"created_at":"1970-01-01T00:00:00.000Z"})");
}

TEST(EventJson, WhatOnlySomeFlowsHaveStandsWhereTheSeedPutsIt) {
  auto full = with_propagation(model::EventType::kDomainAdded, "success");
  full.monitor_status = "pending";
  full.dmarc_updated = "exempt";
  full.purchased_domains = {"domain1.com", "domain2.com"};
  full.free_domain = true;
  full.origin_flow_id = "shared-flow";
  full.data->propagated = {{"A", "@", "54.153.2.220", "www.example.com", {"path1", "path2"}}};
  full.data->non_propagated.clear();
  EXPECT_EQ(
      to_json(full),
      join(
          {kHead, R"("type":"domain.added","propagation_status":"success",)",
           R"("dkim_status":"exempt","redirection_status":"exempt","setup_type":"automatic","secure_status":"exempt",)",
           R"("power_status":"exempt","monitor_status":"pending","dmarc_updated":"exempt",)",
           R"("cname_target":"my.saascompany.example","purchased_domains":["domain1.com","domain2.com"],)",
           R"("free_domain":true,"data":{"records_propagated":[{"type":"A","host":"@","value":"54.153.2.220",)",
           R"("applicationUrl":"www.example.com","powerRootPathAccess":["path1","path2"]}],)",
           R"("records_non_propagated":[]},"originFlowId":"shared-flow",)", kTail, "}"}));
}

TEST(EventJson, EmptyRecordListsStayArrays) {
  auto empty = payload(model::EventType::kDomainAdded);
  empty.data.emplace();
  EXPECT_NE(to_json(empty).find(R"("data":{"records_propagated":[],"records_non_propagated":[]})"), std::string::npos);
}

TEST(EventJson, TheSamePayloadMakesTheSameBytes) {
  const auto full = with_propagation(model::EventType::kDomainAdded, "pending");
  EXPECT_EQ(to_json(full), to_json(full));
}

}  // namespace
}  // namespace signpost::services
