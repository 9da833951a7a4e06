// SPDX-License-Identifier: Apache-2.0
#include "net/request_reader.h"

#include <gtest/gtest.h>

#include <cstring>

namespace signpost::net {
namespace {

using Step = RequestReader::Step;

/// Feeds bytes in pieces of at most `piece` and returns the first step that is not "more".
Step feed(RequestReader& reader, std::string_view bytes, std::size_t piece = 1'000'000) {
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

struct Reading {
  HttpLimits limits;
  RequestReader reader{limits, IpAddress{}};
};

int refused_with(std::string_view bytes, const HttpLimits& limits = {}) {
  RequestReader reader(limits, IpAddress{});
  return feed(reader, bytes) == Step::kRefused ? reader.refusal().status : 0;
}

TEST(RequestReader, ReadsARequestHoweverItIsCut) {
  constexpr std::string_view kBytes = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Two: 2\r\n\r\nhello";
  for (std::size_t piece = 1; piece <= kBytes.size(); ++piece) {
    Reading r;
    ASSERT_EQ(feed(r.reader, kBytes, piece), Step::kComplete) << piece;
    EXPECT_TRUE(r.reader.keeps_alive());
    const auto request = r.reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/a");
    EXPECT_EQ(request.query, "b=c");
    EXPECT_EQ(request.header("x-two"), "2");
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(r.reader.phase(), RequestReader::Phase::kIdle);
  }
}

TEST(RequestReader, SkipsBlankLinesBeforeARequestHoweverTheyAreCut) {
  constexpr std::string_view kBytes = "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  for (std::size_t piece = 1; piece <= kBytes.size(); ++piece) {
    Reading r;
    ASSERT_EQ(feed(r.reader, kBytes, piece), Step::kComplete) << piece << ": " << r.reader.refusal().detail;
    EXPECT_EQ(r.reader.take().path, "/a");
  }
}

TEST(RequestReader, DecodesChunksHoweverTheyAreCut) {
  constexpr std::string_view kBytes =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n7\r\n, "
      "world\r\n0\r\nX-Trailer: t\r\n\r\n";
  for (std::size_t piece = 1; piece <= kBytes.size(); ++piece) {
    Reading r;
    ASSERT_EQ(feed(r.reader, kBytes, piece), Step::kComplete) << piece;
    const auto request = r.reader.take();
    EXPECT_EQ(request.body, "hello, world");
    EXPECT_FALSE(request.has_header("X-Trailer"));
  }
}

TEST(RequestReader, TakesAnEmptyChunkedBodyHoweverItIsCut) {
  for (const std::string_view end : {"0\r\n\r\n", "0\r\nX-Trailer: t\r\n\r\n", "00;a=b\r\n\r\n"}) {
    const auto bytes = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(end);
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      Reading r;
      ASSERT_EQ(feed(r.reader, bytes, piece), Step::kComplete) << piece;
      EXPECT_EQ(r.reader.take().body, "");
    }
  }
}

TEST(RequestReader, KeepsThePipelinedRequestForLater) {
  Reading r;
  ASSERT_EQ(
      feed(r.reader, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      Step::kComplete);
  EXPECT_EQ(r.reader.take().path, "/1");
  ASSERT_EQ(r.reader.advance(), Step::kComplete);
  EXPECT_FALSE(r.reader.keeps_alive());
  EXPECT_EQ(r.reader.take().path, "/2");
  EXPECT_EQ(r.reader.advance(), Step::kNeedMore);
}

TEST(RequestReader, AsksForTheBodyOnlyWhenTheClientWaits) {
  Reading r;
  constexpr std::string_view kHead = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  ASSERT_EQ(feed(r.reader, kHead), Step::kSendContinue);
  ASSERT_EQ(feed(r.reader, "ok"), Step::kComplete);
  EXPECT_EQ(r.reader.take().body, "ok");
  ASSERT_EQ(feed(r.reader, std::string(kHead) + "ok"), Step::kComplete);
}

TEST(RequestReader, RefusesWhatCouldBeReadInTwoWays) {
  struct Row {
    const char* bytes;
    int status;
  };
  for (const auto& [bytes, status] : {
           Row{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", 501},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
           Row{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
           Row{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXY\r\n", 400},
           Row{"GET / HTTP/1.1\r\n\r\n", 400},
           Row{"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
           Row{"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400},
           Row{"GET /\r\n\r\n", 400},
           Row{"GARBAGE\r\n\r\n", 400},
           Row{"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
           Row{"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
           Row{"GET / HTTP/1.1\nHost: x\n\n", 400},
           Row{"G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
           Row{"GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", 400},
           Row{"GET / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n", 400},
           Row{"GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", 417},
           Row{"\x16\x03\x01\x02\r\n\r\n", 400},
       }) {
    EXPECT_EQ(refused_with(bytes), status) << bytes;
  }
}

TEST(RequestReader, TakesABodyUpToItsLimitAndNoByteMore) {
  const HttpLimits limits{.body_bytes_max = 10};
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_EQ(refused_with(head + "Content-Length: 10\r\n\r\n0123456789", limits), 0);
  EXPECT_EQ(refused_with(head + "Content-Length: 11\r\n\r\n", limits), 413);
  EXPECT_EQ(refused_with(head + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", limits), 0);
  EXPECT_EQ(refused_with(head + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n", limits), 413);
  EXPECT_EQ(refused_with(head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", limits), 413);
}

/// Ten bytes of body; twenty from whoever is known.
struct TwoLimits {
  mutable int asked = 0;
  HttpLimits limits{.body_bytes_max = 10, .larger_body_max = [this](const Request& head) -> std::size_t {
                      ++asked;
                      return head.path == "/long" && head.header("Authorization") == "known" ? 20 : 0;
                    }};
  static std::string head(std::string_view authorization) {
    return "POST /long HTTP/1.1\r\nHost: x\r\nAuthorization: " + std::string(authorization) + "\r\n";
  }
};

TEST(RequestReader, TakesALongerBodyOnlyOfWhomItsHeadProves) {
  const TwoLimits two;
  const auto known = TwoLimits::head("known");
  const auto unknown = TwoLimits::head("unknown");
  const std::string twenty = "Content-Length: 20\r\n\r\n" + std::string(20, 'a');
  const std::string chunks = "Transfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n";
  EXPECT_EQ(refused_with(known + twenty, two.limits), 0);
  EXPECT_EQ(refused_with(unknown + twenty, two.limits), 413);
  EXPECT_EQ(refused_with(known + "Content-Length: 21\r\n\r\n", two.limits), 413);
  EXPECT_EQ(refused_with(known + chunks + "4\r\n0123\r\n0\r\n\r\n", two.limits), 0);
  EXPECT_EQ(refused_with(known + chunks + "5\r\n", two.limits), 413);
  EXPECT_EQ(refused_with(unknown + chunks, two.limits), 413);
}

TEST(RequestReader, SaysWhichOfTwoLimitsABodyIsOver) {
  const TwoLimits two;
  RequestReader unknown(two.limits, IpAddress{});
  feed(unknown, TwoLimits::head("unknown") + "Content-Length: 20\r\n\r\n");
  EXPECT_TRUE(unknown.refusal().detail.starts_with("the body is over 10 bytes")) << unknown.refusal().detail;
  RequestReader known(two.limits, IpAddress{});
  feed(known, TwoLimits::head("known") + "Content-Length: 21\r\n\r\n");
  EXPECT_TRUE(known.refusal().detail.starts_with("the body is over 20 bytes")) << known.refusal().detail;
}

TEST(RequestReader, AsksForAnotherLimitOfEachRequestAnewAndOnlyWhereItMatters) {
  const TwoLimits two;
  RequestReader reader(two.limits, IpAddress{});
  ASSERT_EQ(feed(reader, TwoLimits::head("known") + "Content-Length: 10\r\n\r\n0123456789"), Step::kComplete);
  reader.take();
  EXPECT_EQ(two.asked, 0) << "the body is short enough for anybody";
  ASSERT_EQ(feed(reader, TwoLimits::head("known") + "Content-Length: 11\r\n\r\n01234567890"), Step::kComplete);
  reader.take();
  EXPECT_EQ(two.asked, 1);
  EXPECT_EQ(feed(reader, TwoLimits::head("unknown") + "Content-Length: 11\r\n\r\n"), Step::kRefused);
}

TEST(RequestReader, LetsNobodySendABodyThatItWillNotTake) {
  const TwoLimits two;
  const std::string rest = "Expect: 100-continue\r\nContent-Length: 20\r\n\r\n";
  RequestReader unknown(two.limits, IpAddress{});
  EXPECT_EQ(feed(unknown, TwoLimits::head("unknown") + rest), Step::kRefused);
  RequestReader known(two.limits, IpAddress{});
  EXPECT_EQ(feed(known, TwoLimits::head("known") + rest), Step::kSendContinue);
}

TEST(RequestReader, HasAPlaceForALongerBodyFromItsHeadUntilTheRequestIsAnswered) {
  TwoLimits two;
  two.limits.larger_bodies_max = 1;
  std::atomic<std::size_t> places{0};
  const auto head = TwoLimits::head("known") + "Content-Length: 11\r\n\r\n";
  {
    RequestReader first(two.limits, IpAddress{}, &places);
    EXPECT_EQ(feed(first, head), Step::kNeedMore);
    {
      RequestReader second(two.limits, IpAddress{}, &places);
      EXPECT_EQ(feed(second, head), Step::kRefused);
      EXPECT_EQ(second.refusal().status, 503);
      EXPECT_EQ(places, 1U) << "who is refused holds none";
      RequestReader short_one(two.limits, IpAddress{}, &places);
      EXPECT_EQ(feed(short_one, TwoLimits::head("known") + "Content-Length: 1\r\n\r\na"), Step::kComplete);
    }
    EXPECT_EQ(feed(first, "01234567890"), Step::kComplete);
    first.take();
    EXPECT_EQ(places, 1U) << "its handler has the body still";
    EXPECT_EQ(first.advance(), Step::kNeedMore);
    EXPECT_EQ(places, 0U) << "answered: the next is read";
    EXPECT_EQ(feed(first, head), Step::kNeedMore);
    EXPECT_EQ(places, 1U);
  }
  EXPECT_EQ(places, 0U) << "nor who hung up amid its body";
}

TEST(RequestReader, RefusesAHeadOverItsLimits) {
  const HttpLimits limits{.header_bytes_max = 1024, .headers_max = 5};
  const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_EQ(refused_with(start + "A: " + std::string(2000, 'a') + "\r\n\r\n", limits), 431);
  EXPECT_EQ(refused_with("GET /" + std::string(2000, 'a'), limits), 431);
  EXPECT_EQ(refused_with(start + "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n", limits), 0);
  EXPECT_EQ(refused_with(start + "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n\r\n", limits), 431);
  EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(9000, 'a'),
                         limits),
            400);
}

TEST(RequestReader, KnowsTheOldVersion) {
  Reading r;
  ASSERT_EQ(feed(r.reader, "GET / HTTP/1.0\r\n\r\n"), Step::kComplete);
  EXPECT_TRUE(r.reader.is_version_1_0());
  EXPECT_FALSE(r.reader.keeps_alive());
}

}  // namespace
}  // namespace signpost::net
