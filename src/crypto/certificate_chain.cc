// SPDX-License-Identifier: Apache-2.0
#include "crypto/certificate_chain.h"

#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/private_key_state.h"
#include "crypto/x509_handle.h"

namespace signpost::crypto {
namespace {

constexpr std::size_t kNameBytesMax = 1000;  // of a subject or issuer

std::unexpected<Error> refuse(std::string why) { return fail(Kind::kProtocol, std::move(why)); }
std::unexpected<Error> contradict(std::string why) { return fail(Kind::kUnprocessable, std::move(why)); }

std::string to_text(const ASN1_OCTET_STRING* octets) {
  if (octets == nullptr) return {};
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets)),
                     static_cast<std::size_t>(ASN1_STRING_length(octets)));
}

Result<Time> to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return refuse("a certificate's validity is no time");
  return from_ms(static_cast<std::int64_t>(timegm(&parts)) * 1000);
}

std::string to_text(const X509_NAME* name) {
  const Memory out(checked(BIO_new(BIO_s_mem()), "memory"));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return printable(std::string_view(text, static_cast<std::size_t>(std::max(length, 0L))), kNameBytesMax);
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (length < 0) return {};
  auto copy =
      printable(std::string_view(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)), kNameBytesMax);
  OPENSSL_free(text);
  return copy;
}

Result<std::vector<DnsName>> names_of(const X509* certificate) {
  std::vector<DnsName> names;
  const GeneralNames all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = all ? sk_GENERAL_NAME_num(all.get()) : 0;
  if (static_cast<std::size_t>(count) > CertificateChain::names_max) {
    return fail(Kind::kTooLarge,
                format("a certificate has {} names; at most {} are read", count, CertificateChain::names_max));
  }
  for (int i = 0; i < count; ++i) {
    int type = 0;
    const auto* value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type));
    if (type != GEN_DNS) continue;
    const auto text = to_text(value);
    auto name = DnsName::parse(text);
    if (!name) return refuse(format("a certificate is for \"{}\", which is no host name", printable(text, 60)));
    names.push_back(*std::move(name));
  }
  return names;
}

Result<CertificateFacts> facts_of(X509* certificate, std::string_view der) {
  CertificateFacts facts;
  facts.names = TRY(names_of(certificate));
  facts.not_before = TRY(to_time(X509_get0_notBefore(certificate)));
  facts.not_after = TRY(to_time(X509_get0_notAfter(certificate)));
  facts.serial = to_hex(to_text(X509_get0_serialNumber(certificate)));
  facts.subject = to_text(X509_get_subject_name(certificate));
  facts.issuer = to_text(X509_get_issuer_name(certificate));
  facts.issuer_name = common_name(X509_get_issuer_name(certificate));
  facts.authority_key_id = to_text(X509_get0_authority_key_id(certificate));
  facts.subject_key_id = to_text(X509_get0_subject_key_id(certificate));
  facts.fingerprint = to_hex(sha256(der));
  facts.is_authority = X509_check_ca(certificate) == 1;
  return facts;
}

/// One block of PEM, whatever it holds.
struct Block {
  std::string label;
  std::string der;
};

/// Nothing at the end of the text.
std::optional<Block> next_block(BIO* in) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long length = 0;
  if (PEM_read_bio(in, &label, &header, &bytes, &length) != 1) return std::nullopt;
  Block block{label, std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length))};
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(length));  // it may be a key that has no business here
  return block;
}

Result<X509Handle> to_certificate(const Block& block) {
  if (block.label != "CERTIFICATE" && block.label != "X509 CERTIFICATE") {
    return refuse(format("the chain holds a block \"{}\"; only certificates belong there", printable(block.label, 60)));
  }
  const auto* at = octets(block.der);
  X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(block.der.size())));
  if (!certificate || at != octets(block.der) + block.der.size())
    return refuse("the chain holds a certificate that cannot be read");
  return certificate;
}

std::string to_pem(X509* certificate) {
  const Memory out(checked(BIO_new(BIO_s_mem()), "memory"));
  require(PEM_write_bio_X509(out.get(), certificate), "PEM");
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string to_day(Time time) { return to_rfc3339(time).substr(0, 16) + "Z"; }

}  // namespace

bool CertificateFacts::covers(const DnsName& name) const {
  return std::ranges::any_of(names, [&](const DnsName& own) {
    return own == name || (own.text().starts_with("*.") && !name.text().starts_with("*.") && !name.is_root() &&
                           std::string_view(own.text()).substr(2) == name.parent().text());
  });
}

struct CertificateChain::State {
  std::vector<X509Handle> certificates;
  std::vector<std::string> ders;  // of them
};

