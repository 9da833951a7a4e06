// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace signpost {
namespace {

std::string json_of(std::string_view text) {
  JsonText json;
  json.value(text);
  return std::move(json).take();
}

TEST(JsonText, PutsCommasBetweenMembersAndItemsAndNowhereElse) {
  JsonText json;
  json.begin_object();
  json.member("empty", std::vector<std::string>{});
  json.name("list");
  json.begin_array();
  json.begin_object();
  json.end_object();
  json.begin_object();
  json.member("a", 1);
  json.member("b", 2);
  json.end_object();
  json.value("x");
  json.end_array();
  json.member("last", true);
  json.end_object();
  EXPECT_EQ(std::move(json).take(), R"({"empty":[],"list":[{},{"a":1,"b":2},"x"],"last":true})");
}

TEST(JsonText, WritesEveryKindOfValue) {
  JsonText json;
  json.begin_array();
  json.value(nullptr);
  json.value(false);
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::uint16_t{65'535});
  json.value("text");
  json.value(std::string("string"));
  json.value(from_ms(1'800'000'000'123));
  json.value(EventId(1));
  json.value(std::optional<std::string>("there"));
  json.value(std::optional<Time>());
  json.value(std::vector<std::string>{"one", "two"});
  json.embed(R"({"n":1.50})");
  json.end_array();
  EXPECT_EQ(std::move(json).take(),
            R"([null,false,-9223372036854775808,65535,"text","string","2027-01-15T08:00:00.123Z","evt_0000000000001",)"
            R"("there",null,["one","two"],{"n":1.50}])");
}

TEST(JsonText, EscapesWhatATextMayNotHold) {
  EXPECT_EQ(json_of(""), R"("")");
  EXPECT_EQ(json_of("say \"hello\" \\ /"), R"("say \"hello\" \\ /")");
  EXPECT_EQ(json_of("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_of(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json_of("münchen €"), "\"münchen €\"");
}

TEST(JsonText, FindsAnEscapeWhereverItStands) {
  for (std::size_t size = 1; size < 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char c : {'"', '\\', '\n', '\x1f'}) {
        std::string text(size, 'x');
        text[at] = c;
        const auto escaped = json_of(std::string_view(&c, 1));
        const auto wanted = "\"" + std::string(at, 'x') + escaped.substr(1, escaped.size() - 2) +
                            std::string(size - at - 1, 'x') + "\"";
        EXPECT_EQ(json_of(text), wanted);
      }
    }
  }
}

TEST(JsonText, LeavesEveryOtherCharacterAsItIs) {
  std::string all;
  for (int c = 0x20; c < 0x80; ++c) {
    if (c != '"' && c != '\\') all += static_cast<char>(c);
  }
  all += "\xc2\x80\xc3\xbf\xe2\x82\xac\xf0\x9f\x8f\xa0";
  EXPECT_EQ(json_of(all), "\"" + all + "\"");
}

}  // namespace
}  // namespace signpost
