// SPDX-License-Identifier: Apache-2.0
#include "services/pages.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "net/url.h"
#include "services/connection_change.h"
#include "services/organization_slug.h"
#include "store/connections.h"
#include "store/jobs.h"
#include "store/pages.h"

namespace signpost::services {
namespace {

/// An organization's pages in memory, and how they differ from the rows.
class PageSet {
 public:
  PageSet(std::vector<model::Page> saved, IdMaker& ids, Time now) : ids_(ids), now_(now) {
    for (auto& page : saved) {
      auto path = page.path;
      now_there_.emplace(std::move(path), Entry{std::move(page), Row::kSame});
    }
  }

  /// An organization without core pages has the default ones.
  void ensure_core_pages() {
    const auto is_core = [](const auto& item) { return item.second.page.kind == model::PageKind::kCore; };
    if (std::ranges::any_of(now_there_, is_core)) return;
    for (const auto path : model::kDefaultCorePages) {
      if (!now_there_.contains(std::string(path))) put(model::PageKind::kCore, std::string(path));
    }
  }

  void apply(const PageUpload& upload) {
    const auto is_core = [](const auto& of_kind) { return of_kind.kind == model::PageKind::kCore; };
    if (std::ranges::none_of(upload.replaced, is_core)) ensure_core_pages();
    for (const auto& [kind, paths] : upload.replaced) replace(kind, paths);
    for (const auto& path : upload.removed) remove(path);
    for (const auto& [kind, paths] : upload.added) {
      for (const auto& path : paths) put(kind, path);
    }
  }

  Result<void> set_hashes(const std::vector<std::pair<std::string, std::string>>& hashes) {
    for (const auto& [path, hash] : hashes) {
      const auto found = now_there_.find(path);
      if (found == now_there_.end()) {
        return fail(Kind::kUnprocessable,
                    format("page_hashes: {} is no page of the organization: add it", printable(path, 100)),
                    "page_hashes");
      }
      auto& entry = found->second;
      if (entry.page.hash == hash) continue;
      entry.page.hash = hash;
      touch(entry);
    }
    return {};
  }

  Result<PageChange> check() const {
    PageChange change;
    std::size_t bytes = 0;
    for (const auto& [path, entry] : now_there_) {
      bytes += path.size();
      ++change.of_kind[static_cast<std::size_t>(entry.page.kind)];
      change.added += entry.row == Row::kNew ? 1 : 0;
      change.changed += entry.row == Row::kChanged ? 1 : 0;
    }
    change.removed = removed_.size();
    if (now_there_.size() > model::kPagesMax) {
      return fail(Kind::kTooLarge, format("an organization has at most {} pages; these would be {}", model::kPagesMax,
                                          now_there_.size()));
    }
    if (bytes > model::kPagesBytesMax) {
      return fail(Kind::kTooLarge, format("the paths of an organization's pages have at most {} bytes together; these "
                                          "would have {}",
                                          model::kPagesBytesMax, bytes));
    }
    return change;
  }

  Result<void> save(store::Tx& tx, ApplicationId application, std::string_view organization) const {
    for (const auto id : removed_) TRY_VOID(store::pages::remove(tx, application, organization, id));
    for (const auto& [path, entry] : now_there_) {
      switch (entry.row) {
        case Row::kSame:
          break;
        case Row::kNew:
          TRY_VOID(store::pages::insert(tx, application, organization, entry.page));
          break;
        case Row::kChanged:
          TRY_VOID(store::pages::update(tx, application, organization, entry.page));
          break;
      }
    }
    return {};
  }

 private:
  enum class Row { kSame, kNew, kChanged };
  struct Entry {
    model::Page page;
    Row row;
  };

  void replace(model::PageKind kind, const std::vector<std::string>& paths) {
    std::unordered_set<std::string_view> kept(paths.begin(), paths.end());
    const bool is_default = kind == model::PageKind::kCore && paths.empty();
    if (is_default) kept.insert(model::kDefaultCorePages.begin(), model::kDefaultCorePages.end());
    std::vector<std::string> gone;
    for (const auto& [path, entry] : now_there_) {
      if (entry.page.kind == kind && !kept.contains(path)) gone.push_back(path);
    }
    for (const auto& path : gone) remove(path);
    for (const auto& path : paths) put(kind, path);
    if (!is_default) return;
    for (const auto path : model::kDefaultCorePages) put(kind, std::string(path));
  }

