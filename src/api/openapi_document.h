// SPDX-License-Identifier: Apache-2.0
//
// docs/openapi.yaml as it was when this program was built. Immutable; any thread.
#pragma once

#include <string_view>

namespace signpost::api {

/// Defined by a source that cmake/embed_text.cmake writes at build time.
extern const std::string_view kOpenapiDocument;

}  // namespace signpost::api
