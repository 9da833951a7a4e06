// SPDX-License-Identifier: Apache-2.0
#include "acme/authority_json.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::acme {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const net::Url kFrom = net::Url::parse("https://ca.example/acme/order/1").value();

std::string repeated(std::string_view element, std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + std::string(element);
  return list;
}

constexpr std::string_view kOrder = R"({
  "status": "valid", "expires": "2027-01-15T10:00:00+02:00",
  "identifiers": [{"type": "dns", "value": "Shop.Example"}, {"type": "dns", "value": "*.shop.example"}],
  "authorizations": ["https://ca.example/authz/1", "../authz/2"], "finalize": "/finalize/1",
  "certificate": "https://ca.example/cert/1", "profile": "shortlived", "notBefore": "2027-01-15T10:00:00Z", "x": [{}]})";

std::string order_with(std::string_view from, std::string_view to) {
  std::string text(kOrder);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(AuthorityJson, ReadsAnOrder) {
  const auto order = parse_order(kOrder, kFrom);
  ASSERT_TRUE(order.has_value()) << order.error().message;
  EXPECT_EQ(order->url, kFrom.text());
  EXPECT_EQ(order->status, OrderStatus::kValid);
  EXPECT_EQ(order->expires_at, from_ms(1'800'000'000'000));
  ASSERT_EQ(order->names.size(), 2U);
  EXPECT_EQ(order->names[0].text(), "shop.example");
  EXPECT_EQ(order->names[1].text(), "*.shop.example");
  EXPECT_EQ(order->authorizations,
            (std::vector<std::string>{"https://ca.example/authz/1", "https://ca.example/acme/authz/2"}));
  EXPECT_EQ(order->finalize_url, "https://ca.example/finalize/1");
  EXPECT_EQ(order->certificate_url, "https://ca.example/cert/1");
  EXPECT_EQ(order->profile, "shortlived");
  EXPECT_FALSE(order->problem.has_value());
}

TEST(AuthorityJson, ReadsTimesWithAnyOffset) {
  for (const auto* time : {"2027-01-15T08:00:00Z", "2027-01-15t08:00:00.000000000z", "2027-01-15T03:30:00-04:30",
                           "2027-01-15T08:00:00+00:00"}) {
    const auto order = parse_order(order_with("2027-01-15T10:00:00+02:00", time), kFrom);
    ASSERT_TRUE(order.has_value()) << time << order.error().message;
    EXPECT_EQ(order->expires_at, from_ms(1'800'000'000'000)) << time;
  }
  for (const auto* time :
       {"tomorrow", "2027-01-15T08:00:00", "2027-01-15T08:00:00+24:00", "2027-01-15T08:00:00*02:00", "+02:00"}) {
    EXPECT_FALSE(parse_order(order_with("2027-01-15T10:00:00+02:00", time), kFrom)) << time;
  }
}

TEST(AuthorityJson, RefusesAnOrderThatIsNone) {
  for (const auto& text : {
           std::string(),
           std::string("[]"),
           std::string("{}"),
           std::string("<html>"),
           order_with(R"("valid")", R"("done")"),                               // a status of nobody's
           order_with(R"("valid")", "1"),                                       // and one of another type
           order_with(R"("type": "dns")", R"("type": "ip")"),                   // not what we have asked for
           order_with("Shop.Example", "shop..example"),                         // no name
           order_with(R"("/finalize/1")", R"("")"),                             // nowhere to go
           order_with("../authz/2", "ftp://ca.example/"),                       // nowhere that we go
           order_with(R"("../authz/2")", "{}"),                                 // no text
           order_with("https://ca.example/cert/1", ""),                         // valid, and nothing to show for it
           order_with(R"("x":)", R"("status":)"),                               // twice
           order_with("shortlived", R"(short\u0000lived)"),                     // unprintable
           order_with(R"([{}])", std::string(40, '[') + std::string(40, ']')),  // too deep
           order_with("shortlived", std::string(5000, 'a')),
       }) {
    const auto order = parse_order(text, kFrom);
    ASSERT_FALSE(order.has_value()) << text;
    EXPECT_EQ(order.error().kind, Kind::kProtocol) << order.error().message;
  }
}

TEST(AuthorityJson, ReadsSoManyNamesAndAuthorizationsAndNoMore) {
  constexpr std::string_view kName = R"({"type":"dns","value":"shop.example"})";
  const auto order = [&](std::size_t names, std::size_t authorizations) {
    return parse_order(format(R"({{"status":"pending","identifiers":[{}],"authorizations":[{}],"finalize":"/f"}})",
                              repeated(kName, names), repeated(R"("/a")", authorizations)),
                       kFrom);
  };
  EXPECT_TRUE(order(Order::names_max, Order::names_max).has_value());
  EXPECT_EQ(order(Order::names_max + 1, 1).error().kind, Kind::kTooLarge);
  EXPECT_EQ(order(1, Order::names_max + 1).error().kind, Kind::kTooLarge);
}

TEST(AuthorityJson, ReadsAnAuthorizationWithItsChallenges) {
  const auto authorization = parse_authorization(R"({
    "status": "invalid", "identifier": {"type": "dns", "value": "shop.example"}, "wildcard": true,
    "challenges": [
      {"type": "dns-persist-01", "url": "/c/0", "status": "pending", "issuer-domain-names": []},
      {"type": "http-01", "url": "/c/1", "status": "pending", "token": "a_-1"},
      {"type": "dns-01", "url": "/c/2", "status": "invalid", "token": "a_-1", "validated": "2027-01-15T08:00:00Z",
       "error": {"type": "urn:ietf:params:acme:error:dns", "detail": "SERVFAIL", "status": 400}}]})",
                                                 kFrom);
  ASSERT_TRUE(authorization.has_value()) << authorization.error().message;
  EXPECT_EQ(authorization->status, AuthorizationStatus::kInvalid);
  EXPECT_EQ(authorization->name.text(), "shop.example");
  EXPECT_TRUE(authorization->is_wildcard);
  const auto* challenge = authorization->find(ChallengeType::kDns01);
  ASSERT_NE(challenge, nullptr);
  EXPECT_EQ(challenge->url, "https://ca.example/c/2");
  EXPECT_EQ(challenge->token, "a_-1");
  EXPECT_EQ(challenge->validated_at, from_ms(1'800'000'000'000));
  EXPECT_EQ(authorization->find(ChallengeType::kTlsAlpn01), nullptr);
  ASSERT_NE(authorization->problem(), nullptr);
  EXPECT_EQ(authorization->problem()->in_words(), "dns: SERVFAIL");
}

