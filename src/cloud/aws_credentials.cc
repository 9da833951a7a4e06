// SPDX-License-Identifier: Apache-2.0
#include "cloud/aws_credentials.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <memory>

#include "base/text.h"
#include "net/url.h"
#include "net/wait.h"

namespace signpost::cloud {
namespace {

constexpr std::string_view kContainerHost = "http://169.254.170.2";
constexpr std::string_view kRolesPath = "/latest/meta-data/iam/security-credentials/";
constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr std::size_t kTokenBytesMax = 16 * 1024;
// A call that is signed with them must still arrive in time.
constexpr std::chrono::seconds kLastUse{30};

std::unexpected<AwsError> none(std::string_view what) {
  return aws_fail(AwsTrouble::kNoCredentials, "", std::string(what));
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kTokenBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// The document that both metadata services answer.
AwsResult<AwsCredentials> parse_credentials(const net::HttpReply& reply, std::string_view source) {
  boost::system::error_code trouble;
  const auto value = boost::json::parse(reply.body, trouble);
  const auto* object = trouble ? nullptr : value.if_object();
  if (object == nullptr)
    return aws_fail(AwsTrouble::kGarbled, "", format("{} does not answer with a JSON object", source));
  if (const auto code = text_of(*object, "Code"); !code.empty() && code != "Success")
    return aws_fail(AwsTrouble::kNoCredentials, code, format("{} has no credentials: {}", source, printable(code, 80)));
  AwsCredentials credentials;
  credentials.access_key_id = text_of(*object, "AccessKeyId");
  credentials.secret_access_key = crypto::Secret(text_of(*object, "SecretAccessKey"));
  credentials.session_token = crypto::Secret(text_of(*object, "Token"));
  const auto expires = parse_rfc3339(text_of(*object, "Expiration"));
  if (!is_token(credentials.access_key_id) || !is_token(credentials.secret_access_key.expose()) ||
      (!credentials.session_token.is_empty() && !is_token(credentials.session_token.expose())) || !expires)
    return aws_fail(AwsTrouble::kGarbled, "",
                    format("{} answers without AccessKeyId, SecretAccessKey or Expiration", source));
  credentials.expires_at = *expires;
  return credentials;
}

/// Whom a container's token may be sent to in clear (AWS's SDKs allow the same).
bool is_own_metadata(const net::Url& url) {
  if (url.scheme == net::Scheme::kHttps || url.host == "localhost") return true;
  constexpr std::array<std::string_view, 3> kAddresses{"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  return url.literal && (url.literal->is_loopback() || std::ranges::find(kAddresses, url.host) != kAddresses.end());
}

AwsResult<crypto::Secret> read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kTokenBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const std::string token(trim(text));
  if (!is_token(token))
    return none(format("the file {} of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE does not hold a token", printable(path)));
  return crypto::Secret(token);
}

AwsError named(AwsError error, std::string_view source) {
  error.error.message = format("{} does not give credentials: {}", source, error.error.message);
  return error;
}

}  // namespace

Result<AwsCredentialSettings> AwsCredentialSettings::from_environment(const Environment& environment) {
  AwsCredentialSettings settings;
  const auto value = [&](std::string_view name) { return std::string(trim(environment(name).value_or(""))); };
  AwsCredentials keys;
  keys.access_key_id = value("AWS_ACCESS_KEY_ID");
  keys.secret_access_key = crypto::Secret(value("AWS_SECRET_ACCESS_KEY"));
  keys.session_token = crypto::Secret(value("AWS_SESSION_TOKEN"));
  if (keys.access_key_id.empty() != keys.secret_access_key.is_empty())
    return fail(Kind::kUnprocessable, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or none");
  if (!keys.access_key_id.empty()) settings.environment = std::move(keys);

  if (const auto relative = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); !relative.empty()) {
    if (!relative.starts_with('/'))
      return fail(Kind::kUnprocessable, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with /");
    settings.container_uri = std::string(kContainerHost) + relative;
  } else {
    settings.container_uri = value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  }
  if (!settings.container_uri.empty()) {
    const auto url = net::Url::parse(settings.container_uri);
    if (!url) return fail(Kind::kUnprocessable, "AWS_CONTAINER_CREDENTIALS_FULL_URI: " + url.error().message);
    if (!is_own_metadata(*url))
      return fail(
          Kind::kUnprocessable,
          format("AWS_CONTAINER_CREDENTIALS_FULL_URI names {}, where credentials would travel in clear: use https",
                 url->authority()));
  }
  settings.container_token = crypto::Secret(value("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
  settings.container_token_file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (const auto endpoint = value("AWS_EC2_METADATA_SERVICE_ENDPOINT"); !endpoint.empty()) {
    settings.instance_endpoint = endpoint.ends_with('/') ? endpoint.substr(0, endpoint.size() - 1) : endpoint;
  }
  if (to_lower(value("AWS_EC2_METADATA_DISABLED")) == "true") settings.instance_endpoint.clear();
  return settings;
}

AwsCredentialChain::AwsCredentialChain(net::HttpClient& http, const Clock& clock, AwsCredentialSettings settings)
    : http_(http), clock_(clock), settings_(std::move(settings)), renewals_(1, waiting_max) {}

AwsCredentialChain::~AwsCredentialChain() = default;

Task<AwsResult<AwsCredentials>> AwsCredentialChain::credentials() {
  using Answer = AwsResult<AwsCredentials>;
  if (auto now = kept()) co_return *std::move(now);
  co_return co_await net::hop<Answer>([this](net::Resume<Answer> resume) {
    // Owned by the work in the queue, and by us until we know that it was taken.
    const auto answer = std::make_shared<net::Resume<Answer>>(std::move(resume));
    const auto admission = renewals_.run([this, answer] {
      if (renewals_.is_closing())
        return (*answer)(Answer(aws_fail(AwsTrouble::kUnavailable, "", "the program is ending")));
      (*answer)(renew());
    });
    if (admission == net::WorkerPool::Admission::kFull)
      (*answer)(Answer(aws_fail(AwsTrouble::kUnavailable, "", "too many calls wait for AWS credentials; try again")));
  });
}

void AwsCredentialChain::refused(std::string access_key_id) {
  memory_.with([&](Memory& memory) {
    if (!memory.kept || memory.kept->access_key_id != access_key_id) return;
    // The same key again: its source has nothing newer, and is left alone for a while.
    const auto now = clock_.steady_now();
    if (memory.refused_key == access_key_id && now - memory.refused_at < kRetryPause) return;
    memory.refused_key = access_key_id;
    memory.refused_at = now;
    memory.kept.reset();
  });
}

bool AwsCredentialChain::is_good(const AwsCredentials& credentials, Milliseconds before_end) const {
  return !credentials.expires_at || *credentials.expires_at - before_end > clock_.now();
}

std::optional<AwsResult<AwsCredentials>> AwsCredentialChain::kept() const {
  return memory_.with([&](const Memory& memory) -> std::optional<AwsResult<AwsCredentials>> {
    if (memory.kept && is_good(*memory.kept, kRenewBefore)) return *memory.kept;
    const bool has_failed = memory.failure && clock_.steady_now() - memory.failed_at < kRetryPause;
    if (memory.kept && is_good(*memory.kept, kLastUse) && (has_failed || memory.is_renewing)) return *memory.kept;
    if (has_failed) return std::unexpected(*memory.failure);
    return std::nullopt;
  });
}

/// On the thread of the renewals.
AwsResult<AwsCredentials> AwsCredentialChain::renew() {
  if (auto now = kept()) return *std::move(now);  // whoever was before us in the queue has renewed them
  memory_.with([](Memory& memory) { memory.is_renewing = true; });
  auto fetched = fetch();
  if (fetched && !is_good(*fetched, kLastUse)) {
    fetched = std::unexpected(aws_error(AwsTrouble::kCredentialsExpired, "",
                                        format("they ended at {}", to_rfc3339(*fetched->expires_at)),
                                        "using the AWS credentials"));
  }
  return memory_.with([&](Memory& memory) -> AwsResult<AwsCredentials> {
    memory.is_renewing = false;
    if (fetched) {
      memory.kept = *fetched;
      memory.failure.reset();
      return fetched;
    }
    memory.failure = fetched.error();
    memory.failed_at = clock_.steady_now();
    if (memory.kept && is_good(*memory.kept, kLastUse)) return *memory.kept;
    return fetched;
  });
}

AwsResult<AwsCredentials> AwsCredentialChain::fetch() const {
  if (settings_.given) return *settings_.given;
  if (settings_.environment) return *settings_.environment;
  if (!settings_.container_uri.empty()) return of_container();
  if (!settings_.instance_endpoint.empty()) return of_instance();
  return std::unexpected(aws_error(AwsTrouble::kNoCredentials, "", "", "signing a call to AWS"));
}

AwsResult<AwsCredentials> AwsCredentialChain::of_container() const {
  constexpr std::string_view kSource = "the container's metadata service";
  net::HttpCall call;
  call.url = settings_.container_uri;
  call.timeout = settings_.metadata_timeout;
  call.body_bytes_max = kAnswerBytesMax;
  auto token = settings_.container_token;
  if (!settings_.container_token_file.empty()) token = TRY(read_token(settings_.container_token_file));
  if (!token.is_empty()) call.headers.push_back({"Authorization", token.expose()});
  auto reply = http_.call_blocking(call);
  if (!reply) return std::unexpected(named(std::move(reply).error(), kSource));
  if (reply->status != 200) return none(format("{} answers with HTTP {}", kSource, reply->status));
  return parse_credentials(*reply, kSource);
}

AwsResult<AwsCredentials> AwsCredentialChain::of_instance() const {
  constexpr std::string_view kSource = "the instance's metadata service (IMDSv2)";
  const auto ask = [&](std::string method, std::string_view path, net::Header header) -> AwsResult<net::HttpReply> {
    net::HttpCall call;
    call.method = std::move(method);
    call.url = settings_.instance_endpoint + std::string(path);
    call.headers.push_back(std::move(header));
    call.timeout = settings_.metadata_timeout;
    call.body_bytes_max = kAnswerBytesMax;
    auto reply = http_.call_blocking(call);
    // No such service is the usual case on a machine that is not AWS's.
    if (!reply)
      return none(format("no AWS credentials in the settings and the environment, and {} cannot be reached: {}",
                         kSource, reply.error().message));
    if (reply->status != 200)
      return none(format("{} answers {} with HTTP {}: does the instance have a role?", kSource, path, reply->status));
    return std::move(*reply);
  };
  const auto token = TRY(ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds", "21600"})).body;
  if (!is_token(token)) return aws_fail(AwsTrouble::kGarbled, "", format("{} does not answer with a token", kSource));
  const net::Header proof{"X-aws-ec2-metadata-token", token};
  const auto roles = TRY(ask("GET", kRolesPath, proof)).body;
  const std::string role(trim(roles.substr(0, roles.find('\n'))));
  if (!is_token(role) || role.find_first_of("/?#%") != std::string::npos)
    return none(format("{} names no role", kSource));
  return parse_credentials(TRY(ask("GET", std::string(kRolesPath) + role, proof)), kSource);
}

}  // namespace signpost::cloud
