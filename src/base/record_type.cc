// SPDX-License-Identifier: Apache-2.0
#include "base/record_type.h"

#include <array>

#include "base/text.h"

namespace signpost {

std::string_view name_of(RecordType type) {
  switch (type) {
    case RecordType::kA:
      return "A";
    case RecordType::kAaaa:
      return "AAAA";
    case RecordType::kCname:
      return "CNAME";
    case RecordType::kTxt:
      return "TXT";
    case RecordType::kMx:
      return "MX";
    case RecordType::kNs:
      return "NS";
    case RecordType::kCaa:
      return "CAA";
    case RecordType::kSrv:
      return "SRV";
  }
  return "";
}

std::optional<RecordType> parse_record_type(std::string_view text) {
  constexpr std::array kAll{RecordType::kA,  RecordType::kAaaa, RecordType::kCname, RecordType::kTxt,
                            RecordType::kMx, RecordType::kNs,   RecordType::kCaa,   RecordType::kSrv};
  for (const auto type : kAll) {
    if (equals_ignoring_case(name_of(type), text)) return type;
  }
  return std::nullopt;
}

}  // namespace signpost
