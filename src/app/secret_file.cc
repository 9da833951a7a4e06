// SPDX-License-Identifier: Apache-2.0
#include "app/secret_file.h"

#include <fstream>
#include <string>

#include "base/text.h"

namespace signpost::app {

Result<crypto::Secret> read_secret_file(const std::filesystem::path& file, std::string_view setting,
                                        std::string_view what) {
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (error || !std::filesystem::is_regular_file(status)) {
    return fail(Kind::kNotFound, format("\"{}\" {} is not there, or no file", setting, file.string()));
  }
  if ((status.permissions() & (perms::group_all | perms::others_all)) != perms::none) {
    return fail(Kind::kForbidden, format("\"{}\" {} may be read by others: chmod 600 it", setting, file.string()));
  }
  std::string text(kSecretFileBytesMax + 1, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const auto secret = std::string(trim(text));
  if (stream.bad() || secret.empty() || text.size() > kSecretFileBytesMax || secret.contains('\n')) {
    return fail(Kind::kUnprocessable, format("\"{}\" {} must hold one line, {}, of at most {} bytes", setting,
                                             file.string(), what, kSecretFileBytesMax));
  }
  return crypto::Secret(secret);
}

}  // namespace signpost::app
