// SPDX-License-Identifier: Apache-2.0
#include "app/secret_file.h"

#include <fstream>
#include <string>

#include "base/text.h"

namespace signpost::app {

namespace {

/// Up to one byte more than `bytes_max`, which tells that there is more.
Result<std::string> read_owners_file(const std::filesystem::path& file, std::string_view setting,
                                     std::size_t bytes_max) {
  using std::filesystem::perms;
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (error || !std::filesystem::is_regular_file(status)) {
    return fail(Kind::kNotFound, format("\"{}\" {} is not there, or no file", setting, file.string()));
  }
  if ((status.permissions() & (perms::group_all | perms::others_all)) != perms::none) {
    return fail(Kind::kForbidden, format("\"{}\" {} may be read by others: chmod 600 it", setting, file.string()));
  }
  std::string text(bytes_max + 1, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(stream.bad() ? 0 : static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

Result<crypto::Secret> read_secret_file(const std::filesystem::path& file, std::string_view setting,
                                        std::string_view what) {
  const auto text = TRY(read_owners_file(file, setting, kSecretFileBytesMax));
  const auto secret = std::string(trim(text));
  if (secret.empty() || text.size() > kSecretFileBytesMax || secret.contains('\n')) {
    return fail(Kind::kUnprocessable, format("\"{}\" {} must hold one line, {}, of at most {} bytes", setting,
                                             file.string(), what, kSecretFileBytesMax));
  }
  return crypto::Secret(secret);
}

Result<crypto::Secret> read_secret_document(const std::filesystem::path& file, std::string_view setting,
                                            std::size_t bytes_max) {
  crypto::Secret text(TRY(read_owners_file(file, setting, bytes_max)));
  if (text.is_empty() || text.expose().size() > bytes_max) {
    return fail(Kind::kUnprocessable, format("\"{}\" {} must have 1 to {} bytes", setting, file.string(), bytes_max));
  }
  return text;
}

}  // namespace signpost::app
