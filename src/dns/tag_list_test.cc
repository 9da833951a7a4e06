// SPDX-License-Identifier: Apache-2.0
#include "dns/tag_list.h"

#include <gmock/gmock.h>

#include "base/text.h"

namespace signpost::dns {
namespace {

using testing::HasSubstr;

TEST(TagList, IsReadWithAnyWhiteSpace) {
  for (const auto* text : {"v=X1;p=a b;q=", " v = X1 ; p = a b ; q = ; ", "V=X1;\tP=a b;\r\n Q="}) {
    const auto list = TagList::parse(text);
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(list->text(), "v=X1; p=a b; q=");
    EXPECT_EQ(TagList::parse(list->text()).value(), *list);
  }
}

TEST(TagList, KeepsAnEqualsSignInsideAValue) { EXPECT_EQ(*TagList::parse("p=ab==")->find("p"), "ab=="); }

TEST(TagList, SaysWhatIsWrong) {
  for (const auto& [text, says] : {std::pair{"", "is no tag"},
                                   {"v=1;;p=2", "is no tag"},
                                   {"v=1; p", "is no tag"},
                                   {"v=1; 1p=2", "name of a tag"},
                                   {"v=1; =2", "name of a tag"},
                                   {"v=1; p=2; P=3", "there twice"}}) {
    const auto list = TagList::parse(text);
    ASSERT_FALSE(list) << text;
    EXPECT_THAT(list.error().message, HasSubstr(says)) << text;
  }
}

TEST(TagList, HasNoMoreTagsThanTheLimit) {
  std::string text;
  for (std::size_t i = 0; i < kTagsMax; ++i) text += format("t{}=1;", i);
  EXPECT_TRUE(TagList::parse(text));
  EXPECT_FALSE(TagList::parse(text + "more=1"));
}

}  // namespace
}  // namespace signpost::dns
