// SPDX-License-Identifier: Apache-2.0
#include "net/response_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace signpost::net {
namespace {

using Step = ResponseReader::Step;

/// Feeds bytes in pieces of at most `piece` and returns the first step that is not "more".
Step feed(ResponseReader& reader, std::string_view bytes, std::size_t piece) {
  auto step = reader.advance();
  while (step == Step::kNeedMore && !bytes.empty()) {
    const auto room = reader.room();
    const auto count = std::min({room.size(), piece, bytes.size()});
    std::memcpy(room.data(), bytes.data(), count);
    reader.received(count);
    bytes.remove_prefix(count);
    step = reader.advance();
  }
  return step;
}

TEST(ResponseReader, ReadsAResponseHoweverItIsCut) {
  struct Row {
    std::string_view bytes;
    std::string_view body;
  };
  for (const auto& [bytes, body] : {
           Row{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
           Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
           Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nT: t\r\n\r\n", "abc"},
           Row{"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
       }) {
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      const ResponseLimits limits;
      ResponseReader reader(limits);
      ASSERT_EQ(feed(reader, bytes, piece), Step::kComplete) << bytes << " by " << piece << ": " << reader.why();
      EXPECT_EQ(reader.seen().status, 200);
      EXPECT_EQ(reader.seen().body, body);
      EXPECT_TRUE(reader.is_reusable());
    }
  }
}

TEST(ResponseReader, EndsABodyWithoutLengthWhereTheConnectionEnds) {
  const ResponseLimits limits;
  ResponseReader reader(limits);
  ASSERT_EQ(feed(reader, "HTTP/1.1 200 OK\r\n\r\nabc", 7), Step::kNeedMore);
  EXPECT_EQ(reader.at_end(), Step::kComplete);
  EXPECT_EQ(reader.seen().body, "abc");
  EXPECT_FALSE(reader.is_reusable());
}

TEST(ResponseReader, TakesNoNumberUnder100ForAStatus) {
  for (const std::string_view status : {"000", "001", "099"}) {
    const ResponseLimits limits;
    ResponseReader reader(limits);
    EXPECT_EQ(feed(reader, "HTTP/1.1 " + std::string(status) + " Low\r\nContent-Length: 0\r\n\r\n", 100),
              Step::kBroken);
    EXPECT_NE(reader.why().find(status), std::string::npos) << reader.why();
    EXPECT_FALSE(reader.has_head());
  }
}

TEST(ResponseReader, SaysWhereAConnectionEndedTooEarly) {
  for (const std::string_view bytes : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
                                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    const ResponseLimits limits;
    ResponseReader reader(limits);
    ASSERT_EQ(feed(reader, bytes, 100), Step::kNeedMore) << bytes;
    EXPECT_EQ(reader.at_end(), Step::kBroken) << bytes;
    EXPECT_NE(reader.why().find("ended"), std::string::npos) << reader.why();
  }
}

}  // namespace
}  // namespace signpost::net
