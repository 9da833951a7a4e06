// SPDX-License-Identifier: Apache-2.0
#include "api/problem.h"

#include <gtest/gtest.h>

namespace signpost::api {
namespace {

TEST(Problem, HasAStatusForEveryKind) {
  const std::pair<Kind, int> expected[] = {
      {Kind::kInvalid, 400},          {Kind::kUnprocessable, 422},    {Kind::kUnauthenticated, 401},
      {Kind::kForbidden, 403},        {Kind::kNotFound, 404},         {Kind::kConflict, 409},
      {Kind::kTooLarge, 413},         {Kind::kUnsupportedMedia, 415}, {Kind::kRateLimited, 429},
      {Kind::kMethodNotAllowed, 405}, {Kind::kUnavailable, 503},      {Kind::kTimeout, 504},
      {Kind::kRefused, 422},          {Kind::kNetwork, 502},          {Kind::kProtocol, 502},
      {Kind::kInternal, 500}};
  for (const auto& [kind, status] : expected) {
    const auto response = problem(Error{kind, "a sentence", "", {}});
    EXPECT_EQ(response.status, status) << name_of(kind);
    EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
    EXPECT_TRUE(response.body.contains(name_of(kind)));
  }
}

TEST(Problem, IsThisExactly) {
  EXPECT_EQ(
      problem(Error{Kind::kConflict, "say \"why\"", "step", {}}).body,
      R"({"type":"urn:signpost:problem:conflict","title":"Conflict","status":409,"detail":"say \"why\"","member":"step"})");
  EXPECT_EQ(problem(Error{Kind::kNotFound, "gone", "", {}}).body,
            R"({"type":"urn:signpost:problem:not_found","title":"Not Found","status":404,"detail":"gone"})");
}

TEST(Problem, SaysWhenToAskAgain) {
  EXPECT_EQ(problem(Error{Kind::kRateLimited, "slow down", "", std::chrono::seconds(7)}).header("Retry-After"), "7");
  EXPECT_EQ(problem(Error{Kind::kUnavailable, "disk full", "", {}}).header("Retry-After"), "1");
  EXPECT_EQ(problem(Error{Kind::kConflict, "state", "", {}}).header("Retry-After"), "");
}

TEST(Problem, AsksForABearerOnlyWith401) {
  EXPECT_EQ(problem(Error{Kind::kUnauthenticated, "who?", "", {}}).header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(problem(Error{Kind::kForbidden, "no", "", {}}).header("WWW-Authenticate"), "");
}

TEST(Problem, TellsNothingOfOurBugs) {
  EXPECT_FALSE(problem(Error{Kind::kInternal, "pointer 0xdead", "", {}}).body.contains("0xdead"));
}

}  // namespace
}  // namespace signpost::api
