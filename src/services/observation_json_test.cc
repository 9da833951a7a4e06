// SPDX-License-Identifier: Apache-2.0
#include "services/observation_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace signpost::services {
namespace {

dns::ServerAnswer answer(std::string server, dns::Verdict verdict, std::vector<std::string> values) {
  return {.server = std::move(server),
          .address = "192.0.2.53:53",
          .verdict = verdict,
          .values = std::move(values),
          .ttl = 300,
          .took_ms = 8,
          .note = ""};
}

dns::Observation two_servers() {
  dns::RecordObservation record{.name = *DnsName::parse("www.shop.example"), .type = RecordType::kCname};
  record.expected = "app.saas.example";
  record.zone = "shop.example";
  record.cause = "servers_disagree";
  record.explanation = "ns2 does not have it yet";
  record.authorities = {answer("ns1.dns.example", dns::Verdict::kAgrees, {"app.saas.example"}),
                        answer("ns2.dns.example", dns::Verdict::kNxDomain, {})};
  record.resolvers = {answer("9.9.9.9", dns::Verdict::kDisagrees, {"a\"b\\c\n"})};
  return {.records = {record}, .took_ms = 12};
}

TEST(ObservationJson, HoldsEveryMemberUnderItsStableName) {
  const auto value = boost::json::parse(to_json(two_servers(), Time{}));
  const auto& record = value.at("records").at(0);
  EXPECT_EQ(value.at("took_ms").as_int64(), 12);
  EXPECT_FALSE(value.at("propagated").as_bool());
  EXPECT_EQ(record.at("name").as_string(), "www.shop.example");
  EXPECT_EQ(record.at("type").as_string(), "CNAME");
  EXPECT_EQ(record.at("expected").as_string(), "app.saas.example");
  EXPECT_EQ(record.at("zone").as_string(), "shop.example");
  EXPECT_FALSE(record.at("propagated").as_bool());
  EXPECT_EQ(record.at("cause").as_string(), "servers_disagree");
  EXPECT_EQ(record.at("explanation").as_string(), "ns2 does not have it yet");
  const auto& first = record.at("authorities").at(0);
  EXPECT_EQ(first.at("server").as_string(), "ns1.dns.example");
  EXPECT_EQ(first.at("address").as_string(), "192.0.2.53:53");
  EXPECT_EQ(first.at("verdict").as_string(), "agrees");
  EXPECT_EQ(first.at("values").at(0).as_string(), "app.saas.example");
  EXPECT_EQ(first.at("ttl").as_int64(), 300);
  EXPECT_EQ(first.at("took_ms").as_int64(), 8);
  EXPECT_EQ(first.at("note").as_string(), "");
  EXPECT_EQ(record.at("authorities").at(1).at("verdict").as_string(), "nxdomain");
  EXPECT_EQ(record.at("resolvers").at(0).at("values").at(0).as_string(), "a\"b\\c\n");
}

TEST(ObservationJson, FingerprintIsReadBackFromTheText) {
  const auto seen = two_servers();
  EXPECT_EQ(fingerprint_in(to_json(seen, Time{})), fingerprint_of(seen));
  EXPECT_EQ(fingerprint_in("{}"), std::nullopt);
  EXPECT_EQ(fingerprint_in(R"({"records":[{"x":"\"fingerprint\":\"0123456789abcdef\""}]})"), std::nullopt);
}

TEST(ObservationJson, FingerprintIgnoresTimesAndTheOrderOfServers) {
  const auto before = two_servers();
  auto after = before;
  after.took_ms = 99;
  std::swap(after.records[0].authorities[0], after.records[0].authorities[1]);
  after.records[0].authorities[0].ttl = 299;
  after.records[0].authorities[0].took_ms = 1;
  EXPECT_EQ(fingerprint_of(after), fingerprint_of(before));
}

TEST(ObservationJson, FingerprintChangesWithAServersVerdictOrValue) {
  const auto before = two_servers();
  auto other_verdict = before;
  other_verdict.records[0].authorities[1].verdict = dns::Verdict::kSilent;
  auto other_value = before;
  other_value.records[0].authorities[0].values = {"old.saas.example"};
  EXPECT_NE(fingerprint_of(other_verdict), fingerprint_of(before));
  EXPECT_NE(fingerprint_of(other_value), fingerprint_of(before));
}

}  // namespace
}  // namespace signpost::services