Result<CertificateChain> CertificateChain::parse(std::string_view pem, const CertificateChain* earlier) {
  if (pem.size() > bytes_max) return fail(Kind::kTooLarge, format("the certificate chain is over {} bytes", bytes_max));
  const ErrorQueueGuard guard;
  const Memory in(checked(BIO_new_mem_buf(pem.empty() ? "" : pem.data(), static_cast<int>(pem.size())), "memory"));
  auto state = std::make_shared<State>();
  std::vector<CertificateFacts> facts;
  while (auto block = next_block(in.get())) {
    if (facts.size() == certificates_max)
      return fail(Kind::kTooLarge, format("the chain has more than {} certificates", certificates_max));
    const auto known = earlier == nullptr || facts.empty() ? std::nullopt : earlier->find_issuer(block->der);
    if (known) {
      auto* const shared = earlier->state_->certificates[*known].get();
      require(X509_up_ref(shared), "a certificate");
      state->certificates.push_back(X509Handle(shared));
      facts.push_back(earlier->facts_[*known]);
    } else {
      state->certificates.push_back(TRY(to_certificate(*block)));
      facts.push_back(TRY(facts_of(state->certificates.back().get(), block->der)));
    }
    state->ders.push_back(std::move(block->der));
  }
  // The queue says whether the text ended, or a block was broken.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return refuse("the chain holds a block that is not PEM");
  if (facts.empty()) return refuse("there is no certificate in it");
  return CertificateChain(std::move(state), std::move(facts));
}

std::optional<std::size_t> CertificateChain::find_issuer(std::string_view der) const {
  const auto found = std::find(state_->ders.begin() + 1, state_->ders.end(), der);
  if (found == state_->ders.end()) return std::nullopt;
  return static_cast<std::size_t>(found - state_->ders.begin());
}

std::string CertificateChain::pem() const { return leaf_pem() + issuers_pem(); }

std::string CertificateChain::leaf_pem() const { return to_pem(state_->certificates.front().get()); }

std::string CertificateChain::issuers_pem() const {
  std::string text;
  for (std::size_t i = 1; i < state_->certificates.size(); ++i) text += to_pem(state_->certificates[i].get());
  return text;
}

std::string CertificateChain::leaf_der() const { return state_->ders.front(); }

Result<void> CertificateChain::check_key(const PrivateKey& key) const {
  const ErrorQueueGuard guard;
  if (X509_check_private_key(state_->certificates.front().get(), key.state().key.get()) == 1) return {};
  return contradict("the certificate is not for this private key: it certifies another one");
}

Result<void> CertificateChain::check_order() const {
  const ErrorQueueGuard guard;
  if (facts_.size() < 2) {
    return contradict(
        format("the chain is incomplete: the certificate of its issuer \"{}\" is missing", facts_.front().issuer));
  }
  for (std::size_t i = 0; i + 1 < facts_.size(); ++i) {
    auto* const below = state_->certificates[i].get();
    auto* const above = state_->certificates[i + 1].get();
    if (X509_check_issued(above, below) != X509_V_OK || X509_verify(below, X509_get0_pubkey(above)) != 1) {
      return contradict(
          format("the chain is out of order: certificate {} (\"{}\") did not sign the one before it, "
                 "whose issuer is \"{}\"",
                 i + 2, facts_[i + 1].subject, facts_[i].issuer));
    }
    if (!facts_[i + 1].is_authority) {
      return contradict(
          format("certificate {} of the chain (\"{}\") may not sign others", i + 2, facts_[i + 1].subject));
    }
  }
  return {};
}

Result<void> CertificateChain::check_names(const std::vector<DnsName>& names) const {
  for (const auto& name : names) {
    if (!leaf().covers(name)) return contradict(format("the certificate is not for {}", name.text()));
  }
  return {};
}

Result<void> CertificateChain::check_times(Time now) const {
  for (const auto& one : facts_) {
    if (now < one.not_before) {
      return contradict(
          format("a certificate of the chain is valid from {} only, and this machine's clock says {}: "
                 "is the clock right?",
                 to_day(one.not_before), to_day(now)));
    }
    if (now >= one.not_after) {
      return contradict(format("a certificate of the chain ended at {}, and this machine's clock says {}",
                               to_day(one.not_after), to_day(now)));
    }
  }
  return {};
}

Result<std::string> CertificateChain::renewal_id() const {
  if (leaf().authority_key_id.empty())
    return contradict("the certificate names no authority key, so it has no id for renewal information");
  // The content octets of the DER integer, sign octet included; tag and length, one octet each, go before them.
  const auto serial = der_of(&i2d_ASN1_INTEGER, X509_get0_serialNumber(state_->certificates.front().get()), "a serial");
  return to_base64url(leaf().authority_key_id) + "." + to_base64url(std::string_view(serial).substr(2));
}

}  // namespace signpost::crypto
