// SPDX-License-Identifier: Apache-2.0
//
// A secret that an operator keeps in a file of its own. Start-up; any thread.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"

namespace signpost::app {

constexpr std::size_t kSecretFileBytesMax = 1024;

/// One line without the blanks around it. `setting` is whose file it is, for the message: "smtp.password_file"; `what`
/// is what the line holds: "the password". kNotFound if there is no file, kForbidden if others may read it,
/// kUnprocessable if it holds something else.
Result<crypto::Secret> read_secret_file(const std::filesystem::path& file, std::string_view setting,
                                        std::string_view what);

/// All of a file of at most `bytes_max` bytes; errors as above.
Result<crypto::Secret> read_secret_document(const std::filesystem::path& file, std::string_view setting,
                                            std::size_t bytes_max);

}  // namespace signpost::app
