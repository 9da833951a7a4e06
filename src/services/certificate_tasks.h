// SPDX-License-Identifier: Apache-2.0
//
// What a certificate's next step does: asks DNS and the authority, and says what happened; the caller saves it.
// A member of Certificates; a task runs on the loop that asks; everything it was given outlives it.
// Nothing is asked of an authority before DNS shows, at every server that speaks, what the authority will look for: its
// limits are for those who may succeed. A key is saved before anybody hears of it.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "acme/account.h"
#include "acme/client.h"
#include "acme/order.h"
#include "base/clock.h"
#include "crypto/private_key.h"
#include "crypto/sealed.h"
#include "model/certificate.h"
#include "net/task.h"
#include "net/worker_pool.h"
#include "services/authorities.h"
#include "services/bell.h"
#include "services/certificate_change.h"
#include "services/challenge_zone.h"
#include "services/issuance_limits.h"
#include "services/issuance_sight.h"
#include "services/limit_queue.h"
#include "services/storage.h"

namespace signpost::services {

/// What one run of a certificate's job knows beyond the rows. Whoever comes after a crash, or after another change,
/// does not know it and asks again.
struct CertificateRun {
  using Instant = std::chrono::steady_clock::time_point;
  struct MadeKey {
    std::string sealed;
    crypto::PrivateKey key;
  };
  std::optional<Instant> delegation_seen_at;  // at all servers, and nothing spoke against it
  std::string unanswered;            // URL of an order placed by this run, none of whose challenges is answered
  std::string published;             // URL of an order whose values stand in the zone
  std::optional<Instant> poll_at;    // before that the authority has decided nothing
  std::optional<acme::Order> ready;  // the order, seen ready
  std::optional<MadeKey> key;
};

class CertificateTasks {
 public:
  using Happening = model::CertificateHappening;

  struct Settings {
    crypto::KeyType key_type = crypto::KeyType::kEcdsaP256;
    Milliseconds poll_budget{20'000};  // for which one run of a job waits for an authority that works on an order
  };

  /// `zone` may be null: then no certificate comes by a CNAME.
  CertificateTasks(Storage& storage, const crypto::MasterKey& master_key, Bell& bell, const Clock& clock, IdMaker& ids,
                   Authorities& authorities, ChallengeZone* zone, Settings settings);

  /// Whatever model::task_of() says is due now.
  Task<Happening> perform(const CertificateSubject& subject, IssuanceSight& sight, CertificateRun& run);
  /// What stands or falls with the happening, in the transaction that saves it.
  Result<void> save_beside(store::Tx& tx, const CertificateSubject& before, const Happening& happening,
                           CertificateRun& run) const;
  /// At the first authority, by preference, that takes the order.
  Task<Happening> place_order(const CertificateSubject& subject, IssuanceSight& sight, CertificateRun& run);
  /// The challenges of an order that was saved without them.
  Task<Happening> learn_challenges(const CertificateSubject& subject);
  /// Has its authority revoke what is held: asked for by our account there, or, where another one ordered it or ours is
  /// gone, by the certificate's own key. kConflict if the settings have no such authority any more.
  Task<Result<void>> revoke(const model::Certificate& certificate, acme::RevocationReason reason);
  /// What the order wanted in our zone is of no more use; what is left behind ends by its age.
  Task<void> withdraw(const model::Certificate& certificate);

 private:
  /// Why an authority did not take an order.
  struct NotPlaced {
    NotPlaced(model::AttemptFailed why) : failed(std::move(why)) {}  // NOLINT: most have no more to say
    model::AttemptFailed failed;
    std::optional<LimitReached> limit = {};          // which is ours to keep: nothing has failed
    std::optional<model::ChallengeUnseen> caa = {};  // it was not even asked
  };

