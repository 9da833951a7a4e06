// SPDX-License-Identifier: Apache-2.0
#include "net/http_message.h"

#include <gtest/gtest.h>

#include "net/response_head.h"

namespace signpost::net {
namespace {

TEST(HttpMessage, FindsHeadersInAnyCase) {
  Request request;
  request.headers = {{"Content-Type", "application/json"}, {"X-A", ""}};
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_TRUE(request.has_header("x-a"));
  EXPECT_FALSE(request.has_header("x-b"));
  EXPECT_EQ(request.header("x-b"), "");
}

TEST(HttpMessage, SetReplacesAHeaderOfTheSameName) {
  Response response;
  response.set("X-A", "1");
  response.set("x-a", "2");
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.header("X-A"), "2");
}

TEST(HttpTarget, IsSplitAtTheFirstQuestionMark) {
  EXPECT_EQ(split_target("GET", "/a%20b?x=1?y")->path, "/a%20b");
  EXPECT_EQ(split_target("GET", "/a%20b?x=1?y")->query, "x=1?y");
  EXPECT_EQ(split_target("GET", "/")->query, "");
  EXPECT_EQ(split_target("OPTIONS", "*")->path, "*");
}

TEST(HttpTarget, IsRefusedUnlessItIsACleanPath) {
  using namespace std::string_view_literals;
  for (const auto target : {""sv, "*"sv, "a"sv, "http://shop.example/"sv, "/a b"sv, "/\0"sv, "/a\x7f"sv, "/\xc3\xa4"sv,
                            "/a#b"sv, "/%"sv, "/%1"sv, "/%zz"sv, "/a\tb"sv}) {
    EXPECT_FALSE(split_target("GET", target).has_value()) << target;
  }
}

TEST(Problem, IsJsonWithItsTextEscaped) {
  const auto response = problem_response(413, "the \"body\"\\\n");
  EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Content Too Large","status":413,"detail":"the \"body\"\\\u000a"})");
}

TEST(ResponseHead, CannotBeBrokenByAHandlersHeaders) {
  Response response;
  response.body = "hello";
  response.headers = {{"X-Split", "a\r\nSet-Cookie: b"}, {"Content-Length", "1"}, {"X-Ok", "yes"}, {"X\n", "a"}};
  std::string out;
  append_response(out, response, BodyWritten::kYes, ConnectionField::kNone, "D");
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 5\r\nX-Ok: yes\r\n\r\nhello");
}

TEST(ResponseHead, OfNoContentHasNoBody) {
  Response response;
  response.status = 204;
  response.body = "ignored";
  std::string out;
  append_response(out, response, BodyWritten::kYes, ConnectionField::kClose, "D");
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nDate: D\r\nConnection: close\r\n\r\n");
}

TEST(HttpDate, IsImfFixdate) { EXPECT_EQ(to_http_date(from_ms(784'111'777'000)), "Sun, 06 Nov 1994 08:49:37 GMT"); }

}  // namespace
}  // namespace signpost::net
