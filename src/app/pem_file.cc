// SPDX-License-Identifier: Apache-2.0
#include "app/pem_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/text.h"

namespace signpost::app {
namespace {

constexpr mode_t kOwnerMode = 0600;
constexpr mode_t kEverybodyMode = 0644;

/// Beside the file, so that it can take its place; gone again unless it did.
class Draft {
 public:
  explicit Draft(const std::filesystem::path& path) : name_(path.string() + ".XXXXXX") {
    descriptor_ = mkostemp(name_.data(), O_CLOEXEC);  // O_EXCL and 0600 are its own
  }
  ~Draft() {
    if (descriptor_ < 0) return;
    close(descriptor_);
    unlink(name_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  bool write_all(std::string_view text, Readers readers) const {
    if (descriptor_ < 0) return false;
    while (!text.empty()) {
      const auto put = write(descriptor_, text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    return fchmod(descriptor_, readers == Readers::kOwner ? kOwnerMode : kEverybodyMode) == 0 &&
           fsync(descriptor_) == 0;
  }
  /// link(2) fails if the name exists, rename(2) replaces it.
  bool take_place_of(const std::filesystem::path& path, Existing existing) const {
    return existing == Existing::kKept ? link(name_.c_str(), path.c_str()) == 0
                                       : rename(name_.c_str(), path.c_str()) == 0;
  }

 private:
  std::string name_;
  int descriptor_;
};

std::unexpected<Error> there_already(const std::filesystem::path& path) {
  return fail(Kind::kConflict, format("{} is there already: --overwrite replaces it", path.string()));
}

}  // namespace

Result<void> check_place(const std::filesystem::path& path, Existing existing) {
  std::error_code ignored;
  if (existing == Existing::kKept && std::filesystem::exists(path, ignored)) return there_already(path);
  return {};
}

Result<void> write_pem_file(const std::filesystem::path& path, std::string_view text, Readers readers,
                            Existing existing) {
  const Draft draft(path);
  if (draft.write_all(text, readers) && draft.take_place_of(path, existing)) return {};
  if (errno == EEXIST) return there_already(path);
  return fail(Kind::kUnavailable, format("cannot write {}: {}", path.string(), std::strerror(errno)));
}

}  // namespace signpost::app
