// SPDX-License-Identifier: Apache-2.0
#include "cloud/aws_caller.h"

#include <gtest/gtest.h>

#include "cloud/testing/aws_world.h"

namespace signpost::cloud {
namespace {

using namespace std::chrono_literals;

AwsCaller::Fault read_fault(const net::HttpReply& reply) {
  for (const auto* code : {"SignatureDoesNotMatch", "Throttling", "NoSuchResource", "InvalidSignatureException",
                           "UnknownOperationException"}) {
    if (reply.body.find(code) != std::string::npos) return {code, reply.body};
  }
  return {"Another", reply.body};
}

class AwsCallerTest : public testing::AwsWorld {
 protected:
  AwsCaller caller(std::string service) {
    AwsCaller::Settings settings;
    settings.service = std::move(service);
    return AwsCaller(http_, credentials_, random_, server_.pointed_here(settings), &read_fault);
  }
  /// The server makes every signature again from the bytes that arrive; what it says next does not matter here.
  std::string code_of(AwsRequest request, std::string service = "cloudfront") {
    request.action = "trying";
    auto calling = caller(std::move(service));
    const auto answer = run(calling.call(std::move(request), soon()));
    return answer ? "" : answer.error().code;
  }
};

TEST_F(AwsCallerTest, SignsEveryQueryThatItTakes) {
  for (const auto* query : {"?b=2&a=1", "?WithTags", "?WithTags=", "?a=1&a=0&A=2", "?x=%2f%2F/:@!$'()*,;",
                            "?Resource=arn:aws:cloudfront::1:distribution/E1", "?a=b=c&=d", "?%C3%A4=%e2%82%ac",
                            "?a-b=1&a.b=2&a_b=3&a~b=4&aB=5"})
    EXPECT_EQ(code_of({.method = "GET", .target = format("/nothing{}", query)}), "NoSuchResource") << query;
}

TEST_F(AwsCallerTest, SignsEveryMethodWithAndWithoutABody) {
  for (const auto* method : {"GET", "PUT", "POST", "DELETE"}) {
    EXPECT_EQ(code_of({.method = method, .target = "/nothing"}), "NoSuchResource") << method;
    EXPECT_EQ(code_of({.method = method,
                       .target = "/nothing",
                       .headers = {{"Content-Type", "text/xml"}},
                       .body = std::string("<a>\0ä</a>", 10)}),
              "NoSuchResource")
        << method;
  }
}

TEST_F(AwsCallerTest, SignsTheLongestBody) {
  EXPECT_EQ(code_of({.method = "PUT",
                     .target = "/nothing",
                     .headers = {{"Content-Type", "text/xml"}},
                     .body = std::string(net::kSignedBodyBytesMax, 'a')}),
            "NoSuchResource");
}

TEST_F(AwsCallerTest, SignsHeadersInWhateverOrderTheyAreGiven) {
  EXPECT_EQ(code_of({.method = "PUT",
                     .target = "/nothing",
                     .headers = {{"X-Amz-Meta-Z", "one two"},
                                 {"If-Match", "E1:\"2\""},
                                 {"accept", "text/xml"},
                                 {"Content-Type", "text/xml"},
                                 {"X-Amz-Acl", "b"}},
                     .body = "<a/>"}),
            "NoSuchResource");
}

TEST_F(AwsCallerTest, SignsASession) {
  server_.control("keys", R"({"ASIA": {"secret": "s/+=", "token": "t/+==", "account": "111122223333"}})");
  class Session final : public AwsCredentialSource {
   public:
    Task<AwsResult<AwsCredentials>> credentials() override {
      co_return AwsCredentials{"ASIA", crypto::Secret("s/+="), crypto::Secret("t/+=="), {}};
    }
    void refused(std::string) override {}
  } session;
  AwsCaller::Settings settings;
  settings.service = "acm";
  AwsCaller calling(http_, session, random_, server_.pointed_here(settings), &read_fault);
  AwsRequest request{
      .method = "POST",
      .headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "CertificateManager.Nothing"}},
      .body = "{}"};
  EXPECT_EQ(run(calling.call(request, soon())).error().code, "UnknownOperationException");
}

TEST_F(AwsCallerTest, RefusesWhatLibcurlWouldSignWronglyBeforeItLeaves) {
  EXPECT_EQ(code_of({.method = "GET", .target = "/a+b"}), "");
  EXPECT_EQ(code_of({.method = "GET", .target = "/nothing?a=b+c"}), "");
  EXPECT_EQ(code_of({.method = "GET", .target = "/nothing", .headers = {{"X-Amz-Meta", "a"}, {"X-Amz-Meta-B", "b"}}}),
            "");
  EXPECT_TRUE(state().at("log").as_array().empty());
}

TEST_F(AwsCallerTest, IsWithinItsDeadlineHoweverOftenItIsThrottled) {
  fail_next("*", "Throttling", 1'000'000);
  auto calling = caller("cloudfront");
  const auto began = std::chrono::steady_clock::now();
  const auto answer = run(calling.call({.target = "/2020-05-31/distribution", .action = "listing"}, began + 100ms));
  EXPECT_EQ(answer.error().trouble, AwsTrouble::kThrottled);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

}  // namespace
}  // namespace signpost::cloud
