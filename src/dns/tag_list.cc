// SPDX-License-Identifier: Apache-2.0
#include "dns/tag_list.h"

#include <algorithm>

#include "base/text.h"

namespace signpost::dns {
namespace {

/// RFC 6376 3.2, tag-name: a letter, then letters, digits and underscores.
bool is_tag_name(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::unexpected<Error> refuse(std::string_view part, std::string_view why) {
  return fail(Kind::kUnprocessable, format("\"{}\" {}", printable(part, 40), why), "value");
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  TagList list;
  const auto parts = split(text, ';');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = trim(parts[i]);
    if (part.empty() && i + 1 == parts.size() && i > 0) break;
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      return refuse(part, "is no tag; tags are written name=value, semicolons between");
    const auto name = trim(part.substr(0, equals));
    if (!is_tag_name(name)) return refuse(part, "does not begin with the name of a tag");
    Tag tag{to_lower(name), std::string(trim(part.substr(equals + 1)))};
    if (list.find(tag.name) != nullptr) return refuse(tag.name, "is there twice; keep one of them");
    if (list.tags.size() == kTagsMax)
      return refuse(part, format("is one tag too many; at most {} are allowed", kTagsMax));
    list.tags.push_back(std::move(tag));
  }
  return list;
}

std::string TagList::text() const {
  std::string text;
  for (const auto& tag : tags) text += format("{}{}={}", text.empty() ? "" : "; ", tag.name, tag.value);
  return text;
}

const std::string* TagList::find(std::string_view name) const {
  const auto tag = std::ranges::find(tags, name, &Tag::name);
  return tag == tags.end() ? nullptr : &tag->value;
}

}  // namespace signpost::dns
