// SPDX-License-Identifier: Apache-2.0
//
// The records of one connection as a whole: expanded from what was asked for, and checked against each other.
// Pure; any thread.
#pragma once

#include <vector>

#include "base/id.h"
#include "model/record.h"

namespace signpost::services {

/// Expands every request and gives each record an id. A record that `known` holds already (same type, name, value and
/// priority) keeps its id and what is known about it. kUnprocessable with a member path ("records", "records[2].value")
/// for none or too many, a record that the type forbids, an application URL that is none, an SPF, DMARC or DKIM text
/// that does not parse, the same record twice, a CNAME beside another record of its name (RFC 1034 3.6.2), and two SPF
/// or DMARC records of one name, which mail servers take for none (RFC 7208 4.5, RFC 7489 6.6.3).
Result<std::vector<model::Record>> expand_all(const std::vector<model::RecordRequest>& requests,
                                              const model::RecordContext& context,
                                              const std::vector<model::Record>& known, IdMaker& ids);

}  // namespace signpost::services
