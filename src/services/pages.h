// SPDX-License-Identifier: Apache-2.0
//
// The pages of an organization: what its integrator uploads, and what search engines are to be told of.
// Owned by app/wiring; any loop; storage, bell, clock and ids outlive it.
// An upload is one transaction: the pages and the jobs that submit what has changed, for every deployed connection of
// the organization.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/page.h"
#include "net/task.h"
#include "services/bell.h"
#include "services/storage.h"
#include "store/page.h"

namespace signpost::services {

/// A path ("/what-is-acme/") or a whole http or https URL, whose host counts for nothing: pages are submitted on the
/// connected host. What comes out is written as net::Url writes a target. kUnprocessable with what is wrong.
Result<std::string> parse_page_path(std::string_view text);

/// In this order: kinds that are given are replaced, pages removed, pages added, hashes set.
struct PageUpload {
  struct OfKind {
    model::PageKind kind{};
    std::vector<std::string> paths;  // as parse_page_path gives them
  };
  std::vector<OfKind> replaced;  // all that the kind has from now on; an empty list of core: kDefaultCorePages
  std::vector<std::string> removed;
  std::vector<OfKind> added;
  /// Of the content of pages that are there; another hash than before is a change. 1…model::kPageHashBytesMax visible
  /// ASCII characters.
  std::vector<std::pair<std::string, std::string>> hashes;
};

struct PageChange {
  std::array<std::size_t, model::kPageKinds.size()> of_kind{};  // how many there are now
  std::size_t added = 0;
  std::size_t changed = 0;  // another hash or kind
  std::size_t removed = 0;
};

class Pages {
 public:
  Pages(Storage& storage, Bell& bell, const Clock& clock, IdMaker& ids)
      : storage_(storage), bell_(bell), clock_(clock), ids_(ids) {}

  /// kUnprocessable with a member path ("organization", "page_hashes"); kTooLarge for more than model::kPagesMax pages
  /// or model::kPagesBytesMax bytes of paths; kNotFound if there is no such application.
  Task<Result<PageChange>> upload(ApplicationId application, std::string organization, PageUpload upload);

  /// Newest first; the default core pages if there are no others of that kind and nothing was uploaded yet.
  Task<Result<store::Page<model::Page>>> list(ApplicationId application, std::string organization,
                                              store::PageRequest<model::PageId> request);

 private:
  Storage& storage_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
};

/// What is uploaded within it is submitted together.
constexpr Milliseconds kPagesGatherPause = std::chrono::seconds(5);

/// Gives an organization without core pages the default ones.
Result<void> ensure_core_pages(store::Tx& tx, ApplicationId application, std::string_view organization, IdMaker& ids,
                               Time now);

}  // namespace signpost::services