TEST(AuthorityJson, TakesNoTokenThatCouldNameAnotherFile) {
  for (const auto* token : {"", "../../etc/passwd", "a b", "a=", "ä"}) {
    const auto challenge =
        parse_challenge(format(R"({{"type":"http-01","url":"/c/1","status":"pending","token":"{}"}})", token), kFrom);
    ASSERT_FALSE(challenge.has_value()) << token;
    EXPECT_EQ(challenge.error().kind, Kind::kProtocol);
  }
}

TEST(AuthorityJson, ReadsSoManyChallengesAndNoMore) {
  const auto authorization = [&](std::size_t count) {
    return parse_authorization(
        format(R"({{"status":"pending","identifier":{{"type":"dns","value":"a.example"}},"challenges":[{}]}})",
               repeated(R"({"type":"dns-01","url":"/c","status":"pending","token":"a"})", count)),
        kFrom);
  };
  EXPECT_TRUE(authorization(Authorization::challenges_max).has_value());
  EXPECT_EQ(authorization(Authorization::challenges_max + 1).error().kind, Kind::kTooLarge);
}

TEST(AuthorityJson, ReadsADirectory) {
  const auto directory = parse_directory(R"({
    "newNonce": "https://ca.example/nonce", "newAccount": "/account", "newOrder": "order", "revokeCert": "/revoke",
    "keyChange": "/key", "renewalInfo": "https://ari.example/info/", "Xq3n": "https://community.example/",
    "meta": {"termsOfService": "https://ca.example/terms.pdf", "website": "not a URL", "caaIdentities": ["CA.example"],
             "externalAccountRequired": true, "profiles": {"classic": "as ever", "shortlived": null}}})",
                                         kFrom);
  ASSERT_TRUE(directory.has_value()) << directory.error().message;
  EXPECT_EQ(directory->new_account, "https://ca.example/account");
  EXPECT_EQ(directory->new_order, "https://ca.example/acme/order/order");
  EXPECT_EQ(directory->renewal_info, "https://ari.example/info/");
  EXPECT_EQ(directory->terms_of_service, "https://ca.example/terms.pdf");
  EXPECT_EQ(directory->website, "");
  EXPECT_EQ(directory->caa_identities, std::vector<std::string>{"ca.example"});
  EXPECT_TRUE(directory->needs_external_account);
  ASSERT_EQ(directory->profiles.size(), 2U);
  EXPECT_EQ(directory->profiles[0], (std::pair<std::string, std::string>{"classic", "as ever"}));
  EXPECT_TRUE(directory->has_profile("shortlived"));
  EXPECT_FALSE(directory->has_profile("tlsserver"));
}

