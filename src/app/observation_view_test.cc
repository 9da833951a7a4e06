// SPDX-License-Identifier: Apache-2.0
#include "app/observation_view.h"

#include <gtest/gtest.h>

#include "app/connection_view.h"
#include "app/console.h"
#include "app/dns_observe.h"
#include "app/resolv_conf.h"
#include "app/watch.h"
#include "base/text.h"

namespace signpost::app {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

dns::Observation disagreement() {
  dns::Observation observation;
  dns::RecordObservation record{.name = *DnsName::parse("www.shop.example"),
                                .type = RecordType::kCname,
                                .expected = "app.saas.example",
                                .zone = "shop.example",
                                .cause = "servers_disagree",
                                .explanation = "ns2.shop.example does not have the record yet: add it there"};
  record.causes = {{dns::Cause::kServersDisagree,
                    dns::Weight::kBlocks,
                    "One of two servers has the record.",
                    "Add it there too.",
                    {}},
                   {dns::Cause::kStaleAaaa, dns::Weight::kRisks, "An AAAA record stands beside it.", "Remove it.", {}}};
  record.authorities = {{"ns1.shop.example", "127.0.0.2:53", dns::Verdict::kAgrees, {"app.saas.example"}, 300, 3, ""},
                        {"ns2.shop.example", "127.0.0.3:53", dns::Verdict::kNxDomain, {}, 0, 3, "says \x1b[2J so"}};
  record.resolvers = {{"127.0.0.1", "127.0.0.1:53", dns::Verdict::kSilent, {}, 0, 800, ""}};
  observation.records.push_back(record);
  return observation;
}

std::string connection_json(std::string_view members) {
  return format(
      R"({{"id":"con_0000000000001","host":"www.shop.example","domain":"shop.example","organization":"acme",)"
      R"("proxy_status":"PENDING_VALIDATION","records":[{{"type":"CNAME","host":"www","value":"app.saas.example","ttl":300}}],)"
      R"("claim":{{"status":"unproven","record":{{"type":"TXT","host":"_signpost.www","value":"signpost-verification=x"}}}},{}}})",
      members);
}

TEST(ObservationDetails, NameEveryServerWithWhatItSaidAndWhatToDo) {
  const auto text = observation_details(view_of(disagreement(), Time{}), 100);
  EXPECT_TRUE(has(text, "✗ www.shop.example CNAME  app.saas.example")) << text;
  EXPECT_TRUE(has(text, "ns1.shop.example 127.0.0.2:53  ✓ agrees")) << text;
  EXPECT_TRUE(has(text, "ns2.shop.example 127.0.0.3:53  ✗ no such name")) << text;
  EXPECT_TRUE(has(text, "127.0.0.1:53")) << text;
  EXPECT_TRUE(has(text, "? silent")) << text;
  EXPECT_TRUE(has(text, "servers_disagree (blocks)")) << text;
  EXPECT_TRUE(has(text, "One of two servers has the record.")) << text;
  EXPECT_TRUE(has(text, "→ Add it there too.")) << text;
  EXPECT_TRUE(has(text, "stale_aaaa (risks)")) << text;
}

TEST(ObservationDetails, LetNoControlCharacterReachTheTerminal) {
  EXPECT_FALSE(has(observation_details(view_of(disagreement(), Time{}), 100), "\x1b"));
  EXPECT_FALSE(has(observation_table(view_of(disagreement(), Time{}), 100), "\x1b"));
}

TEST(ObservationTable, PutsServersDownAndRecordsAcross) {
  auto observation = disagreement();
  auto second = observation.records[0];
  second.type = RecordType::kTxt;
  second.authorities.pop_back();
  observation.records.push_back(second);
  const auto text = observation_table(view_of(observation, Time{}), 100);
  EXPECT_TRUE(has(text, "1. CNAME")) << text;
  EXPECT_TRUE(has(text, "2. TXT")) << text;
  const auto row = text.substr(text.find("ns1.shop.example"));
  EXPECT_TRUE(has(row.substr(0, row.find('\n')), "✓ agrees         ✓ agrees")) << row;
}

TEST(ObservationTable, OfManyRecordsIsOneTableOfMarks) {
  auto observation = disagreement();
  for (int i = 0; i < 5; ++i) observation.records.push_back(observation.records[0]);
  const auto text = observation_table(view_of(observation, Time{}), 80);
  EXPECT_TRUE(has(text, "AUTHORITATIVE SERVER           1   2   3   4   5   6\n")) << text;
  EXPECT_TRUE(has(text, "ns2.shop.example 127.0.0.3:53  ✗   ✗   ✗   ✗   ✗   ✗\n")) << text;
  EXPECT_TRUE(has(text, "✓ agrees  ✗ does not  ? no answer that counts\n")) << text;
}

TEST(ObservationTable, NeverGetsWiderThanTheTerminal) {
  auto observation = disagreement();
  for (int i = 0; i < 9; ++i) observation.records.push_back(observation.records[0]);
  for (const std::size_t columns : {60U, 80U, 132U}) {
    const auto text = observation_table(view_of(observation, Time{}), columns);
    for (const auto line : split(text, '\n')) {
      const auto characters = std::count_if(line.begin(), line.end(),
                                            [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
      EXPECT_LE(characters, static_cast<std::ptrdiff_t>(columns)) << line;
    }
  }
}

TEST(Observation, OfAnotherFormIsAnError) {
  EXPECT_FALSE(parse_observation("[]"));
  EXPECT_FALSE(parse_observation("{\"records\":1}"));
  EXPECT_FALSE(parse_observation("x"));
}

TEST(ServersAgree, WhenAllThatAnswerWithAuthoritySayTheSame) {
  auto record = disagreement().records[0];
  EXPECT_FALSE(servers_agree(record));
  record.authorities[1].verdict = dns::Verdict::kSilent;
  EXPECT_TRUE(servers_agree(record));
  record.authorities[1] = record.authorities[0];
  record.authorities[1].values = {"old.saas.example"};
  EXPECT_FALSE(servers_agree(record));
  record.authorities.clear();
  EXPECT_FALSE(servers_agree(record));
}

TEST(Connection, InstructionsShowTheRecordsAndTheProof) {
  const auto connection = parse_connection(connection_json("\"facets\":{}"));
  ASSERT_TRUE(connection) << connection.error().message;
  const auto text = instructions(*connection, 80);
  EXPECT_TRUE(has(text, "CNAME  www            app.saas.example")) << text;
  EXPECT_TRUE(has(text, "TXT    _signpost.www  signpost-verification=x")) << text;
  EXPECT_TRUE(has(text, "signpost watch con_0000000000001")) << text;
}

TEST(Connection, InstructionsSayWhetherTheFlowIsReported) {
  const auto said = [](const char* members) { return instructions(*parse_connection(connection_json(members)), 80); };
  EXPECT_TRUE(has(said(R"("flow":{"ended_at":"2026-01-01T00:00:00.000Z"})"), "The flow is reported as ended"));
  const auto open = said(R"("flow":{"ended_at":null})");
  EXPECT_TRUE(has(open, "POST /v1/connections/con_0000000000001/flow {\"setup_type\": \"manual\"}")) << open;
  EXPECT_FALSE(has(open, "Signpost is watching")) << open;
  for (const auto line : split(open, '\n')) EXPECT_EQ(fit(line, 80), line);
}

TEST(Connection, InstructionsTellTheTwoStepsWhereSignpostObtainsTheCertificate) {
  const auto said = [](const char* records) {
    return instructions(
        *parse_connection(format(
            R"({{"id":"con_0000000000001","host":"www.shop.example","domain":"shop.example","organization":"acme",)"
            R"("proxy_status":"PENDING_VALIDATION","claim":{{"status":"unproven","record":{{"type":"TXT","host":"_signpost.www"}}}},)"
            R"("flow":{{"ended_at":null}},{}}})",
            records)),
        80);
  };
  const auto text =
      said(R"("certificate":"cname","records":[{"type":"CNAME","host":"www","value":"app.saas.example","step":2},)"
           R"({"type":"CNAME","host":"_acme-challenge.www","value":"k3v7.acme.saas.example","step":1}])");
  const auto first = text.find("CNAME  _acme-challenge.www  k3v7.acme.saas.example");
  const auto second = text.find("Step 2, for the traffic, once the status is SSL_VALIDATED");
  ASSERT_NE(first, std::string::npos) << text;
  ASSERT_NE(second, std::string::npos) << text;
  EXPECT_LT(first, second);
  EXPECT_LT(second, text.find("CNAME  www                  app.saas.example")) << text;
  EXPECT_TRUE(has(text, "POST /api/domain/mark-step-complete/acme {\"step\": 1}")) << text;
  EXPECT_FALSE(has(text, "_signpost")) << "the certificate's record proves the domain, too";
  EXPECT_TRUE(has(said(R"("certificate":"txt","records":[])"), "POST /api/domain/start-certificate/acme tells"));
}

TEST(Connection, WithStepsItIsWatchedUntilTheTrafficHasPropagated) {
  const auto view = [](std::string_view status) {
    auto connection = *parse_connection(connection_json(
        R"("certificate":"cname","certificate_ends_at":"2027-02-28T09:00:00.000Z","facets":{"propagation_status":"success"})"));
    connection.status = status;
    return connection;
  };
  EXPECT_EQ(end_of(view("SSL_VALIDATING")), WatchEnd::kGoesOn);
  EXPECT_EQ(end_of(view("DEPLOYED")), WatchEnd::kSuccess);
  EXPECT_EQ(end_of(view("DISCONNECTED")), WatchEnd::kFailure);
  EXPECT_TRUE(has(watch_picture(view("SSL_VALIDATED"), {}, 80), "waiting for step 2 to be marked"));
  EXPECT_TRUE(has(watch_lines(view("DEPLOYED")), "certificate until 2027-02-28"));
}

TEST(Connection, ThePictureIsNeverWiderThanTheTerminal) {
  auto connection = *parse_connection(connection_json("\"facets\":{}"));
  connection.observed = view_of(disagreement(), Time{});
  for (int i = 0; i < 40; ++i) connection.attention += "attention ";
  for (const std::size_t columns : {60U, 80U, 120U}) {
    const auto text = watch_picture(connection, {}, columns);
    for (const auto line : split(text, '\n')) EXPECT_EQ(fit(line, columns), line);
  }
}

TEST(Connection, ThePictureShowsAttentionUnlessItIsWhatARecordSaysAnyway) {
  auto connection = *parse_connection(connection_json("\"facets\":{}"));
  connection.attention = "the certificate ends soon";
  connection.observed = view_of(disagreement(), Time{});
  EXPECT_TRUE(has(watch_picture(connection, {}, 80), "\n! the certificate ends soon\n"));
  connection.attention = connection.observed[0].explanation;
  EXPECT_FALSE(has(watch_picture(connection, {}, 80), "! "));
}

TEST(Connection, WatchingItEndsWithSuccessFailureOrALostClaim) {
  const auto end = [](const char* members) { return end_of(*parse_connection(connection_json(members))); };
  EXPECT_EQ(end("\"facets\":{\"propagation_status\":\"pending\"}"), WatchEnd::kGoesOn);
  EXPECT_EQ(end("\"facets\":{\"propagation_status\":\"success\"}"), WatchEnd::kSuccess);
  EXPECT_EQ(end("\"facets\":{\"propagation_status\":\"failed\"}"), WatchEnd::kFailure);
  auto lost = *parse_connection(connection_json("\"facets\":{}"));
  lost.claim = "lost";
  EXPECT_EQ(end_of(lost), WatchEnd::kFailure);
}

TEST(Connection, ThePictureCountsDownToTheNextLook) {
  auto connection = *parse_connection(
      connection_json("\"facets\":{},\"next_look_at\":\"2026-01-01T00:00:10.000Z\",\"observation\":null"));
  EXPECT_TRUE(has(watch_picture(connection, *parse_rfc3339("2026-01-01T00:00:02.500Z"), 80), "next look in 8 s"));
  EXPECT_TRUE(has(watch_picture(connection, *parse_rfc3339("2026-01-01T00:00:11Z"), 80), "looking"));
  EXPECT_TRUE(has(watch_picture(connection, *parse_rfc3339("2025-12-31T23:52:11Z"), 80), "next look in 8 min\n"));
  connection.next_look_at.reset();
  connection.is_flow_open = true;
  EXPECT_TRUE(has(watch_picture(connection, {}, 80), "waiting for the end of the flow"));
  connection.observed = view_of(disagreement(), Time{});
  EXPECT_TRUE(has(watch_lines(connection), "ns2.shop.example 127.0.0.3:53  ✗ no such name")) << watch_lines(connection);
}

TEST(Connection, OfAnotherFormIsAnError) { EXPECT_FALSE(parse_connection("{\"title\":\"x\"}")); }

TEST(RecordWish, IsTypeHostAndValue) {
  const auto cname = parse_record_wish(" cname  www\tapp.saas.example ");
  ASSERT_TRUE(cname);
  EXPECT_EQ(cname->type, "CNAME");
  EXPECT_EQ(cname->host, "www");
  EXPECT_EQ(cname->value, "app.saas.example");
  const auto mx = parse_record_wish("MX @ 10 mail.saas.example");
  ASSERT_TRUE(mx);
  EXPECT_EQ(mx->priority, 10);
  EXPECT_EQ(mx->value, "mail.saas.example");
  EXPECT_EQ(parse_record_wish("TXT @ \"v=spf1 -all\"")->value, "v=spf1 -all");
  for (const auto* text : {"", "CNAME", "CNAME www", "PTR a b", "MX @ mail.example", "MX @ 70000 m"})
    EXPECT_FALSE(parse_record_wish(text)) << text;
}

TEST(Expectation, OfMxTakesItsPreferenceFromTheValue) {
  const auto mx = expectation_of("shop.example", "mx", "10 mail.saas.example");
  ASSERT_TRUE(mx);
  EXPECT_EQ(mx->priority, 10);
  EXPECT_EQ(mx->value, "mail.saas.example");
  EXPECT_FALSE(expectation_of("shop.example", "PTR", std::nullopt));
  EXPECT_FALSE(expectation_of("..", "A", std::nullopt));
  EXPECT_FALSE(expectation_of("shop.example", "MX", "70000 mail.saas.example"));
}

TEST(Expectation, WhoseValueIsNotWhatItsTypeNeedsIsRefusedWithWhatToWrite) {
  EXPECT_EQ(expectation_of("shop.example", "caa", "0 issue ca.example")->value, "0 issue \"ca.example\"");
  const auto url = expectation_of("www.shop.example", "CNAME", "https://app.saas.example/");
  ASSERT_FALSE(url);
  EXPECT_NE(url.error().message.find("host name alone"), std::string::npos);
  EXPECT_FALSE(expectation_of("shop.example", "TXT", "v=spf1 include:saas ~all"));
}

TEST(ResolvConf, GivesItsNameServersAndSkipsTheRest) {
  const auto servers = parse_resolv_conf(
      "# nameserver 192.0.2.1\nsearch x\nnameserver 192.0.2.53 # home\nnameserver\t2001:db8::53\nnameserverx\n"
      "nameserver ns.example\nnameserver\n");
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].address().to_string(), "192.0.2.53");
  EXPECT_EQ(servers[1].port(), 53);
}

}  // namespace
}  // namespace signpost::app
