// SPDX-License-Identifier: Apache-2.0
//
// Requests of strangers, in one piece and byte by byte, must be read the same way.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"
#include "net/request_reader.h"

namespace {

using namespace signpost::net;

struct Read {
  std::vector<std::string> requests;
  int refused = 0;
  bool operator==(const Read&) const = default;
};

void check(bool holds) {
  if (!holds) std::abort();
}

Read read_all(std::string_view bytes, std::size_t piece) {
  const HttpLimits limits{.body_bytes_max = 256, .header_bytes_max = 512, .headers_max = 8};
  RequestReader reader(limits, IpAddress{});
  Read read;
  while (true) {
    switch (reader.advance()) {
      case RequestReader::Step::kComplete: {
        const auto request = reader.take();
        check(request.path.starts_with('/') || request.path == "*");
        check(request.body.size() <= limits.body_bytes_max && request.headers.size() <= limits.headers_max);
        read.requests.push_back(request.method + ' ' + request.path + '?' + request.query + ' ' + request.body);
        break;
      }
      case RequestReader::Step::kRefused:
        read.refused = reader.refusal().status;
        check(read.refused >= 400 && read.refused < 600);
        return read;
      case RequestReader::Step::kSendContinue:
        break;
      case RequestReader::Step::kNeedMore: {
        if (bytes.empty()) return read;
        const auto room = reader.room();
        check(!room.empty());
        const auto count = std::min({room.size(), piece, bytes.size()});
        std::memcpy(room.data(), bytes.data(), count);
        reader.received(count);
        bytes.remove_prefix(count);
        break;
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // How bytes are cut may decide which refusal comes first, never which requests are served.
  check(read_all(bytes, bytes.size() + 1).requests == read_all(bytes, 1).requests);
  if (const auto parts = split_target("GET", bytes)) {
    check(parts->path.starts_with('/') && parts->path.find('?') == std::string::npos);
  }
  return 0;
}
