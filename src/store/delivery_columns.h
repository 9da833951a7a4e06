// SPDX-License-Identifier: Apache-2.0
//
// What every reader of deliveries must read alike. For store/deliveries and store/delivery_search alone.
// `table` is a literal: how the statement calls its deliveries.
#pragma once

/// While its endpoint pauses, what waits is due when the pause is over.
#define NEXT_ATTEMPT_AT_OF(table)                                                                       \
  "COALESCE((SELECT p.resumes_at FROM endpoint_pace p WHERE p.endpoint = " table ".endpoint AND " table \
  ".is_ready = 1 AND p.resumes_at > " table ".next_attempt_at), " table ".next_attempt_at)"
