// SPDX-License-Identifier: Apache-2.0
//
// Files that a command writes for another program to read: certificates and their keys.
// Functions of the main thread. A file is whole or as it was, whatever happens on the way.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace signpost::app {

enum class Readers { kOwner, kEverybody };  // modes 0600 and 0644
enum class Existing { kKept, kReplaced };

/// kConflict if it is there and shall be kept: what the next one would find, before a key is taken out for nothing.
Result<void> check_place(const std::filesystem::path& path, Existing existing);

/// kConflict if it is there and shall be kept; kUnavailable with the system's reason if it cannot be written. The mode
/// holds from the first moment, also of a file that is replaced.
Result<void> write_pem_file(const std::filesystem::path& path, std::string_view text, Readers readers,
                            Existing existing);

}  // namespace signpost::app
