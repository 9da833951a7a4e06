// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace signpost {

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kInvalid: return "invalid";
    case Kind::kUnprocessable: return "unprocessable";
    case Kind::kUnauthenticated: return "unauthenticated";
    case Kind::kForbidden: return "forbidden";
    case Kind::kNotFound: return "not_found";
    case Kind::kConflict: return "conflict";
    case Kind::kTooLarge: return "too_large";
    case Kind::kUnsupportedMedia: return "unsupported_media";
    case Kind::kMethodNotAllowed: return "method_not_allowed";
    case Kind::kRateLimited: return "rate_limited";
    case Kind::kUnavailable: return "unavailable";
    case Kind::kTimeout: return "timeout";
    case Kind::kRefused: return "refused";
    case Kind::kNetwork: return "network";
    case Kind::kProtocol: return "protocol";
    case Kind::kInternal: return "internal";
  }
  return "internal";
}

}  // namespace signpost
