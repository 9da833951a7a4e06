// SPDX-License-Identifier: Apache-2.0
//
// A TOML text made safe for toml++ 3.3, whose classification of letters outside ASCII runs into undefined behaviour.
// Pure; any thread. What comes out is ASCII without U+0000, line for line what went in, and means the same.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::app {

struct AsciiToml {
  std::string text;                         // with '?' for each foreign octet of a comment
  std::optional<std::size_t> foreign_line;  // from 1: the first U+0000 anywhere, or foreign octet outside of comments
};

/// Knows strings and comments as TOML 1.0 does, up to the first error of the text; behind that nobody reads.
AsciiToml to_ascii(std::string_view toml);

}  // namespace signpost::app
