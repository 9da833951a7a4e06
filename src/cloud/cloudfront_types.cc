// SPDX-License-Identifier: Apache-2.0
#include "cloud/cloudfront_types.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::cloud {
namespace {

constexpr std::size_t kCommentBytesMax = 128;
constexpr std::size_t kPathBytesMax = 255;
constexpr std::size_t kTagsMax = 50;

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What CloudFront allows in a PathPattern, without '&', which XML would have to write in another way.
bool is_path_pattern(std::string_view path) {
  return path.starts_with('/') && path.size() <= kPathBytesMax && std::ranges::all_of(path, [](char c) {
           return is_letter_or_digit(c) || std::string_view("_-.*$/~\"'@:+?").contains(c);
         });
}

}  // namespace

Result<DistributionId> DistributionId::parse(std::string_view text) {
  const bool is_id = !text.empty() && text.size() <= bytes_max &&
                     std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
  if (!is_id)
    return fail(Kind::kUnprocessable,
                format("\"{}\" is not the id of a CloudFront distribution: those look like E1A2B3C4D5E6F7",
                       printable(text, 60)));
  return DistributionId{std::string(text)};
}

Result<void> check(const NewDistribution& distribution) {
  const auto refuse = [](std::string sentence) { return fail(Kind::kUnprocessable, std::move(sentence)); };
  if (distribution.caller_reference.empty() || distribution.caller_reference.size() > kCommentBytesMax)
    return refuse("a distribution needs a caller reference of 1 to 128 characters");
  if (distribution.comment.size() > kCommentBytesMax)
    return refuse("the comment of a distribution may have 128 characters");
  if (distribution.pages_paths.size() > NewDistribution::kPathsMax)
    return refuse(format("a distribution may have {} paths, not {}", NewDistribution::kPathsMax,
                         distribution.pages_paths.size()));
  for (const auto& path : distribution.pages_paths) {
    if (!is_path_pattern(path))
      return refuse(format("\"{}\" is not a path of CloudFront's, such as /ai/*", printable(path, 60)));
    if (std::ranges::count(distribution.pages_paths, path) > 1)
      return refuse(format("the path {} stands there twice", path));
  }
  if (distribution.tags.size() > kTagsMax) return refuse(format("a distribution may have {} tags", kTagsMax));
  return {};
}

}  // namespace signpost::cloud
