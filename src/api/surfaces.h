// SPDX-License-Identifier: Apache-2.0
//
// The routes of each file of handlers; all_routes() joins them.
// Immutable tables; any thread.
#pragma once

#include <vector>

#include "api/router.h"

namespace signpost::api {

std::vector<Route> v1_application_routes();
std::vector<Route> v1_endpoint_routes();
std::vector<Route> v1_member_routes();
std::vector<Route> v1_key_routes();
std::vector<Route> v1_connection_routes();
std::vector<Route> v1_certificate_routes();
std::vector<Route> v1_authority_routes();
std::vector<Route> v1_delivery_routes();
std::vector<Route> v1_audit_log_routes();
std::vector<Route> v1_meta_routes();
std::vector<Route> v1_webhook_routes();
std::vector<Route> openapi_routes();
std::vector<Route> domain_routes();
std::vector<Route> search_routes();
std::vector<Route> v1_page_routes();
std::vector<Route> entri_routes();
std::vector<Route> entri_receiver_routes();

}  // namespace signpost::api
