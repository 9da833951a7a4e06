// SPDX-License-Identifier: Apache-2.0
//
// The table of how applications take webhooks of the hosted Entri, one row each at most. Free functions on a Tx; the
// caller bumps directory_revision with every change.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "model/entri_receiver.h"
#include "store/tx.h"

namespace signpost::store::entri_receivers {

constexpr std::int32_t kReceiversMax = 100'000;

/// In place of what was there.
Result<void> save(Tx& tx, ApplicationId application, const model::EntriReceiver& receiver);
Result<std::optional<model::EntriReceiver>> find(Tx& tx, ApplicationId application);
Result<bool> remove(Tx& tx, ApplicationId application);

using OfApplication = std::pair<ApplicationId, model::EntriReceiver>;
Result<std::vector<OfApplication>> load_all_across_applications(Tx& tx);

}  // namespace signpost::store::entri_receivers
