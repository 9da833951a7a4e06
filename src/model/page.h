// SPDX-License-Identifier: Apache-2.0
//
// A page of an organization that search engines shall know, written without a host: the connection decides that.
// Plain values; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace signpost::model {

struct PageTag {
  static constexpr std::string_view prefix = "pag_";
};
using PageId = Id<PageTag>;

/// Where the integrator has it from (seed 000, "IndexNow Submission").
enum class PageKind {
  kCore,     // what every site has
  kQa,       // questions and answers, "from page_hashes"
  kBoosted,  // articles, "from boosted_pages table"
};
std::string_view name_of(PageKind kind);  // "core"
std::optional<PageKind> parse_page_kind(std::string_view text);
inline constexpr std::array kPageKinds{PageKind::kCore, PageKind::kQa, PageKind::kBoosted};

struct Page {
  PageId id;
  PageKind kind = PageKind::kCore;
  std::string path;  // path and query as net::Url writes them: "/what-is-acme/"
  std::string hash;  // of its content, as the integrator has it; empty: not known
  Time updated_at{};
};

constexpr std::size_t kPagesMax = 50'000;                // of one organization
constexpr std::size_t kPagesBytesMax = 4 * 1024 * 1024;  // of all their paths
constexpr std::size_t kPagePathBytesMax = 1'780;         // with the longest host still a URL of 2,048 bytes
constexpr std::size_t kPageHashBytesMax = 128;

/// The core pages of an organization that names none (seed 000).
inline constexpr std::array<std::string_view, 5> kDefaultCorePages{"/", "/llms.txt", "/sitemap.xml", "/robots.txt",
                                                                   "/data.json"};

}  // namespace signpost::model
