// SPDX-License-Identifier: Apache-2.0
//
// The DNS record types that Signpost expects, writes and looks for. Values; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace signpost {

enum class RecordType { kA, kAaaa, kCname, kTxt, kMx };

/// "A", "AAAA", "CNAME", "TXT", "MX".
std::string_view name_of(RecordType type);
/// The inverse, in any case.
std::optional<RecordType> parse_record_type(std::string_view text);

}  // namespace signpost
