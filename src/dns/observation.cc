// SPDX-License-Identifier: Apache-2.0
#include "dns/observation.h"

#include <algorithm>

namespace signpost::dns {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAgrees:
      return "agrees";
    case Verdict::kDisagrees:
      return "disagrees";
    case Verdict::kNxDomain:
      return "nxdomain";
    case Verdict::kNoData:
      return "nodata";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kServFail:
      return "servfail";
    case Verdict::kLame:
      return "lame";
    case Verdict::kSilent:
      return "silent";
    case Verdict::kUnreachable:
      return "unreachable";
    case Verdict::kMalformed:
      return "malformed";
    case Verdict::kUndecided:
      return "undecided";
  }
  return "";
}

bool is_authoritative(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAgrees:
    case Verdict::kDisagrees:
    case Verdict::kNxDomain:
    case Verdict::kNoData:
    case Verdict::kUndecided:
      return true;
    case Verdict::kRefused:
    case Verdict::kServFail:
    case Verdict::kLame:
    case Verdict::kSilent:
    case Verdict::kUnreachable:
    case Verdict::kMalformed:
      return false;
  }
  return false;
}

bool Observation::all_propagated() const {
  return !records.empty() && std::ranges::all_of(records, &RecordObservation::propagated);
}

}  // namespace signpost::dns
