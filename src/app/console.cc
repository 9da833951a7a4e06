// SPDX-License-Identifier: Apache-2.0
#include "app/console.h"

#include <algorithm>
#include <fstream>
#include <istream>
#include <ostream>

#include "base/text.h"

namespace signpost::app {
namespace {

constexpr std::size_t kShownBytesMax = 4096;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string read_all(std::istream& in, std::size_t bytes_max) {
  std::string text(bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

Exit wrong_usage(Console& console, const Error& error) {
  console.err << "signpost: " << error.message << "\n";
  return Exit::kUsage;
}

Result<std::string> read_text(Console& console, std::string_view file, std::size_t bytes_max) {
  std::string text;
  if (file == "-") {
    text = read_all(console.in, bytes_max);
  } else {
    std::ifstream in{std::string(file), std::ios::binary};
    if (!in)
      return fail(Kind::kNotFound, format("the file {} cannot be read: does it exist, and may you read it?", file));
    text = read_all(in, bytes_max);
  }
  if (text.size() > bytes_max) return fail(Kind::kTooLarge, format("{} is over {} bytes", file, bytes_max));
  return text;
}

std::string fit(std::string_view text, std::size_t columns) {
  const std::string clean = printable(text, kShownBytesMax);
  if (characters_of(clean) <= columns) return clean;
  std::size_t kept = 0;
  std::size_t end = 0;
  while (end < clean.size()) {
    if (begins_character(clean[end]) && ++kept == columns) break;
    ++end;
  }
  return columns == 0 ? std::string{} : clean.substr(0, end) + "…";
}

std::string pad(std::string_view text, std::size_t columns) {
  std::string fitted = fit(text, columns);
  fitted.append(columns - characters_of(fitted), ' ');
  return fitted;
}

std::string wrap(std::string_view text, std::size_t columns, std::string_view indent) {
  std::string wrapped;
  std::string line(indent);
  const std::string clean = printable(text, 2000);
  for (const auto word : split(clean, ' ')) {
    if (line.size() > indent.size() && line.size() + word.size() + 1 > columns) {
      wrapped += line + "\n";
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + std::string(word);
  }
  return wrapped + line + "\n";
}

}  // namespace signpost::app
