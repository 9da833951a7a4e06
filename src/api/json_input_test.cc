// SPDX-License-Identifier: Apache-2.0
#include "api/json_input.h"

#include <gtest/gtest.h>

namespace signpost::api {
namespace {

net::Request request_with(std::string body, std::string type = "application/json") {
  net::Request request;
  request.headers = {{"Content-Type", std::move(type)}};
  request.body = std::move(body);
  return request;
}

Error error_of(const std::string& body) {
  const auto read = JsonBody::read(request_with(body));
  EXPECT_FALSE(read) << body;
  return read ? Error{} : read.error();
}

JsonBody body_of(std::string body) { return JsonBody::read(request_with(std::move(body))).value(); }

TEST(JsonBody, TakesJsonInUtf8Only) {
  for (const auto* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "application/json;charset=\"UTF-8\""}) {
    EXPECT_TRUE(JsonBody::read(request_with("{}", type))) << type;
  }
  for (const auto* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1",
                           "application/jsonp", "application/json; boundary=x"}) {
    EXPECT_EQ(JsonBody::read(request_with("{}", type)).error().kind, Kind::kUnsupportedMedia) << type;
  }
  auto compressed = request_with("{}");
  compressed.headers.push_back({"Content-Encoding", "gzip"});
  EXPECT_EQ(JsonBody::read(compressed).error().kind, Kind::kUnsupportedMedia);
}

TEST(JsonBody, MustBeOneObject) {
  for (const auto* body :
       {"", "   ", "[]", "1", "null", "\"x\"", "{", "{}{}", "{} x", "{'a':1}", "{\"a\":1,}", "{\"a\":01}",
        "{\"a\":NaN}", "// c\n{}", "{\"a\":\"\xff\"}", "\xef\xbb\xbf{}", "{\"a\":\"\\ud800\"}"}) {
    EXPECT_EQ(error_of(body).kind, Kind::kInvalid) << body;
  }
}

TEST(JsonBody, MayBeEmptyWhereNothingIsAsked) {
  EXPECT_TRUE(JsonBody::read_or_empty(net::Request{}));
  EXPECT_FALSE(JsonBody::read_or_empty(request_with("x")));
}

TEST(JsonBody, RefusesANameTwiceAndNamesIt) {
  EXPECT_EQ(error_of(R"({"step":1,"step":2})").member, "step");
  EXPECT_EQ(error_of(R"({"records":[{"type":"A"},{"type":"A","\u0074ype":"B"}]})").member, "records[1].type");
}

