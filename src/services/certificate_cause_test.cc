// SPDX-License-Identifier: Apache-2.0
#include "services/certificate_cause.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace signpost::services {
namespace {

TEST(CertificateCauses, HaveEveryTroubleOfAnAuthority) {
  for (int i = 0; i <= static_cast<int>(acme::Trouble::kRefused); ++i) {
    const auto word = acme::name_of(static_cast<acme::Trouble>(i));
    EXPECT_TRUE(is_certificate_cause(word)) << word;
  }
}

TEST(CertificateCauses, SayInSentencesWhatTheyMeanAndWhatToDoOnce) {
  std::set<std::string_view> words;
  for (const auto& row : kCertificateCauses) {
    EXPECT_TRUE(words.insert(row.word).second) << row.word;
    EXPECT_TRUE(row.meaning.ends_with('.')) << row.word;
    EXPECT_TRUE(row.fix.ends_with('.')) << row.word;
  }
}

TEST(CertificateCauses, HaveTheirPrefix) {
  EXPECT_EQ(cause_of("limit"), "certificate_limit");
  EXPECT_EQ(cause_of(acme::Trouble::kCaa), "certificate_caa");
  EXPECT_EQ(cause_seen("name_missing"), "certificate_name_missing");
}

TEST(CertificateCauses, AreTheirPage) {
  std::ifstream file("docs/operating/certificate-causes.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), certificate_causes_page())
      << "print it anew: build/release/signpost certificate causes > docs/operating/certificate-causes.md";
}

}  // namespace
}  // namespace signpost::services
