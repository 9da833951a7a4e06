// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a settings file: reading ends in settings or in a sentence, and what was read can be shown and read
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "app/settings_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost::app;
  const auto none = [](const char*) { return std::string(); };
  const auto loaded = parse_settings({reinterpret_cast<const char*>(data), size}, "fuzz.toml", none);
  if (!loaded) {
    if (loaded.error().message.empty()) std::abort();
    return 0;
  }
  const auto shown = show_settings(*loaded);
  if (!parse_settings(shown, "shown.toml", none)) std::abort();
  return 0;
}
