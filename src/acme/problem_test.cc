// SPDX-License-Identifier: Apache-2.0
#include "acme/problem.h"

#include <gtest/gtest.h>

#include "acme/authority_json.h"
#include "base/text.h"

namespace signpost::acme {
namespace {

TEST(Problem, IsReadWithItsSubproblems) {
  const auto problem = parse_problem(R"({
    "type": "urn:ietf:params:acme:error:compound", "detail": "two names failed", "status": 403,
    "instance": "https://ca.example/why",
    "subproblems": [
      {"type": "urn:ietf:params:acme:error:caa", "detail": "issue \";\"", "identifier": {"type": "dns", "value": "a.example"}},
      {"type": "urn:ietf:params:acme:error:dns", "identifier": {"type": "dns", "value": "b.example"}}]})");
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->type, "compound");
  EXPECT_EQ(problem->status, 403);
  EXPECT_EQ(problem->instance, "https://ca.example/why");
  EXPECT_EQ(problem->in_words(), "compound: two names failed (a.example: caa: issue \";\"; b.example: dns)");
  EXPECT_EQ(problem->trouble(), Trouble::kCaa);
}

TEST(Problem, IsReadHoweverOddItIs) {
  EXPECT_FALSE(parse_problem("<html>").has_value());
  EXPECT_FALSE(parse_problem("[]").has_value());
  const auto odd = parse_problem(
      R"({"type": 7, "detail": "line\nbreak", "status": "400", "subproblems": [1, {"identifier": "x"}], "instance": "javascript:alert"
})");
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->type, "");
  EXPECT_EQ(odd->detail, "line?break");
  EXPECT_EQ(odd->status, 0);
  EXPECT_EQ(odd->instance, "");
  EXPECT_EQ(odd->subproblems.size(), 1U);
  EXPECT_EQ(odd->trouble(), Trouble::kRefused);
  EXPECT_EQ(parse_problem("{}")->in_words(), "no reason given");
  EXPECT_EQ(parse_problem(R"({"title": "Forbidden"})")->in_words(), "Forbidden");
}

TEST(Problem, IsBounded) {
  std::string list;
  for (std::size_t i = 0; i <= Problem::subproblems_max; ++i) list += R"({"type":"x","detail":"a long explanation"},)";
  list.pop_back();
  const auto problem = parse_problem(format(R"({{"detail":"{}","subproblems":[{}]}})", std::string(5000, 'a'), list));
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->detail.size(), Problem::text_bytes_max);
  EXPECT_EQ(problem->subproblems.size(), Problem::subproblems_max);
  EXPECT_EQ(problem->in_words().size(), Problem::text_bytes_max);
}

TEST(Problem, EachTypeIsSomethingThatACallerCanActOn) {
  struct Row {
    const char* type;
    Trouble trouble;
  };
  for (const auto& [type, trouble] : {
           Row{"accountDoesNotExist", Trouble::kAccountGone},
           Row{"alreadyReplaced", Trouble::kAlreadyReplaced},
           Row{"alreadyRevoked", Trouble::kAlreadyRevoked},
           Row{"badCSR", Trouble::kBadRequest},
           Row{"badNonce", Trouble::kTryLater},
           Row{"badPublicKey", Trouble::kBadKey},
           Row{"badRevocationReason", Trouble::kRefused},
           Row{"badSignatureAlgorithm", Trouble::kBadKey},
           Row{"caa", Trouble::kCaa},
           Row{"connection", Trouble::kConnection},
           Row{"dns", Trouble::kDns},
           Row{"externalAccountRequired", Trouble::kExternalAccountNeeded},
           Row{"incorrectResponse", Trouble::kIncorrectResponse},
           Row{"invalidContact", Trouble::kBadContact},
           Row{"invalidProfile", Trouble::kBadProfile},
           Row{"malformed", Trouble::kRefused},
           Row{"orderNotReady", Trouble::kOrderNotReady},
           Row{"rateLimited", Trouble::kRateLimited},
           Row{"rejectedIdentifier", Trouble::kIdentifierRefused},
           Row{"serverInternal", Trouble::kTryLater},
           Row{"tls", Trouble::kTls},
           Row{"unauthorized", Trouble::kUnauthorized},
           Row{"unsupportedContact", Trouble::kBadContact},
           Row{"unsupportedIdentifier", Trouble::kIdentifierRefused},
           Row{"userActionRequired", Trouble::kTermsChanged},
       }) {
    const auto problem = parse_problem(format(R"({{"type":"urn:ietf:params:acme:error:{}"}})", type));
    EXPECT_EQ(problem->trouble(), trouble) << type;
    EXPECT_EQ(problem->type, type);
  }
  EXPECT_EQ(parse_problem(R"({"type":"https://ca.example/caa"})")->trouble(), Trouble::kRefused);
}

TEST(Trouble, HasAName) {
  for (int i = 0; i <= static_cast<int>(Trouble::kRefused); ++i) {
    const auto trouble = static_cast<Trouble>(i);
    EXPECT_NE(name_of(trouble), "") << i;
    EXPECT_EQ(parse_trouble(name_of(trouble)), trouble);
  }
  EXPECT_FALSE(parse_trouble("").has_value());
}

TEST(Failure, OfTheNetworkIsUnreachable) {
  EXPECT_EQ(Failure(Error{Kind::kTimeout, "", {}, {}}).trouble, Trouble::kUnreachable);
  EXPECT_EQ(Failure(Error{Kind::kNetwork, "", {}, {}}).trouble, Trouble::kUnreachable);
  EXPECT_EQ(Failure(Error{Kind::kUnavailable, "", {}, {}}).trouble, Trouble::kTryLater);
  EXPECT_EQ(Failure(Error{Kind::kTooLarge, "", {}, {}}).trouble, Trouble::kNonsense);
}

}  // namespace
}  // namespace signpost::acme
