// SPDX-License-Identifier: Apache-2.0
#include "services/endpoint_headers.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace signpost::services {
namespace {

const EndpointId kEndpoint(7);

crypto::MasterKey key(char digit = 'a') { return crypto::MasterKey::from_text(std::string(64, digit)).value(); }

model::Endpoint endpoint_with(std::vector<net::Header> headers, EndpointId id = kEndpoint) {
  model::Endpoint endpoint;
  endpoint.id = id;
  endpoint.headers = sealed_headers(headers, id, key()).value();
  return endpoint;
}

TEST(EndpointHeaders, OpenAsTheyWereGiven) {
  const auto endpoint = endpoint_with({{"Authorization", "Bearer hush"}, {"X-Tenant", "a b"}});
  for (const auto& header : endpoint.headers) EXPECT_FALSE(header.sealed.contains("hush"));
  const auto opened = opened_headers(endpoint, key());
  ASSERT_TRUE(opened);
  ASSERT_EQ(opened->size(), 2u);
  EXPECT_EQ((*opened)[0].name, "Authorization");
  EXPECT_EQ((*opened)[0].value, "Bearer hush");
  EXPECT_EQ((*opened)[1].value, "a b");
}

TEST(EndpointHeaders, DoNotOpenElsewhere) {
  auto endpoint = endpoint_with({{"Authorization", "Bearer hush"}});
  EXPECT_FALSE(opened_headers(endpoint, key('b')));
  auto renamed = endpoint;
  renamed.headers[0].name = "X-Other";
  EXPECT_FALSE(opened_headers(renamed, key()));
  endpoint.id = EndpointId(8);
  EXPECT_FALSE(opened_headers(endpoint, key()));
}

TEST(EndpointHeaders, RefuseTheNamesOfOthersAndTextsThatBreakARequest) {
  const auto refused = [](net::Header header) {
    const auto sealed = sealed_headers({header}, kEndpoint, key());
    return !sealed && sealed.error().kind == Kind::kUnprocessable && sealed.error().member.starts_with("headers.");
  };
  for (const auto* name : {"Host",
                           "host",
                           "Content-Length",
                           "Content-Type",
                           "content-encoding",
                           "Connection",
                           "Keep-Alive",
                           "Transfer-Encoding",
                           "TE",
                           "Trailer",
                           "Upgrade",
                           "Expect",
                           "Accept-Encoding",
                           "Proxy-Authorization",
                           "User-Agent",
                           "Entri-Signature",
                           "entri-timestamp",
                           "webhook-id",
                           "Webhook-Signature",
                           "Signpost-Test",
                           "CDN-Loop",
                           "",
                           "X Tenant",
                           "X:Tenant",
                           "X-Tenant\r\n",
                           "X-Ténant"}) {
    EXPECT_TRUE(refused({name, "v"})) << name;
  }
  EXPECT_TRUE(refused({std::string(101, 'a'), "v"}));
  for (const auto& value : {std::string(), std::string(" v"), std::string("v "), std::string("a\r\nB: c"),
                            std::string("a\tb"), std::string("a\0b", 3), std::string("é"), std::string(1025, 'v')}) {
    EXPECT_TRUE(refused({"X-Tenant", value})) << value;
  }
  EXPECT_TRUE(sealed_headers({{std::string(100, 'a'), std::string(1024, 'v')}}, kEndpoint, key()));
}

TEST(EndpointHeaders, AreAtMostTwentyAndNoneTwice) {
  std::vector<net::Header> headers;
  for (int i = 0; i < 20; ++i) headers.push_back({format("X-{}", i), "v"});
  EXPECT_TRUE(sealed_headers(headers, kEndpoint, key()));
  headers.push_back({"X-20", "v"});
  EXPECT_FALSE(sealed_headers(headers, kEndpoint, key()));
  EXPECT_EQ(sealed_headers({{"X-A", "1"}, {"x-a", "2"}}, kEndpoint, key()).error().member, "headers.x-a");
}

TEST(EndpointHeaders, NeverRepeatAValueInAnError) {
  const auto sealed = sealed_headers({{"Authorization", "Bearer hush\n"}}, kEndpoint, key());
  ASSERT_FALSE(sealed);
  EXPECT_FALSE(sealed.error().message.contains("hush"));
}

}  // namespace
}  // namespace signpost::services