TEST(AuthorityJson, WantsOfADirectoryOnlyWhatOrdersNeed) {
  const auto least = parse_directory(R"({"newNonce":"/n","newAccount":"/a","newOrder":"/o","meta":null})", kFrom);
  ASSERT_TRUE(least.has_value()) << least.error().message;
  EXPECT_EQ(least->renewal_info, "");
  EXPECT_FALSE(parse_directory(R"({"newNonce":"/n","newAccount":"/a"})", kFrom));
  EXPECT_FALSE(parse_directory(R"({"newNonce":"/n","newAccount":"/a","newOrder":7})", kFrom));
  EXPECT_FALSE(parse_directory(R"({"newNonce":"/n","newAccount":"/a","newOrder":"/o","meta":[]})", kFrom));
  EXPECT_FALSE(parse_directory(
      R"({"newNonce":"/n","newAccount":"/a","newOrder":"/o","meta":{"externalAccountRequired":"yes"}})", kFrom));
}

TEST(AuthorityJson, ReadsSoMuchOfADirectoryAndNoMore) {
  const auto directory = [](std::size_t profiles, std::size_t identities) {
    std::string all;
    for (std::size_t i = 0; i < profiles; ++i) all += format(R"({}"p{}":"")", i == 0 ? "" : ",", i);
    return parse_directory(
        format(
            R"({{"newNonce":"/n","newAccount":"/a","newOrder":"/o","meta":{{"profiles":{{{}}},"caaIdentities":[{}]}}}})",
            all, repeated(R"("ca.example")", identities)),
        kFrom);
  };
  EXPECT_TRUE(directory(Directory::profiles_max, Directory::caa_identities_max).has_value());
  EXPECT_EQ(directory(Directory::profiles_max + 1, 1).error().kind, Kind::kTooLarge);
  EXPECT_EQ(directory(1, Directory::caa_identities_max + 1).error().kind, Kind::kTooLarge);
}

TEST(AuthorityJson, ReadsAnAccount) {
  const auto account =
      parse_account(R"({"status":"deactivated","contact":["mailto:a@saas.example"]})", "https://ca.example/a/1");
  ASSERT_TRUE(account.has_value()) << account.error().message;
  EXPECT_EQ(account->status, AccountStatus::kDeactivated);
  EXPECT_EQ(account->contacts, std::vector<std::string>{"mailto:a@saas.example"});
  EXPECT_FALSE(parse_account(R"({"status":"pending"})", ""));
  EXPECT_TRUE(parse_account(
      format(R"({{"status":"valid","contact":[{}]}})", repeated(R"("a")", AccountState::contacts_max)), ""));
  EXPECT_FALSE(parse_account(
      format(R"({{"status":"valid","contact":[{}]}})", repeated(R"("a")", AccountState::contacts_max + 1)), ""));
}

TEST(AuthorityJson, ReadsAWindowThatIsOne) {
  const auto info = parse_renewal_info(R"({
    "suggestedWindow": {"start": "2027-01-15T08:00:00Z", "end": "2027-01-15T10:30:00+01:00"}, "explanationURL": "https://ca.example/why"})");
  ASSERT_TRUE(info.has_value()) << info.error().message;
  EXPECT_EQ(info->start, from_ms(1'800'000'000'000));
  EXPECT_EQ(info->end, info->start + minutes(90));
  EXPECT_EQ(info->explanation_url, "https://ca.example/why");
  EXPECT_EQ(info->retry_after, hours(6));
  EXPECT_FALSE(parse_renewal_info("{}"));
  EXPECT_FALSE(parse_renewal_info(R"({"suggestedWindow":{"start":"2027-01-15T08:00:00Z"}})"));
  EXPECT_FALSE(
      parse_renewal_info(R"({"suggestedWindow":{"start":"2027-01-15T08:00:00Z","end":"2027-01-15T08:00:00Z"}})"));
}

TEST(AuthorityJson, WritesWhatIsAskedForAndNothingElse) {
  const auto shop = DnsName::parse("*.shop.example").value();
  EXPECT_EQ(new_order_json({{shop}, "", ""}), R"({"identifiers":[{"type":"dns","value":"*.shop.example"}]})");
  EXPECT_EQ(new_order_json({{shop}, "shortlived", "a.b"}),
            R"({"identifiers":[{"type":"dns","value":"*.shop.example"}],"profile":"shortlived","replaces":"a.b"})");
  EXPECT_EQ(new_account_json({}, ""), "{}");
  EXPECT_EQ(
      new_account_json({{"mailto:a@saas.example"}, true, std::nullopt}, R"({"payload":""})"),
      R"({"contact":["mailto:a@saas.example"],"termsOfServiceAgreed":true,"externalAccountBinding":{"payload":""}})");
  EXPECT_EQ(contacts_json({}), R"({"contact":[]})");
  EXPECT_EQ(finalize_json("\x01\xff"), R"({"csr":"Af8"})");
  EXPECT_EQ(revocation_json("\x01\xff", 4), R"({"certificate":"Af8","reason":4})");
}

}  // namespace
}  // namespace signpost::acme
