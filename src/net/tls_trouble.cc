// SPDX-License-Identifier: Apache-2.0
#include "net/tls_trouble.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

namespace signpost::net {
namespace {

struct Row {
  long code;
  TlsTrouble trouble;
};

constexpr TlsTrouble kUnknownAuthority{
    "tls_unknown_authority", "the certificate was issued by an authority that is not trusted here: use a public one"};
constexpr TlsTrouble kMissingIntermediate{
    "tls_missing_intermediate", "the server does not send the intermediate certificate: install the full chain"};
constexpr TlsTrouble kWrongHost{"tls_wrong_host",
                                "the certificate is for another name: get one that holds this host name"};
constexpr TlsTrouble kWeakKey{"tls_weak_key", "the certificate's key is too short: use RSA 2048 or an elliptic curve"};
constexpr TlsTrouble kOldVersion{"tls_old_version", "the server speaks only TLS 1.1 or older: enable TLS 1.2 or 1.3"};
constexpr TlsTrouble kNoCipher{"tls_no_common_cipher",
                               "the server found no cipher or parameters that both support: enable modern ciphers"};
constexpr TlsTrouble kClientCertificate{
    "tls_client_certificate", "the server demands a client certificate, which is not sent: let this path do without"};
constexpr TlsTrouble kNotTls{"tls_not_tls", "the port does not speak TLS: check the port, or that HTTPS is enabled"};

constexpr std::array kCertificate{
    Row{X509_V_ERR_CERT_HAS_EXPIRED, {"tls_expired", "the certificate has expired: renew it"}},
    Row{X509_V_ERR_CERT_NOT_YET_VALID,
        {"tls_not_yet_valid", "the certificate is not valid yet: wait, or check the clock of who issued it"}},
    Row{X509_V_ERR_HOSTNAME_MISMATCH, kWrongHost},
    Row{X509_V_ERR_IP_ADDRESS_MISMATCH, kWrongHost},
    Row{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        {"tls_self_signed", "the certificate is signed by itself: use one from a public authority"}},
    Row{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, kUnknownAuthority},
    Row{X509_V_ERR_CERT_REVOKED, {"tls_revoked", "the certificate has been revoked: replace it"}},
    Row{X509_V_ERR_CA_MD_TOO_WEAK,
        {"tls_weak_signature", "the certificate is signed with SHA-1 or weaker: have it issued anew with SHA-256"}},
    Row{X509_V_ERR_EE_KEY_TOO_SMALL, kWeakKey},
    Row{X509_V_ERR_CA_KEY_TOO_SMALL, kWeakKey},
};

constexpr std::array kHandshake{
    Row{SSL_R_UNSUPPORTED_PROTOCOL, kOldVersion},
    Row{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, kOldVersion},
    Row{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, kNoCipher},
    Row{SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, kNoCipher},
    Row{SSL_R_NO_SHARED_CIPHER, kNoCipher},
    Row{SSL_R_DH_KEY_TOO_SMALL, kNoCipher},
    Row{SSL_R_TLSV1_UNRECOGNIZED_NAME,
        {"tls_name_refused", "the server does not know this host name (SNI): set up its virtual host"}},
    Row{SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL,
        {"tls_http2_only", "the server speaks only HTTP/2: let it speak HTTP/1.1 as well"}},
    Row{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, kClientCertificate},
    Row{SSL_R_WRONG_VERSION_NUMBER, kNotTls},
    Row{SSL_R_HTTP_REQUEST, kNotTls},
};

template <std::size_t Count>
TlsTrouble find(const std::array<Row, Count>& rows, long code) {
  for (const auto& row : rows) {
    if (row.code == code) return row.trouble;
  }
  return {};
}

/// Public authorities say in the certificate where their own is: a chain that ends there is only cut short. It is
/// looked for in the chain: SSL_get1_peer_certificate has nothing until a certificate is accepted.
bool names_its_issuer(const SSL* ssl) {
  const auto* sent = SSL_get_peer_cert_chain(ssl);
  if (sent == nullptr || sk_X509_num(sent) != 1) return false;
  return X509_get_ext_by_NID(sk_X509_value(sent, 0), NID_info_access, -1) >= 0;
}

TlsTrouble trouble_of_certificate(const SSL* ssl, long verdict) {
  const bool is_issuer_missing = verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                                 verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
                                 verdict == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
  if (is_issuer_missing) return names_its_issuer(ssl) ? kMissingIntermediate : kUnknownAuthority;
  if (const auto found = find(kCertificate, verdict); !found.cause.empty()) return found;
  return {"tls_certificate", "the certificate was not accepted: have it checked with openssl s_client"};
}

}  // namespace

std::string_view tls_fix_of(std::string_view cause) {
  for (const auto& row : kHandshake) {
    if (row.trouble.cause == cause) return row.trouble.fix;
  }
  for (const auto& row : kCertificate) {
    if (row.trouble.cause == cause) return row.trouble.fix;
  }
  return {};
}

TlsTrouble tls_trouble_after(const boost::system::error_code& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return {};
  return find(kHandshake, ERR_GET_REASON(static_cast<unsigned long>(error.value())));
}

TlsTrouble tls_trouble_of(const SSL* ssl, const boost::system::error_code& error) {
  if (const auto verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK)
    return trouble_of_certificate(ssl, verdict);
  if (const auto found = tls_trouble_after(error); !found.cause.empty()) {
    // Until TLS 1.2 a missing certificate and a missing cipher have one alert.
    const bool was_asked = found.cause == kNoCipher.cause && SSL_get0_peer_CA_list(ssl) != nullptr;
    return was_asked ? kClientCertificate : found;
  }
  const bool is_cut = error == boost::asio::error::eof || error == boost::asio::error::connection_reset ||
                      error == boost::asio::ssl::error::stream_truncated;
  if (is_cut) return {"tls_closed", "the server closed the connection during the handshake: see its own log"};
  return {"tls_handshake", "the handshake failed: have it checked with openssl s_client"};
}

}  // namespace signpost::net
