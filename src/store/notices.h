// SPDX-License-Identifier: Apache-2.0
//
// The table of what people are still to be told by mail. Free functions on a Tx. A notice goes with its delivery, its
// endpoint and its application: then nobody needs it any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/notice.h"
#include "store/tx.h"

namespace signpost::store::notices {

Result<void> insert(Tx& tx, const model::Notice& notice);
/// Oldest first, at most kListedMax.
constexpr std::int32_t kListedMax = 100;
Result<std::vector<model::Notice>> list(Tx& tx, ApplicationId application);

/// An application with notices that wait.
struct Waiting {
  ApplicationId application;
  std::string name;
  std::optional<Time> last_warned_at;
};
/// Those behind `after`, in the order of their ids, at most kWaitingMax.
constexpr std::int32_t kWaitingMax = 100;
Result<std::vector<Waiting>> waiting_across_applications(Tx& tx, ApplicationId after);

/// How many of the kind wait that were noted at `until` or before, and up to which.
struct Extent {
  std::int64_t count = 0;
  model::NoticeId last;  // unset if none waits
  Time oldest_at{};
};
Result<Extent> extent_of(Tx& tx, ApplicationId application, model::NoticeKind kind, Time until);

/// What one endpoint failed to take.
struct FailedAtEndpoint {
  EndpointId endpoint;
  std::string url;
  std::int64_t count = 0;
  Time first_at{};
  Time last_at{};
  std::string last_detail;
  std::vector<std::string> event_types;  // at most kNamedMax, sorted
  std::vector<std::string> hosts;        // at most kNamedMax, sorted; of connections that are still there
};
constexpr std::int32_t kNamedMax = 10;
constexpr std::int32_t kReadForNamesMax = 1'000;  // of the newest deliveries that failed
/// The failed deliveries up to the notice `last`, by endpoint, oldest endpoint first.
Result<std::vector<FailedAtEndpoint>> failed_by_endpoint(Tx& tx, ApplicationId application, model::NoticeId last);

/// Endpoints that were disabled by us and still are, oldest notice first, with their URL.
struct Disabled {
  model::NoticeId id;
  EndpointId endpoint;
  std::string url;
  std::string detail;
  Time at{};
};
constexpr std::int32_t kDisabledMax = 100;
Result<std::vector<Disabled>> disabled(Tx& tx, ApplicationId application);
/// It is enabled again: nobody is to be told any more that it is not.
Result<void> forget_disabled(Tx& tx, ApplicationId application, EndpointId endpoint);

/// Those of the kind up to `last` have been told: at most `limit` of them go; returns how many. A long outage leaves
/// many, and no transaction may hold up deliveries. A transaction that is still under way may bring one with a smaller
/// id: what was told must be older than any such (extent_of, `until`).
Result<std::int64_t> remove_told(Tx& tx, ApplicationId application, model::NoticeKind kind, model::NoticeId last,
                                 std::int32_t limit);

/// This one has been told.
Result<void> remove(Tx& tx, ApplicationId application, model::NoticeId id);

Result<std::optional<Time>> last_warned_at(Tx& tx, ApplicationId application);
Result<void> set_last_warned_at(Tx& tx, ApplicationId application, std::optional<Time> at);

}  // namespace signpost::store::notices
