// SPDX-License-Identifier: Apache-2.0
#include "net/address_policy.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/text.h"

namespace signpost::net {
namespace {

using V4 = boost::asio::ip::address_v4;
using V6 = boost::asio::ip::address_v6;

struct V4Row {
  std::uint32_t base;
  unsigned prefix_bits;
  const char* reason;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

// The IANA special-purpose registry (RFC 6890 and its updates). The first row that holds the address gives the reason.
constexpr V4Row kV4Refused[] = {
    {v4(0, 0, 0, 0), 8, "this network (RFC 791)"},
    {v4(10, 0, 0, 0), 8, "private use (RFC 1918)"},
    {v4(100, 64, 0, 0), 10, "shared address space of carriers (RFC 6598)"},
    {v4(127, 0, 0, 0), 8, "loopback (RFC 1122)"},
    {v4(169, 254, 169, 254), 32, "cloud metadata service (link-local, RFC 3927)"},
    {v4(169, 254, 170, 2), 32, "container metadata service (link-local, RFC 3927)"},
    {v4(169, 254, 0, 0), 16, "link-local (RFC 3927)"},
    {v4(172, 16, 0, 0), 12, "private use (RFC 1918)"},
    {v4(192, 0, 0, 0), 24, "protocol assignments (RFC 6890)"},
    {v4(192, 0, 2, 0), 24, "documentation (RFC 5737)"},
    {v4(192, 88, 99, 0), 24, "6to4 relays (RFC 7526)"},
    {v4(192, 168, 0, 0), 16, "private use (RFC 1918)"},
    {v4(198, 18, 0, 0), 15, "benchmarking (RFC 2544)"},
    {v4(198, 51, 100, 0), 24, "documentation (RFC 5737)"},
    {v4(203, 0, 113, 0), 24, "documentation (RFC 5737)"},
    {v4(224, 0, 0, 0), 4, "multicast (RFC 5771)"},
    {v4(255, 255, 255, 255), 32, "limited broadcast (RFC 919)"},
    {v4(240, 0, 0, 0), 4, "reserved (RFC 1112)"},
};

struct V6Row {
  std::uint64_t high;  // the first 64 bits
  std::uint64_t low;
  unsigned prefix_bits;
  const char* reason;
};

constexpr V6Row kV6Refused[] = {
    {0, 0, 128, "unspecified (RFC 4291)"},
    {0, 1, 128, "loopback (RFC 4291)"},
    {0x0064'ff9b'0001'0000, 0, 48, "local-use NAT64 (RFC 8215)"},
    {0x0064'ff9b'0000'0000, 0, 32, "beside the well-known NAT64 prefix (RFC 6052)"},
    {0x0000'0000'0000'0000, 0, 8, "reserved (RFC 4291)"},
    {0x0100'0000'0000'0000, 0, 64, "discard only (RFC 6666)"},
    {0x2001'0000'0000'0000, 0, 32, "Teredo (RFC 4380)"},
    {0x2001'0000'0000'0000, 0, 23, "protocol assignments (RFC 2928)"},
    {0x2001'0db8'0000'0000, 0, 32, "documentation (RFC 3849)"},
    {0x2002'0000'0000'0000, 0, 16, "6to4 (RFC 3056)"},
    {0x3fff'0000'0000'0000, 0, 20, "documentation (RFC 9637)"},
    {0x5f00'0000'0000'0000, 0, 16, "segment routing (RFC 9602)"},
    {0xfd00'0ec2'0000'0000, 0x254, 128, "cloud metadata service (unique local, RFC 4193)"},
    {0xfc00'0000'0000'0000, 0, 7, "unique local (RFC 4193)"},
    {0xfe80'0000'0000'0000, 0, 10, "link-local (RFC 4291)"},
    {0xfec0'0000'0000'0000, 0, 10, "site-local (RFC 3879)"},
    {0xff00'0000'0000'0000, 0, 8, "multicast (RFC 4291)"},
};

std::uint64_t word_of(const V6& address, std::size_t first_byte) {
  const auto bytes = address.to_bytes();
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word = word << 8 | bytes[first_byte + i];
  return word;
}

constexpr std::uint64_t mask64(unsigned bits) { return bits == 0 ? 0 : ~std::uint64_t{0} << (64 - bits); }

template <std::size_t size>
bool share_prefix(const std::array<unsigned char, size>& a, const std::array<unsigned char, size>& b, unsigned bits) {
  for (unsigned i = 0; i < size && bits > 0; ++i, bits -= std::min(bits, 8U)) {
    const unsigned mask = bits >= 8 ? 0xffU : 0xffU << (8 - bits) & 0xffU;
    if (((a[i] ^ b[i]) & mask) != 0) return false;
  }
  return true;
}

template <std::size_t size>
bool has_no_bits_after(const std::array<unsigned char, size>& bytes, unsigned bits) {
  for (unsigned i = bits; i < size * 8; ++i) {
    if ((bytes[i / 8] >> (7 - i % 8) & 1) != 0) return false;
  }
  return true;
}

const char* refusal_of(const V4& address) {
  for (const auto& row : kV4Refused) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - row.prefix_bits);
    if (((address.to_uint() ^ row.base) & mask) == 0) return row.reason;
  }
  return nullptr;
}

const char* refusal_of(const V6& address) {
  const auto high = word_of(address, 0);
  const auto low = word_of(address, 8);
  for (const auto& row : kV6Refused) {
    const auto high_bits = std::min(row.prefix_bits, 64U);
    if (((high ^ row.high) & mask64(high_bits)) == 0 && ((low ^ row.low) & mask64(row.prefix_bits - high_bits)) == 0) {
      return row.reason;
    }
  }
  // What IANA has not given out as global unicast cannot be a customer's server.
  if ((high & mask64(3)) != 0x2000'0000'0000'0000) return "not global unicast (RFC 4291)";
  return nullptr;
}

struct Carried {
  V4 address;
  const char* form;
  enum class Outer { kTransparent, kAlsoJudged } outer;
};

/// The IPv4 address inside an IPv6 one, if its form carries one that a packet might reach.
std::optional<Carried> carried_by(const V6& address) {
  using Outer = Carried::Outer;
  const auto high = word_of(address, 0);
  const auto low = word_of(address, 8);
  const V4 inner(static_cast<std::uint32_t>(low));
  const auto middle = low >> 32;
  if (high == 0 && middle == 0xffff) return Carried{inner, "IPv4-mapped", Outer::kTransparent};
  if (high == 0 && middle == 0 && low > 1) return Carried{inner, "IPv4-compatible", Outer::kTransparent};
  if (high == 0 && middle == 0xffff'0000) return Carried{inner, "IPv4-translated (SIIT)", Outer::kTransparent};
  if (high == 0x0064'ff9b'0000'0000 && middle == 0) return Carried{inner, "NAT64", Outer::kTransparent};
  if ((middle & 0xfcff'ffff) == 0x0000'5efe) return Carried{inner, "ISATAP", Outer::kAlsoJudged};
  return std::nullopt;
}

}  // namespace

Result<Network> Network::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(Kind::kUnprocessable,
                "\"" + printable(text, 60) + "\" is not a block of addresses such as 10.0.0.0/8 or fd00::/8");
  };
  const auto slash = text.find('/');
  boost::system::error_code error;
  const auto base = boost::asio::ip::make_address(std::string(text.substr(0, slash)), error);
  if (error || (base.is_v6() && base.to_v6().scope_id() != 0)) return wrong();
  const unsigned bits_max = base.is_v4() ? 32 : 128;
  unsigned bits = bits_max;
  if (slash != std::string_view::npos) {
    const auto number = parse_integer(text.substr(slash + 1));
    if (!number || *number < 0 || *number > bits_max) return wrong();
    bits = static_cast<unsigned>(*number);
  }
  const bool is_aligned = base.is_v4() ? has_no_bits_after(base.to_v4().to_bytes(), bits)
                                       : has_no_bits_after(base.to_v6().to_bytes(), bits);
  if (!is_aligned) {
    return fail(Kind::kUnprocessable, "\"" + printable(text, 60) + "\" has address bits beyond its prefix of " +
                                          std::to_string(bits) + " bits");
  }
  return Network(base, bits);
}

bool Network::contains(const IpAddress& address) const {
  if (address.is_v4() != base_.is_v4()) return false;
  if (address.is_v4()) return share_prefix(address.to_v4().to_bytes(), base_.to_v4().to_bytes(), prefix_bits_);
  return share_prefix(address.to_v6().to_bytes(), base_.to_v6().to_bytes(), prefix_bits_);
}

std::string Network::text() const { return base_.to_string() + "/" + std::to_string(prefix_bits_); }

bool AddressPolicy::is_opened(const IpAddress& address) const {
  return std::ranges::any_of(allowed_, [&](const Network& network) { return network.contains(address); });
}

AddressPolicy::Verdict AddressPolicy::judge(const IpAddress& address) const {
  if (is_opened(address)) return {true, {}};
  if (address.is_v4()) {
    const char* reason = refusal_of(address.to_v4());
    return reason == nullptr ? Verdict{true, {}} : Verdict{false, reason};
  }
  const auto outer = address.to_v6();
  if (const auto carried = carried_by(outer)) {
    auto inner = judge(carried->address);
    if (!inner.allowed) {
      inner.reason = std::string(carried->form) + " form of " + carried->address.to_string() + ", " + inner.reason;
      return inner;
    }
    if (carried->outer == Carried::Outer::kTransparent) return inner;
  }
  const char* reason = refusal_of(outer);
  return reason == nullptr ? Verdict{true, {}} : Verdict{false, reason};
}

}  // namespace signpost::net
