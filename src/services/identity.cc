// SPDX-License-Identifier: Apache-2.0
#include "services/identity.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fstream>
#include <unordered_map>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "net/wait.h"

namespace signpost::services {

/// What is left of a token once it is verified.
struct Identity::VerifiedClaims {
  std::string issuer;
  std::vector<std::string> audiences;  // aud and azp together
  std::string organization;
  std::string subject;
  Time forget_at{};
};

/// Tokens that were verified lately, by digest: a browser sends the same one again and again, and RSA costs 35 µs.
class Identity::VerifiedTokens {
 public:
  explicit VerifiedTokens(std::size_t entries_max) : shard_max_(entries_max / kShards) {}

  std::shared_ptr<const VerifiedClaims> find(const std::string& digest, Time now) {
    return shard_of(digest).with([&](Shard& shard) -> std::shared_ptr<const VerifiedClaims> {
      const auto found = shard.by_digest.find(digest);
      if (found == shard.by_digest.end() || now >= found->second->forget_at) return nullptr;
      return found->second;
    });
  }

  void keep(const std::string& digest, std::shared_ptr<const VerifiedClaims> claims) {
    if (shard_max_ == 0) return;
    shard_of(digest).with([&](Shard& shard) {
      if (!shard.by_digest.insert_or_assign(digest, std::move(claims)).second) return;
      shard.by_age.push_back(digest);
      if (shard.by_age.size() <= shard_max_) return;
      shard.by_digest.erase(shard.by_age.front());
      shard.by_age.pop_front();
    });
  }

