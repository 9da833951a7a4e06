// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <future>

#include "base/text.h"
#include "store/postgres_database.h"
#include "store/sqlite_database.h"

namespace signpost::store {
namespace {

/// Hands over a Done and waits for it. Shared, because the database thread may still be inside set_value when the
/// waiter goes on.
template <typename Start>
Result<void> wait_for(Start start) {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  auto outcome = promise->get_future();
  start([promise](Result<void> result) { promise->set_value(std::move(result)); });
  return outcome.get();
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const Settings& settings) {
  const std::string_view url = settings.url;
  if (url.starts_with("sqlite:")) return open_sqlite(settings);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return open_postgres(settings);
  return fail(Kind::kInvalid, "the database url must be sqlite:PATH or postgresql://USER@HOST/NAME", "store.url");
}

Result<void> Database::write_now(Work work) {
  return wait_for([&](Done done) { write(std::move(work), std::move(done)); });
}

Result<void> Database::read_now(Work work) {
  return wait_for([&](Done done) { read(std::move(work), std::move(done)); });
}

Result<void> Database::check() {
  return wait_for([&](Done done) { check(std::move(done)); });
}

}  // namespace signpost::store
