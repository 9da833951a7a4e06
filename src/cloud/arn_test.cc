// SPDX-License-Identifier: Apache-2.0
#include "cloud/arn.h"

#include <gtest/gtest.h>

namespace signpost::cloud {
namespace {

TEST(Arn, HasSixPartsAndTheLastMayHoldColons) {
  const auto arn = Arn::parse("arn:aws:lambda:us-east-1:111122223333:function:HostHeaderProxy:5").value();
  EXPECT_EQ(arn.partition(), "aws");
  EXPECT_EQ(arn.service(), "lambda");
  EXPECT_EQ(arn.region(), "us-east-1");
  EXPECT_EQ(arn.account(), "111122223333");
  EXPECT_EQ(arn.resource(), "function:HostHeaderProxy:5");
}

TEST(Arn, OfADistributionHasNoRegion) {
  EXPECT_EQ(Arn::parse("arn:aws:cloudfront::111122223333:distribution/E1").value().region(), "");
}

TEST(Arn, IsRefusedWhenItIsSomethingElse) {
  for (const std::string text :
       {"", "arn", "arn:aws:acm:us-east-1:1", "arn:aws:acm:us-east-1:1:", "urn:aws:acm:us-east-1:1:x",
        "arn:aws::us-east-1:1:x", "arn:aws:acm:us-east-1:1:a b", "arn:aws:acm:us-east-1:1:ä"})
    EXPECT_FALSE(Arn::parse(text)) << text;
  EXPECT_FALSE(Arn::parse("arn:aws:acm:us-east-1:1:" + std::string(Arn::bytes_max, 'a')));
}

TEST(Arn, OfACertificateIsOneOfAcm) {
  EXPECT_TRUE(Arn::parse_certificate("arn:aws:acm:eu-west-1:111122223333:certificate/1-2"));
  for (const auto* text :
       {"arn:aws:iam::111122223333:server-certificate/a", "arn:aws:acm:us-east-1:111122223333:certificate/",
        "arn:aws:acm:us-east-1:111122223333:account", "arn:aws:acm::111122223333:certificate/1"})
    EXPECT_FALSE(Arn::parse_certificate(text)) << text;
}

}  // namespace
}  // namespace signpost::cloud
