// SPDX-License-Identifier: Apache-2.0
#include "dns/inquiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "base/text.h"

namespace signpost::dns {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

DnsName name(std::string_view text) { return DnsName::parse(text).value(); }
net::UdpEndpoint at(int server) { return {boost::asio::ip::make_address(format("192.0.2.{}", server)), 53}; }

Probe answer(int server, const Expectation& wanted, Rcode rcode, Recursion recursion = Recursion::kNotDesired) {
  Probe probe{format("ns{}.dns.example", server), at(server), {wanted.name, wire_type_of(wanted.type)}, recursion};
  probe.exchange.outcome = Outcome::kAnswer;
  probe.exchange.answer.emplace().rcode = rcode;
  probe.exchange.answer->authoritative = recursion == Recursion::kNotDesired;
  return probe;
}

/// A zone with DS whose three names have two addresses, and resolvers that fail: as much to ask as there can be.
struct Scene {
  Expectation wanted;
  std::vector<Expectation> all = {wanted};
  std::vector<Probe> authorities = {answer(1, wanted, Rcode::kNxDomain), answer(2, wanted, Rcode::kNxDomain),
                                    answer(1, wanted, Rcode::kNxDomain)};
  std::vector<Probe> resolvers = {};
  ZoneView zone = {{name("shop.example"), {}}, {}, {}};
  bool is_absent = true;
  bool is_split = true;

  Scene(std::string_view host, RecordType type, std::string_view value)
      : wanted{name(host), type, std::string(value), std::nullopt} {
    for (int i = 11; i < 15; ++i) resolvers.push_back(answer(i, wanted, Rcode::kServFail, Recursion::kDesired));
    zone.above = Above{name("example"), "a.nic.example", "192.0.2.99:53", false, {}, {}, {"1 13"}};
  }
  Beyond planned() const {
    return plan({wanted, all, authorities, resolvers, authorities.data(), is_absent, is_split, zone}, "signpost-1");
  }
  std::vector<std::string> places() const {
    std::vector<std::string> names;
    for (const auto& probe : planned().elsewhere) names.push_back(probe.question.name.text());
    return names;
  }
};

constexpr std::array kTypes{RecordType::kA,  RecordType::kAaaa, RecordType::kCname, RecordType::kTxt,
                            RecordType::kMx, RecordType::kNs,   RecordType::kCaa,   RecordType::kSrv};

TEST(Inquiry, AsksWhereAFormMayHavePutTheRecord) {
  EXPECT_THAT(Scene("_acme-challenge.www.shop.example", RecordType::kTxt, "x").places(),
              ElementsAre("_acme-challenge.www.shop.example.shop.example", "www._acme-challenge.www.shop.example",
                          "shop.example", "www.shop.example", "acme-challenge.www.shop.example",
                          "_acme-challenge.shop.example"));
  EXPECT_THAT(Scene("shop.example", RecordType::kTxt, "x").places(),
              ElementsAre("shop.example.shop.example", "www.shop.example"));
}

TEST(Inquiry, DoesNotLookForARecordWhereAnotherOneIsWanted) {
  Scene scene("www.shop.example", RecordType::kA, "192.0.2.10");
  scene.all.push_back({name("shop.example"), RecordType::kA, "192.0.2.11", std::nullopt});
  EXPECT_THAT(scene.places(), Not(Contains("shop.example")));
}

TEST(Inquiry, AsksNoMoreThanItsBoundAndNothingTwice) {
  for (const auto type : kTypes) {
    for (const bool is_absent : {true, false}) {
      Scene scene("_acme-challenge.a.b.shop.example", type, "target.example");
      scene.is_absent = is_absent;
      auto beyond = scene.planned();
      EXPECT_EQ(beyond.serials.size(), 2U) << "once per address, whatever names it has";
      beyond.serials.clear();
      std::size_t questions = 0;
      std::set<std::string> asked;
      for_each(beyond, [&](const Probe& probe) {
        questions += probe.wants_flattened && probe.question.type == WireType::kCname ? 3 : 1;
        const auto text = format("{} {} {} {}", text_of(probe.endpoint), static_cast<int>(probe.recursion),
                                 probe.question.name.text(), name_of(probe.question.type));
        EXPECT_TRUE(asked.insert(text).second) << text;
      });
      EXPECT_LE(questions, kQuestionsMax) << signpost::name_of(type);
    }
  }
}

TEST(Inquiry, AsksForTheAddressesOfAFlattenedNameOnlyWhereTheyAreCompared) {
  auto beyond = Scene("www.shop.example", RecordType::kCname, "app.saas.example").planned();
  for_each(beyond, [&](const Probe& probe) {
    EXPECT_EQ(probe.wants_flattened, &probe == &*beyond.wildcard) << probe.question.name.text();
  });
}

}  // namespace
}  // namespace signpost::dns