 private:
  static constexpr std::size_t kShards = 16;
  struct Shard {
    std::unordered_map<std::string, std::shared_ptr<const VerifiedClaims>> by_digest;
    std::deque<std::string> by_age;  // the oldest in front
  };
  Guarded<Shard>& shard_of(const std::string& digest) {
    return shards_[static_cast<unsigned char>(digest.front()) % kShards];
  }
  const std::size_t shard_max_;
  std::array<Guarded<Shard>, kShards> shards_;
};

struct Identity::Provider {
  static constexpr std::size_t waiting_max = 4096;  // requests that wait for one fetch; over it they go on without
  struct State {
    Keys keys;          // of the last fetch that succeeded
    Time fetched_at{};  // of that one
    Time tried_at{};    // of the last one
    std::string last_error;
    bool is_fetching = false;
    std::vector<net::Resume<bool>> waiting;
  };
  explicit Provider(Issuer from) : issuer(std::move(from)) {}
  const Issuer issuer;
  Guarded<State> state;
};

namespace {

/// True once `pause` has passed, and when the clock has stepped back: a jump must not close the door for a year.
bool is_past(Time since, Milliseconds pause, Time now) { return now >= since + pause || now < since; }

std::string organization_in(const Issuer& issuer, const crypto::TokenClaims& claims) {
  if (!issuer.organization_claim.empty()) return claims.text_claim(issuer.organization_claim).value_or("");
  const auto version1 = claims.text_claim("org_slug");
  return version1 ? *version1 : claims.text_claim("o.slg").value_or("");
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Kind::kUnavailable, "the key file " + path + " cannot be read");
  std::string text(crypto::kJwksBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

Identity::Identity(const Directory& directory, net::HttpClient& http, const Clock& clock, Settings settings)
    : directory_(directory),
      http_(http),
      clock_(clock),
      settings_(std::move(settings)),
      verified_(std::make_unique<VerifiedTokens>(settings_.verified_max)) {
  for (const auto& issuer : settings_.issuers) providers_.push_back(std::make_unique<Provider>(issuer));
}

Identity::~Identity() = default;

Task<Result<OrganizationIdentity>> Identity::authenticate(std::string token) {
  if (token.size() > crypto::kTokenBytesMax) co_return fail(Kind::kUnauthenticated, "the token is larger than 16 KiB");
  const auto digest = crypto::sha256(token);
  auto known = verified_->find(digest, clock_.now());
  if (!known) {
    known = std::make_shared<const VerifiedClaims>(CO_TRY(co_await verify(std::move(token))));
    verified_->keep(digest, known);
  }
  co_return select(*known);
}

Task<Result<Identity::VerifiedClaims>> Identity::verify(std::string token) {
  const auto parsed = CO_TRY(crypto::UnverifiedToken::parse(token));
  const auto& claims = parsed.claims();
  Provider* provider = provider_of(claims.issuer);
  if (provider == nullptr) {
    co_return fail(Kind::kUnauthenticated, "the token's issuer is none that this server is configured to trust");
  }
  const auto keys = CO_TRY(co_await keys_for(*provider, claims.key_id, claims.algorithm));
  const auto* key = keys->find(claims.key_id, claims.algorithm);
  if (key == nullptr)
    co_return fail(Kind::kUnauthenticated, "the token is signed with a key that its issuer does not publish");
  CO_TRY_VOID(parsed.verify(*key));
  CO_TRY_VOID(crypto::check_times(claims, clock_.now(), std::chrono::floor<std::chrono::seconds>(settings_.leeway)));
  co_return boiled_down(*provider, claims);
}

Result<Identity::VerifiedClaims> Identity::boiled_down(const Provider& provider,
                                                       const crypto::TokenClaims& claims) const {
  VerifiedClaims kept;
  kept.issuer = claims.issuer;
  kept.audiences = claims.audience;
  if (!claims.authorized_party.empty()) kept.audiences.push_back(claims.authorized_party);
  kept.organization = organization_in(provider.issuer, claims);
  kept.subject = claims.subject;
  const auto ends_at = from_ms(claims.expires_at.value_or(0) * 1000) + settings_.leeway;
  kept.forget_at = std::min(clock_.now() + kVerifiedLifetime, ends_at);
  if (kept.organization.empty()) {
    return fail(Kind::kForbidden,
                "the token names no organization; the user must have one selected when the token is made");
  }
  return kept;
}

Identity::Provider* Identity::provider_of(std::string_view issuer) const {
  const auto found = std::ranges::find_if(providers_, [&](const auto& one) { return one->issuer.issuer == issuer; });
  return found == providers_.end() ? nullptr : found->get();
}

Result<OrganizationIdentity> Identity::select(const VerifiedClaims& claims) const {
  const auto directory = directory_.snapshot();
  std::vector<ApplicationId> named;   // the rule names one of the token's audiences
  std::vector<ApplicationId> others;  // the rule takes any
  for (const auto id : directory->of_issuer(claims.issuer)) {
    const auto& accepted = directory->find(id)->application.identity.audiences;
    const bool is_named = std::ranges::find_first_of(accepted, claims.audiences) != accepted.end();
    if (is_named) named.push_back(id);
    if (accepted.empty()) others.push_back(id);
  }
  const auto& fitting = named.empty() ? others : named;
  if (fitting.empty())
    return fail(Kind::kUnauthenticated, "the token's issuer and audience (aud or azp) belong to no application");
  if (fitting.size() > 1) {
    return fail(Kind::kUnauthenticated,
                "the token fits several applications; give their identity rules audiences that tell them apart");
  }
  return OrganizationIdentity{fitting.front(), claims.organization, claims.subject};
}

Task<Result<Identity::Keys>> Identity::keys_for(Provider& provider, std::string kid, crypto::Algorithm algorithm) {
  enum class Step { kUse, kFetch, kWait };
  const Time now = clock_.now();
  const auto step = provider.state.with([&](Provider::State& state) {
    const bool has_key = state.keys && state.keys->find(kid, algorithm) != nullptr;
    const bool is_old = state.keys && is_past(state.fetched_at, settings_.keys_lifetime, now);
    if (has_key && (!is_old || state.is_fetching)) return Step::kUse;
    if (state.is_fetching) return Step::kWait;
    if (!is_past(state.tried_at, kRefreshPause, now)) return Step::kUse;
    state.is_fetching = true;
    state.tried_at = now;
    return Step::kFetch;
  });
  if (step == Step::kFetch) co_await refresh(provider);
  if (step == Step::kWait) {
    co_await net::hop<bool>([&provider](net::Resume<bool> resume) {
      std::optional<net::Resume<bool>> mine(std::move(resume));
      provider.state.with([&](Provider::State& state) {
        if (!state.is_fetching || state.waiting.size() == Provider::waiting_max) return;
        state.waiting.push_back(std::move(*mine));
        mine.reset();
      });
      if (mine) (*mine)(true);
    });
  }
  co_return provider.state.with([&](Provider::State& state) -> Result<Keys> {
    if (state.keys) return state.keys;
    auto error = fail(Kind::kUnavailable, "the issuer's keys cannot be had right now: " + state.last_error);
    error.error().retry_after = std::chrono::ceil<std::chrono::seconds>(
        std::clamp<Milliseconds>(state.tried_at + kRefreshPause - now, std::chrono::seconds(1), kRefreshPause));
    return error;
  });
}

Task<void> Identity::refresh(Provider& provider) {
  // Even if this coroutine is cancelled in the middle, the next one may fetch and nobody waits for ever.
  struct Release {
    Provider& provider;
    ~Release() {
      auto waiting = provider.state.with([](Provider::State& state) {
        state.is_fetching = false;
        return std::exchange(state.waiting, {});
      });
      for (auto& resume : waiting) resume(true);
    }
  } release{provider};
  ++fetches_;
  auto text = co_await fetch(provider.issuer);
  auto keys = text ? crypto::KeySet::parse(*text) : std::unexpected(text.error());
  if (!keys) {
    log::warn("keys of the identity provider could not be fetched; the old ones stay",
              {{"issuer", provider.issuer.issuer}, {"error", keys.error().message}});
  }
  provider.state.with([&](Provider::State& state) {
    if (keys) {
      state.keys = std::make_shared<const crypto::KeySet>(std::move(*keys));
      state.fetched_at = clock_.now();
    } else {
      state.last_error = keys.error().message;
    }
  });
}

Task<Result<std::string>> Identity::fetch(const Issuer& issuer) {
  // A local file of at most 256 KiB, read at most every 30 s: not worth a hop to another thread.
  if (!issuer.jwks_file.empty()) co_return read_file(issuer.jwks_file);
  net::HttpCall call;
  call.url = issuer.jwks_url;
  call.headers = {{"Accept", "application/json"}};
  call.timeout = kFetchBudget;
  call.body_bytes_max = crypto::kJwksBytesMax;
  auto reply = CO_TRY(co_await http_.send(std::move(call)));
  if (reply.status != 200)
    co_return fail(Kind::kProtocol, format("the key set's URL answered with status {}", reply.status));
  co_return std::move(reply.body);
}

}  // namespace signpost::services