  Task<Happening> perform_due(const CertificateSubject& subject, IssuanceSight& sight, CertificateRun& run);
  Task<Happening> ask_renewal(const CertificateSubject& subject);
  /// Ours at the authority; why there is none, said as the authority's or as our own failure.
  Task<std::expected<acme::Account, model::AttemptFailed>> account_at(Authority& authority);
  Task<std::expected<Happening, NotPlaced>> order_at(const CertificateSubject& subject, IssuanceSight& sight,
                                                     Authority& authority, CertificateRun& run);
  /// What stopped it at every authority, in their order, as one: the first that may be asked again decides when.
  Happening stopped(const CertificateSubject& subject, std::vector<NotPlaced> stops);
  struct Asked {
    std::vector<model::Challenge> challenges;
    bool are_unanswered = true;
  };
  /// What the authority must see proven, of an order's authorizations.
  Task<std::expected<Asked, model::AttemptFailed>> challenges_of(Authority& authority, acme::Account account,
                                                                 std::vector<std::string> authorizations);
  Task<Happening> prove(const CertificateSubject& subject, IssuanceSight& sight, CertificateRun& run);
  /// The values of the order stand in the zone; nothing if all is well.
  Task<std::optional<model::AttemptFailed>> publish(const model::Certificate& certificate, const CertificateRun& run);
  /// In `txt` mode all organizations have one account at the authority, so what one has proven there, or is about to,
  /// says nothing about another: then the connection's own claim must be proven first. Nothing if all is well.
  Task<Result<std::optional<Happening>>> missing_ownership(const CertificateSubject& subject);
  Task<Happening> finalize(const CertificateSubject& subject, IssuanceSight& sight, CertificateRun& run);
  /// What has happened to the order; or, where its authority does not come to an end, another authority's order in its
  /// place. It is kept where none takes one, and by TXT, whose value the customer may have added, until the end is
  /// near.
  Task<Happening> or_elsewhere(const CertificateSubject& subject, IssuanceSight& sight, CertificateRun& run,
                               Happening happened);
  /// The order as soon as it is ready, valid or invalid; not before run.poll_at.
  Task<acme::Outcome<acme::Order>> await_order(Authority& authority, acme::Account account, std::string url,
                                               const CertificateRun& run);
  /// What the authority says first of a name that it refuses, if it refuses one.
  Task<std::optional<Happening>> refused(const CertificateSubject& subject, IssuanceSight& sight, Authority& authority,
                                         acme::Account account, std::vector<std::string> authorizations);
  Task<Happening> validation_failed(const CertificateSubject& subject, IssuanceSight& sight, Authority& authority,
                                    const acme::Authorization& authorization);
  Task<Happening> order_failed(const CertificateSubject& subject, IssuanceSight& sight, Authority& authority,
                               acme::Account account, const acme::Order& order);
  Task<Happening> request_certificate(const CertificateSubject& subject, Authority& authority, acme::Account account,
                                      acme::Order order, CertificateRun& run);
  Task<Happening> receive(const CertificateSubject& subject, Authority& authority, acme::Account account,
                          const acme::Order& order, CertificateRun& run);
  Task<Happening> save_key(const CertificateSubject& subject, Authority& authority, CertificateRun& run);
  /// The order's own: as this run made it, else as it is saved.
  Result<void> find_key(const model::Certificate& certificate, CertificateRun& run) const;
  /// Why CAA keeps the authority from issuing, as something to look at again: it is not asked, and nothing is lost.
  Task<std::optional<model::ChallengeUnseen>> check_caa(const CertificateSubject& subject, IssuanceSight& sight,
                                                        Authority& authority, const acme::Directory& directory,
                                                        const acme::Account& account);

  Storage& storage_;
  const crypto::MasterKey& master_key_;
  Bell& bell_;
  const Clock& clock_;
  IdMaker& ids_;
  Authorities& authorities_;
  ChallengeZone* const zone_;
  const Settings settings_;
  LimitQueue queue_;
  net::WorkerPool keys_;  // makes keys, RSA ones take long; dies first
};

/// Associated data of a certificate's sealed private keys.
std::string certificate_key_purpose(CertificateId id);

}  // namespace signpost::services
