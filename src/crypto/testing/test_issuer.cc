// SPDX-License-Identifier: Apache-2.0
#include "crypto/testing/test_issuer.h"

#include "base/text.h"
#include "crypto/random.h"
#include "crypto/x509_handle.h"

namespace signpost::crypto::testing {
namespace {

struct Signer {
  KeyHandle key;
  X509Handle certificate;
};

KeyHandle new_key() { return KeyHandle(checked(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), "a key pair")); }

void set_name(X509_NAME* name, std::string_view common_name) {
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, octets(common_name),
                                     static_cast<int>(common_name.size()), -1, 0),
          "a name");
}

/// With a random serial of 8 octets, half of which begin with a set bit and thus have an octet of sign before them.
X509Handle blank(EVP_PKEY* key, Time not_before, Time not_after) {
  X509Handle certificate(checked(X509_new(), "a certificate"));
  require(X509_set_version(certificate.get(), X509_VERSION_3), "a certificate");
  SystemRandom random;
  auto digits = random.bytes(8);
  digits[0] |= 0x40;  // eight they are, always
  const Number serial(checked(BN_bin2bn(octets(std::string_view(digits)), 8, nullptr), "a serial"));
  checked(BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get())), "a serial");
  checked(ASN1_TIME_set(X509_getm_notBefore(certificate.get()), to_seconds(not_before)), "a time");
  checked(ASN1_TIME_set(X509_getm_notAfter(certificate.get()), to_seconds(not_after)), "a time");
  require(X509_set_pubkey(certificate.get(), key), "a key");
  return certificate;
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const X509Extension extension(checked(X509V3_EXT_conf_nid(nullptr, &context, nid, value), "an extension"));
  require(X509_add_ext(certificate, extension.get(), -1), "an extension");
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)), "an issuer");
  require(X509_sign(certificate, key, EVP_sha256()) > 0 ? 1 : 0, "a signature");
}

X509Handle authority(std::string_view common_name, EVP_PKEY* key, const Signer* above, Time now) {
  auto certificate = blank(key, now - std::chrono::hours(24 * 365), now + std::chrono::hours(24 * 3650));
  set_name(X509_get_subject_name(certificate.get()), common_name);
  auto* const issuer = above == nullptr ? certificate.get() : above->certificate.get();
  add_extension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate.get(), issuer, NID_subject_key_identifier, "hash");
  if (above != nullptr) add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
  sign(certificate.get(), issuer, above == nullptr ? key : above->key.get());
  return certificate;
}

std::string to_pem(X509* certificate) {
  const Memory out(checked(BIO_new(BIO_s_mem()), "memory"));
  require(PEM_write_bio_X509(out.get(), certificate), "PEM");
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

X509Request to_request(std::string_view der) {
  const auto* at = octets(der);
  return X509Request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
}

}  // namespace

struct TestIssuer::State {
  std::string name;
  Time now;
  Signer root;
  Signer intermediate;
};

TestIssuer::TestIssuer(std::string_view name, Time now) : state_(std::make_unique<State>()) {
  state_->name = std::string(name);
  state_->now = now;
  state_->root.key = new_key();
  state_->root.certificate = authority(format("{} Root", name), state_->root.key.get(), nullptr, now);
  state_->intermediate.key = new_key();
  state_->intermediate.certificate =
      authority(format("{} Intermediate", name), state_->intermediate.key.get(), &state_->root, now);
}
TestIssuer::~TestIssuer() = default;

std::string TestIssuer::issue(std::string_view request_der, const std::vector<DnsName>& names, Time not_before,
                              Time not_after) {
  const auto request = to_request(request_der);
  const auto leaf =
      blank(checked(X509_REQ_get0_pubkey(checked(request.get(), "a request")), "a key"), not_before, not_after);
  auto* const issuer = state_->intermediate.certificate.get();
  add_extension(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(leaf.get(), issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(leaf.get(), issuer, NID_authority_key_identifier, "keyid:always");
  std::vector<std::string> texts;
  for (const auto& one : names) texts.push_back(one.text());
  const auto all = alternative_names(texts);
  // Critical, because the subject is empty (RFC 5280 4.2.1.6).
  require(X509_add1_ext_i2d(leaf.get(), NID_subject_alt_name, all.get(), 1, X509V3_ADD_DEFAULT), "names");
  sign(leaf.get(), issuer, state_->intermediate.key.get());
  return to_pem(leaf.get());
}

std::string TestIssuer::intermediate_pem() const { return to_pem(state_->intermediate.certificate.get()); }
std::string TestIssuer::root_pem() const { return to_pem(state_->root.certificate.get()); }

std::string TestIssuer::intermediate_signed_by(const TestIssuer& other) const {
  const auto crossed = authority(format("{} Intermediate", state_->name), state_->intermediate.key.get(),
                                 &other.state_->root, state_->now);
  return to_pem(crossed.get());
}

Result<RequestFacts> read_request(std::string_view request_der) {
  const ErrorQueueGuard guard;
  const auto request = to_request(request_der);
  if (!request) return fail(Kind::kInvalid, "the request is not PKCS#10");
  auto* const key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || X509_REQ_verify(request.get(), key) != 1)
    return fail(Kind::kInvalid, "the request is not signed by its own key");
  RequestFacts facts;
  facts.public_key = der_of(&i2d_PUBKEY, key, "a key");
  const X509Extensions extensions(X509_REQ_get_extensions(request.get()));
  const GeneralNames names(static_cast<GENERAL_NAMES*>(
      extensions ? X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr) : nullptr));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* text =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type != GEN_DNS) continue;
    facts.names.push_back(
        TRY(DnsName::parse(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                            static_cast<std::size_t>(ASN1_STRING_length(text))))));
  }
  return facts;
}

std::string serial_of(std::string_view certificate_der) {
  const ErrorQueueGuard guard;
  const auto* at = octets(certificate_der);
  const X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(certificate_der.size())));
  if (!certificate) return {};
  const auto* serial = X509_get0_serialNumber(certificate.get());
  return to_hex(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                                 static_cast<std::size_t>(ASN1_STRING_length(serial))));
}

}  // namespace signpost::crypto::testing
