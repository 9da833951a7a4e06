// SPDX-License-Identifier: Apache-2.0
#include "crypto/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace signpost::crypto {
namespace {

constexpr std::size_t kFileBytesMax = 1024;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::unexpected<Error> broken(const std::filesystem::path& path, std::string_view what) {
  return fail(Kind::kUnavailable, format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

Result<Secret> read_whole(const std::filesystem::path& path, const File& file) {
  struct stat facts{};
  if (fstat(file.descriptor(), &facts) != 0) return broken(path, "look at");
  if (!S_ISREG(facts.st_mode)) return fail(Kind::kUnprocessable, path.string() + " is not a regular file");
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Kind::kForbidden,
                format("{0} has mode {1:04o}, so others than its owner may reach the key: run `chmod 600 {0}`",
                       path.string(), facts.st_mode & 07777));
  }
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const auto got = read(file.descriptor(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return broken(path, "read");
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > kFileBytesMax) return fail(Kind::kUnprocessable, path.string() + " is too long for a key file");
  text.resize(length);
  return Secret(std::move(text));
}

Result<void> write_whole(const std::filesystem::path& path, const File& file, std::string_view text) {
  while (!text.empty()) {
    const auto put = write(file.descriptor(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return broken(path, "write");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (fsync(file.descriptor()) != 0) return broken(path, "sync");
  return {};
}

Result<void> sync_directory(const std::filesystem::path& path) {
  const File directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || fsync(directory.descriptor()) != 0) return broken(path, "sync");
  return {};
}

/// link(2) fails if the name exists, as O_EXCL does; but the draft it shows is whole, and on the disk.
Result<void> publish(const std::filesystem::path& path, const std::string& draft, const File& file,
                     const Secret& text) {
  TRY_VOID(write_whole(path, file, text.expose()));
  if (link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) return broken(path, "create");
  return sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

Result<void> create(const std::filesystem::path& path, const Secret& text) {
  std::string draft = path.string() + ".XXXXXX";
  const File file(mkostemp(draft.data(), O_CLOEXEC));  // O_EXCL and 0600 are its own
  if (!file.is_open()) return broken(path, "create");
  const auto published = publish(path, draft, file, text);
  unlink(draft.c_str());
  return published;
}

}  // namespace

Result<Secret> read_or_create_key_file(const std::filesystem::path& path, const Secret& fresh) {
  File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.is_open()) return read_whole(path, file);
  if (errno != ENOENT) return broken(path, "open");
  TRY_VOID(create(path, fresh));
  File made(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!made.is_open()) return broken(path, "open");
  return read_whole(path, made);
}

}  // namespace signpost::crypto
