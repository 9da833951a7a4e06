// SPDX-License-Identifier: Apache-2.0
//
// The DNS record types that Signpost expects, writes and looks for. Values; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace signpost {

enum class RecordType { kA, kAaaa, kCname, kTxt, kMx, kNs, kCaa, kSrv };

/// All of them, as sentences and help texts list them.
constexpr std::string_view kRecordTypeNames = "A, AAAA, CNAME, TXT, MX, NS, CAA or SRV";

/// "A", "AAAA", "CNAME", "TXT", "MX", "NS", "CAA", "SRV".
std::string_view name_of(RecordType type);
/// The inverse, in any case.
std::optional<RecordType> parse_record_type(std::string_view text);

}  // namespace signpost