  void remove(const std::string& path) {
    const auto found = now_there_.find(path);
    if (found == now_there_.end()) return;
    if (found->second.row != Row::kNew) removed_.push_back(found->second.page.id);
    now_there_.erase(found);
  }

  void put(model::PageKind kind, const std::string& path) {
    const auto [found, is_new] = now_there_.try_emplace(
        path, Entry{model::Page{.kind = kind, .path = path, .hash = {}, .updated_at = now_}, Row::kNew});
    auto& entry = found->second;
    if (is_new) {
      entry.page.id = ids_.make<model::PageId>();
    } else if (entry.page.kind != kind) {
      entry.page.kind = kind;
      touch(entry);
    }
  }

  void touch(Entry& entry) const {
    entry.page.updated_at = now_;
    if (entry.row == Row::kSame) entry.row = Row::kChanged;
  }

  IdMaker& ids_;
  const Time now_;
  std::unordered_map<std::string, Entry> now_there_;  // by path
  std::vector<model::PageId> removed_;
};

/// Every deployed connection of the organization submits what has changed.
Result<Rings> request_submissions(store::Tx& tx, ApplicationId application, std::string_view organization, IdMaker& ids,
                                  Time now) {
  const auto live = TRY(store::connections::list_live_of_organization(tx, application, organization));
  Rings rings;
  for (const auto& connection : live) {
    if (connection.status != model::Status::kDeployed) continue;
    const model::JobRequest wish{model::JobKind::kSearchSubmission, now + kPagesGatherPause,
                                 model::JobRequest::When::kEarlier};
    TRY_VOID(store::jobs::request(tx, connection.id, fairness_key_of(application, organization), wish,
                                  ids.make<JobRowId>(), now));
    rings.add_job_of(connection.id);
  }
  return rings;
}

}  // namespace

Result<std::string> parse_page_path(std::string_view text) {
  const bool is_path = text.starts_with('/') && !text.starts_with("//");
  const auto url = TRY(net::Url::parse(is_path ? format("https://host.example{}", text) : std::string(text)));
  if (url.target.size() <= model::kPagePathBytesMax) return url.target;
  return fail(Kind::kUnprocessable, format("a page's path has at most {} bytes", model::kPagePathBytesMax));
}

Result<void> ensure_core_pages(store::Tx& tx, ApplicationId application, std::string_view organization, IdMaker& ids,
                               Time now) {
  if (TRY(store::pages::count(tx, application, organization, model::PageKind::kCore)) > 0) return {};
  PageSet set(TRY(store::pages::list_all(tx, application, organization)), ids, now);
  set.ensure_core_pages();
  return set.save(tx, application, organization);
}

Task<Result<PageChange>> Pages::upload(ApplicationId application, std::string organization, PageUpload upload) {
  CO_TRY_VOID(check_organization(organization));
  struct Done {
    PageChange change;
    Rings rings;
  };
  const Time now = clock_.now();
  auto done = CO_TRY(co_await storage_.write<Done>([&, now](store::Tx& tx) -> Result<Done> {
    PageSet set(TRY(store::pages::list_all(tx, application, organization)), ids_, now);
    set.apply(upload);
    TRY_VOID(set.set_hashes(upload.hashes));
    const auto change = TRY(set.check());
    TRY_VOID(set.save(tx, application, organization));
    const bool is_changed = change.added + change.changed + change.removed > 0;
    if (!is_changed) return Done{change, {}};
    return Done{change, TRY(request_submissions(tx, application, organization, ids_, now))};
  }));
  ring(bell_, std::move(done.rings));
  co_return done.change;
}

Task<Result<store::Page<model::Page>>> Pages::list(ApplicationId application, std::string organization,
                                                   store::PageRequest<model::PageId> request) {
  CO_TRY_VOID(check_organization(organization));
  using Listed = store::Page<model::Page>;
  auto page = CO_TRY(co_await storage_.read<Listed>(
      [&](store::Tx& tx) { return store::pages::list(tx, application, organization, request); }));
  if (!page.items.empty() || request.after) co_return page;
  for (const auto path : model::kDefaultCorePages) {
    page.items.push_back({.kind = model::PageKind::kCore, .path = std::string(path), .hash = {}});
  }
  co_return page;
}

}  // namespace signpost::services
