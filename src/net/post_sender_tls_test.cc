// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

#include "net/post_sender.h"
#include "net/testing/fake_address_resolver.h"
#include "net/testing/run_task.h"

namespace signpost::net {
namespace {

using namespace std::chrono_literals;
using Failure = PostOutcome::Failure;
using std::chrono::steady_clock;

template <auto function>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    function(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

void add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

enum class Validity { kNow, kExpired };

/// Self-signed, for these names ("DNS:a.example,IP:127.0.0.1").
Certificate make_certificate(EVP_PKEY* key, const char* names, Validity validity) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86400 * 2);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity == Validity::kNow ? 86400 : -86400);
  X509_set_pubkey(certificate.get(), key);
  auto* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("Test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), NID_subject_alt_name, names);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

/// Answers every request on TLS connections with 200, one connection after the other.
class TlsReceiver {
 public:
  explicit TlsReceiver(const char* names, Validity validity = Validity::kNow, int version_max = TLS1_3_VERSION)
      : key_(EVP_EC_gen("P-256")), certificate_(make_certificate(key_.get(), names, validity)) {
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    TcpEndpoint any(boost::asio::ip::address_v4::loopback(), 0);
    auto size = static_cast<socklen_t>(any.size());
    if (::bind(listener_, any.data(), size) != 0 || ::listen(listener_, 16) != 0) std::abort();
    ::getsockname(listener_, any.data(), &size);
    port_ = any.port();
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsReceiver() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }
  std::string authority_pem() const {
    std::unique_ptr<BIO, Free<BIO_free>> memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), certificate_.get());
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

 private:
  void serve() {
    for (int descriptor; (descriptor = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      std::unique_ptr<SSL, Free<SSL_free>> ssl(SSL_new(context_.get()));
      SSL_set_fd(ssl.get(), descriptor);
      if (SSL_accept(ssl.get()) == 1) answer(ssl.get());
      ::close(descriptor);
    }
  }
  static void answer(SSL* ssl) {
    char request[4096];
    static constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    while (SSL_read(ssl, request, sizeof request) > 0) SSL_write(ssl, kOk.data(), static_cast<int>(kOk.size()));
  }

  Key key_;
  Certificate certificate_;
  std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class TlsSending {
 public:
  explicit TlsSending(const std::string& authority_pem) {
    std::snprintf(path_, sizeof path_, "%s", "/tmp/signpost-ca-XXXXXX");
    ::close(::mkstemp(path_));
    std::ofstream(path_) << authority_pem;
    sender_ = std::make_unique<PostSender>(loop_, policy_, resolver_, PostSettings{.ca_file = path_});
    for (const auto* host : {"hooks.shop.example", "other.example"}) resolver_.set(host, {"127.0.0.1"});
  }
  ~TlsSending() {
    testing::run_task(loop_, sender_->stop());
    ::unlink(path_);
  }
  PostOutcome post(const std::string& host, std::uint16_t port) {
    const auto url = Url::parse("https://" + host + ":" + std::to_string(port) + "/hook").value();
    return testing::run_task(loop_, sender_->post(url, {}, "{}", steady_clock::now() + 10s));
  }

 private:
  char path_[64];
  Loop loop_{1};
  AddressPolicy policy_{{Network::parse("127.0.0.0/8").value()}};
  testing::FakeAddressResolver resolver_;
  std::unique_ptr<PostSender> sender_;
};

TEST(PostSenderTls, SendsToAReceiverWhoseCertificateIsItsOwn) {
  const TlsReceiver receiver("DNS:hooks.shop.example,IP:127.0.0.1");
  TlsSending s(receiver.authority_pem());
  const auto outcome = s.post("hooks.shop.example", receiver.port());
  EXPECT_EQ(outcome.status, 200) << outcome.detail;
  EXPECT_EQ(outcome.response_body, "ok");
  EXPECT_TRUE(s.post("hooks.shop.example", receiver.port()).reused_connection);
}

TEST(PostSenderTls, ChecksTheAddressWhereTheHostIsOne) {
  const TlsReceiver receiver("IP:127.0.0.1");
  TlsSending s(receiver.authority_pem());
  EXPECT_EQ(s.post("127.0.0.1", receiver.port()).status, 200);
  EXPECT_EQ(s.post("127.0.0.1", receiver.port()).status, 200);
}

TEST(PostSenderTls, RefusesACertificateOfAnotherHost) {
  const TlsReceiver receiver("DNS:hooks.shop.example");
  TlsSending s(receiver.authority_pem());
  const auto outcome = s.post("other.example", receiver.port());
  EXPECT_EQ(outcome.failure, Failure::kTls);
  EXPECT_NE(outcome.detail.find("another name"), std::string::npos) << outcome.detail;
}

TEST(PostSenderTls, RefusesAnUnknownAuthorityAndAnExpiredCertificate) {
  const TlsReceiver stranger("DNS:hooks.shop.example");
  const TlsReceiver expired("DNS:hooks.shop.example", Validity::kExpired);
  TlsSending s(expired.authority_pem());
  EXPECT_EQ(s.post("hooks.shop.example", stranger.port()).failure, Failure::kTls);
  const auto outcome = s.post("hooks.shop.example", expired.port());
  EXPECT_EQ(outcome.failure, Failure::kTls);
  EXPECT_NE(outcome.detail.find("expired"), std::string::npos) << outcome.detail;
}

TEST(PostSenderTls, RefusesOldProtocolVersions) {
  const TlsReceiver receiver("DNS:hooks.shop.example", Validity::kNow, TLS1_1_VERSION);
  TlsSending s(receiver.authority_pem());
  const auto outcome = s.post("hooks.shop.example", receiver.port());
  EXPECT_EQ(outcome.failure, Failure::kTls) << outcome.detail;
}

}  // namespace
}  // namespace signpost::net
