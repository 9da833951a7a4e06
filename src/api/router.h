// SPDX-License-Identifier: Apache-2.0
//
// The table of routes and the search in it.
// Owned by Api; immutable, any thread. Every route names its operation in openapi.yaml; a test holds the two together.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/exchange.h"
#include "base/result.h"
#include "net/http_message.h"
#include "net/task.h"

namespace signpost::api {

class Desk;  // what handlers work with: api/desk.h

/// Whose contract the path keeps: decides authentication, CORS and how unknown members are taken.
enum class Surface {
  kV1,      // ours: API key
  kDomain,  // /api/domain/*, the organization's token
  kEntri,   // integrations written for Entri
};

/// Who may call.
enum class Access {
  kPublic,
  kKey,         // an API key
  kAdminKey,    // an API key of no single application
  kKeyOrToken,  // an API key, or an auth_token of POST /token: callable from a browser
  kHandler,     // the handler authenticates
  kSignature,   // a webhook: its signature is what the handler checks; never from a browser
};

using Handler = Task<Result<net::Response>> (*)(Desk&, Exchange&);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/applications/{id}"
  std::string_view operation_id;
  Surface surface = Surface::kV1;
  Access access = Access::kKey;
  Handler handler = nullptr;
  std::size_t body_bytes_max = 0;  // from callers with a good API key, where it is more than what the server takes

  bool is_for_browsers() const {
    return access != Access::kSignature && (surface != Surface::kV1 || access == Access::kKeyOrToken);
  }
};

/// A body that lists URLs: IndexNow's 10,000 of one submission have 400 bytes each.
constexpr std::size_t kUrlsBodyBytesMax = 4 * 1024 * 1024;

class Router {
 public:
  explicit Router(std::vector<Route> routes);

  const std::vector<Route>& routes() const { return routes_; }

  struct Match {
    std::size_t route = 0;  // index in routes()
    std::vector<std::string> captures;
  };
  /// HEAD finds the GET. kNotFound, kMethodNotAllowed (see `allowed`), kInvalid for a segment that is not
  /// percent-encoded UTF-8.
  Result<Match> find(std::string_view method, std::string_view path) const;

  /// "GET, HEAD, PATCH, OPTIONS": the methods of that path; empty if there is no such path.
  std::string allowed(std::string_view path) const;
  /// Some route of that path may be called from browsers.
  bool is_for_browsers(std::string_view path) const;

 private:
  struct Compiled {
    std::vector<std::string_view> segments;
  };
  bool fits(const Compiled& pattern, const std::vector<std::string_view>& segments) const;
  std::vector<std::size_t> of_path(std::string_view path) const;

  std::vector<Route> routes_;
  std::vector<Compiled> compiled_;
};

}  // namespace signpost::api
