// SPDX-License-Identifier: Apache-2.0
#include "app/config_command.h"

#include <ostream>

#include "app/settings_text.h"
#include "base/text.h"

namespace signpost::app {

Result<Exit> config_check(Console& console, const std::filesystem::path& file) {
  TRY(load_settings(file, console.environment));
  console.out << format("{} is good\n", file.string());
  return Exit::kOk;
}

Result<Exit> config_show(Console& console, const std::filesystem::path& file, OutputForm form) {
  const auto loaded = TRY(load_settings(file, console.environment));
  console.out << (form == OutputForm::kJson ? show_settings_json(loaded) + "\n" : show_settings(loaded));
  return Exit::kOk;
}

Result<Exit> config_docs(Console& console) {
  console.out << settings_documentation();
  return Exit::kOk;
}

}  // namespace signpost::app
