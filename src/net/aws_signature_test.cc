// SPDX-License-Identifier: Apache-2.0
#include "net/aws_signature.h"

#include <gtest/gtest.h>

#include "net/http_client.h"
#include "net/testing/scripted_server.h"

namespace signpost::net {
namespace {

using testing::RawPeer;
using testing::ScriptedServer;

TEST(AwsSignature, BringsAQueryIntoTheOneOrderAndSpelling) {
  EXPECT_EQ(signable_target("/a/b?WithTags"), "/a/b?WithTags=");
  EXPECT_EQ(signable_target("/?b=2&a=1&b=1"), "/?a=1&b=1&b=2");
  EXPECT_EQ(signable_target("/?Resource=arn:aws:cf::1:d/E1%2f%7e%41"),
            "/?Resource=arn%3Aaws%3Acf%3A%3A1%3Ad%2FE1%2F~A");
  EXPECT_EQ(signable_target("/?&&a=b=c"), "/?a=b%3Dc");
  EXPECT_EQ(signable_target("/2020-05-31/x"), "/2020-05-31/x");
  EXPECT_EQ(signable_target("/"), "/");
  EXPECT_EQ(signable_target("/a/?b"), "/a/?b=");
}

TEST(AwsSignature, RefusesWhatWouldBeReadInTwoWays) {
  for (const auto* target : {"/?a=b+c", "/?a=%4", "/?a=%zz", "/%41", "/a b", "a", "/a//b", "/a/../b", "/./a", "/ä"})
    EXPECT_EQ(signable_target(target).error().kind, Kind::kUnprocessable) << target;
}

TEST(AwsSignature, RefusesHeadersThatLibcurlSortsInAnotherOrder) {
  EXPECT_TRUE(check_signable({{"Content-Type", "text/xml"}, {"If-Match", "E1"}, {"X-Amz-Target", "A.B"}}));
  EXPECT_FALSE(check_signable({{"X-Amz-Date-Too", "1"}}));
  EXPECT_FALSE(check_signable({{"If", "1"}, {"If-Match", "E1"}}));
  EXPECT_FALSE(check_signable({{"A", "1"}, {"a", "2"}}));
  EXPECT_FALSE(check_signable({{"Authorization", "mine"}}));
}

TEST(AwsSignature, RefusesHeadersThatLibcurlSendsOtherThanItSignsThem) {
  EXPECT_FALSE(check_signable({{"A", ""}}));
  EXPECT_FALSE(check_signable({{"A", "b  c"}}));
  EXPECT_FALSE(check_signable({{"A", " b"}}));
}

HttpCall signed_call(std::string url) {
  return {.method = "PUT",
          .url = std::move(url),
          .headers = {{"Content-Type", "text/xml"}},
          .body = "<a/>",
          .aws_signature = AwsSignature{"us-east-1", "cloudfront", "AKIAEXAMPLE", crypto::Secret("the-very-secret"),
                                        crypto::Secret("session")}};
}

TEST(AwsSignature, OfACallNamesItsScopeAndShowsNoSecret) {
  std::string seen;
  {
    const ScriptedServer server([&](RawPeer& peer, int) {
      seen = peer.read_message();
      peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    });
    HttpClient client;
    ASSERT_TRUE(client.call_blocking(signed_call("http://127.0.0.1:" + std::to_string(server.port()) + "/a?c&b=1")));
  }
  EXPECT_TRUE(seen.starts_with("PUT /a?b=1&c= HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/"), std::string::npos) << seen;
  EXPECT_NE(
      seen.find(
          "/us-east-1/cloudfront/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "),
      std::string::npos)
      << seen;
  EXPECT_EQ(seen.find("Expect:"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("the-very-secret"), std::string::npos) << seen;
}

TEST(AwsSignature, NeedsKeyRegionServiceAndABodyOfBoundedSize) {
  HttpClient client;
  auto call = signed_call("http://127.0.0.1:1/");
  call.aws_signature->secret_access_key = crypto::Secret();
  EXPECT_EQ(client.call_blocking(call).error().kind, Kind::kUnprocessable);
  call = signed_call("http://127.0.0.1:1/");
  call.aws_signature->region = "us-east-1:s3";
  EXPECT_EQ(client.call_blocking(call).error().kind, Kind::kUnprocessable);
  call = signed_call("http://127.0.0.1:1/");
  call.aws_signature->session_token = crypto::Secret("a\r\nb");
  EXPECT_EQ(client.call_blocking(call).error().kind, Kind::kUnprocessable);
  call = signed_call("http://127.0.0.1:1/");
  call.body.assign(kSignedBodyBytesMax + 1, 'a');
  EXPECT_EQ(client.call_blocking(call).error().kind, Kind::kTooLarge);
}

}  // namespace
}  // namespace signpost::net