TEST(JsonBody, RefusesANestingBomb) {
  const auto nested = [](int levels) {
    return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  EXPECT_TRUE(JsonBody::read(request_with(nested(16))));
  EXPECT_EQ(error_of(nested(17)).kind, Kind::kInvalid);
  EXPECT_EQ(error_of(std::string(60'000, '[')).kind, Kind::kInvalid);
}

TEST(JsonBody, RefusesTooManyValues) {
  std::string body = "{\"a\":[0";
  for (std::size_t i = 0; i < JsonValue::values_max; ++i) body += ",0";
  EXPECT_EQ(error_of(body + "]}").kind, Kind::kInvalid);
}

TEST(JsonBody, RefusesNulInTextsAndNames) {
  const auto error = error_of(R"({"host":"www\u0000.shop.example"})");
  EXPECT_EQ(error.kind, Kind::kUnprocessable);
  EXPECT_EQ(error.member, "host");
  EXPECT_EQ(error_of(R"({"a\u0000b":1})").kind, Kind::kUnprocessable);
}

TEST(ObjectReader, TakesOnlyWholeNumbersSpelledAsSuch) {
  EXPECT_EQ(body_of(R"({"step":1})").object().integer("step", 1, 2), 1);
  for (const auto* wrong : {"1.0", "1e0", "\"1\"", "true", "null", "[1]", "{}"}) {
    const auto body = body_of(R"({"step":)" + std::string(wrong) + "}");
    const auto step = body.object().integer("step", 1, 2);
    ASSERT_FALSE(step) << wrong;
    EXPECT_EQ(step.error().kind, Kind::kInvalid) << wrong;
    EXPECT_EQ(step.error().member, "step");
  }
  for (const auto* wrong : {"3", "0", "-1", "99999999999999999999"}) {
    const auto body = body_of(R"({"step":)" + std::string(wrong) + "}");
    EXPECT_EQ(body.object().integer("step", 1, 2).error().kind, Kind::kUnprocessable) << wrong;
  }
}

TEST(ObjectReader, SaysWhatWasWantedAndWhatWasSent) {
  const auto body = body_of(R"({"step":"1"})");
  EXPECT_EQ(body.object().integer("step", 1, 2).error().message,
            R"(step must be the number 1 or 2; you sent the text "1")");
  EXPECT_EQ(body.object().integer("other", 1, 2).error().message, "other is missing; it must be the number 1 or 2");
}

TEST(ObjectReader, NamesMembersByTheirPath) {
  const auto body = body_of(R"({"records":[{"type":"A"},{"type":5}]})");
  const auto records = body.object().objects("records", 10).value();
  EXPECT_EQ(records[1].text("type").error().member, "records[1].type");
  EXPECT_EQ(body.object().objects("records", 1).error().member, "records");
}

TEST(ObjectReader, ListsWhatItKnowsBesideWhatItDoesNot) {
  const auto body = body_of(R"({"name":"x","nmae":"y"})");
  EXPECT_TRUE(body.object().only({"name", "nmae"}));
  const auto refused = body.object().only({"name", "host"});
  EXPECT_EQ(refused.error().kind, Kind::kInvalid);
  EXPECT_EQ(refused.error().member, "nmae");
  EXPECT_TRUE(refused.error().message.contains("name, host"));
  EXPECT_EQ(body.object().unknown({"name"}), 1U);
}

TEST(ObjectReader, TakesNullForAbsentWhereAMemberIsOptional) {
  const auto body = body_of(R"({"a":null})");
  EXPECT_FALSE(body.object().optional_text("a").value());
  EXPECT_FALSE(body.object().optional_integer("a", 0, 1).value());
  EXPECT_FALSE(body.object().optional_flag("a").value());
  EXPECT_FALSE(body.object().optional_object("a").value());
  EXPECT_FALSE(body.object().optional_object_json("a", 10).value());
  EXPECT_TRUE(body.object().texts("a", 1).value().empty());
  EXPECT_FALSE(body.object().optional_text("b").value());
}

TEST(ObjectReader, NeverTakesNullForAMemberThatIsNeeded) {
  const auto body = body_of(R"({"a":null})");
  EXPECT_EQ(body.object().text("a").error().message, "a must be a text; you sent null");
  EXPECT_FALSE(body.object().integer("a", 0, 1));
  EXPECT_FALSE(body.object().objects("a", 1));
}

TEST(ObjectReader, KeepsNumbersOfMetadataAsTheyWereSpelled) {
  const auto body = body_of(R"({"metadata": {"n": 1.50, "big": 12345678901234567890123, "t": "a\"b"}})");
  EXPECT_EQ(body.object().optional_object_json("metadata", 100),
            R"({"n":1.50,"big":12345678901234567890123,"t":"a\"b"})");
  EXPECT_EQ(body.object().optional_object_json("metadata", 10).error().kind, Kind::kUnprocessable);
}

TEST(ObjectReader, LimitsTexts) {
  const auto body = body_of(R"({"a":"","b":"abc"})");
  EXPECT_EQ(body.object().text("a").error().kind, Kind::kUnprocessable);
  EXPECT_EQ(body.object().text("b", {.bytes_max = 2}).error().kind, Kind::kUnprocessable);
  EXPECT_EQ(body.object().text("b", {.bytes_max = 3}), "abc");
}

}  // namespace
}  // namespace signpost::api
