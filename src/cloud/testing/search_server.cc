// SPDX-License-Identifier: Apache-2.0
#include "cloud/testing/search_server.h"

#include "base/text.h"
#include "crypto/private_key.h"

namespace signpost::cloud::testing {
namespace {

Call call_of(std::string message) {
  Call call;
  const auto end = message.find("\r\n\r\n");
  call.head = message.substr(0, end);
  call.body = end == std::string::npos ? "" : message.substr(end + 4);
  const auto words = split(std::string_view(call.head).substr(0, call.head.find("\r\n")), ' ');
  call.method = words.empty() ? "" : std::string(words[0]);
  call.target = words.size() < 2 ? "" : std::string(words[1]);
  return call;
}

/// PEM has line feeds, which JSON writes as \n.
std::string escaped(std::string_view pem) {
  std::string text;
  for (const char c : pem) text += c == '\n' ? std::string("\\n") : std::string(1, c);
  return text;
}

}  // namespace

SearchServer::SearchServer()
    : behaviour_(Behaviour(take)), server_([this](net::testing::RawPeer& peer, int) { serve(peer); }) {}

void SearchServer::answer(Behaviour behaviour) {
  behaviour_.with([&](auto& now) { now = std::move(behaviour); });
}

Answer SearchServer::take(const Call& call) {
  if (call.target == kTokenPath) return {200, R"({"access_token":"ya29.one","expires_in":3599,"token_type":"Bearer"})"};
  if (call.target == kVerificationTokenPath)
    return {200, format(R"({{"method":"DNS_TXT","token":"{}"}})", kVerificationToken)};
  if (call.target.starts_with(kSitesPath)) return {204, ""};
  return {200, "{}"};
}

std::string SearchServer::url(std::string_view path) const {
  return format("http://127.0.0.1:{}{}", server_.port(), path);
}

std::vector<Call> SearchServer::calls() const {
  return calls_.with([](const auto& all) { return all; });
}

std::vector<Call> SearchServer::calls_of(std::string_view target) const {
  auto all = calls();
  std::erase_if(all, [&](const Call& call) { return !call.target.starts_with(target); });
  return all;
}

void SearchServer::serve(net::testing::RawPeer& peer) {
  for (;;) {
    auto message = peer.read_message();
    if (message.empty()) return;
    const auto call = call_of(std::move(message));
    calls_.with([&](auto& all) { all.push_back(call); });
    const auto behaviour = behaviour_.with([](const auto& now) { return now; });
    const auto answer = behaviour(call);
    if (answer.status == 0) return;  // hangs up
    peer.send(format("HTTP/1.1 {} Said\r\n{}Content-Length: {}\r\n\r\n{}", answer.status, answer.fields,
                     answer.body.size(), answer.body));
  }
}

std::string refresh_credential() {
  return R"({"type":"authorized_user","client_id":"client-7.apps.example","client_secret":"s3cr/t",)"
         R"("refresh_token":"1//refresh"})";
}

std::string service_account_credential(std::string_view token_url) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kRsa2048);
  return format(R"({{"type":"service_account","client_email":"robot@project.example","private_key_id":"k1",)"
                R"("private_key":"{}","token_uri":"{}"}})",
                escaped(key.to_pem().expose()), token_url);
}

}  // namespace signpost::cloud::testing
