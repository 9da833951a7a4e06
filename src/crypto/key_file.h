// SPDX-License-Identifier: Apache-2.0
//
// A small file that only its owner may read, made once and never changed.
// No owner; any thread and process. The file is whole or absent, whatever happens on the way.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "crypto/secret.h"

namespace signpost::crypto {

/// The file's content; if there is no file, `fresh` becomes it (0600, on the disk before this returns). If another
/// process is first, that one's content. kForbidden if the group or others may read it; kUnprocessable for what is not
/// a small regular file; kUnavailable if the disk fails.
Result<Secret> read_or_create_key_file(const std::filesystem::path& path, const Secret& fresh);

}  // namespace signpost::crypto
