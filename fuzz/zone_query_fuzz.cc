// SPDX-License-Identifier: Apache-2.0
//
// Any octets as a question to the ACME zone: it ends, an answer is one, it fits, and nobody is answered with more than
// a little beyond what he has sent but with records of the zone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dns/message.h"
#include "dns/zone_answer.h"

namespace {

class Texts final : public signpost::dns::ZoneTexts {
 public:
  std::vector<std::string> texts_of(std::string_view label) const override {
    if (label == "abc") return {"one", "two"};
    if (label == "many") return std::vector<std::string>(32, std::string(200, 'x'));
    return {};
  }
  std::uint32_t serial() const override { return 7; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  using namespace signpost::dns;
  static const Texts texts;
  static const ZoneAnswer zone({DnsName::parse("acme.example").value(),
                                {{DnsName::parse("ns1.acme.example").value(),
                                  {boost::asio::ip::address_v4(0xC0000235), boost::asio::ip::address_v6::loopback()}},
                                 {DnsName::parse("a.ns.other.example").value(), {}}}},
                               texts);
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  for (const auto via : {Via::kUdp, Via::kTcp}) {
    const auto reply = zone.reply(octets, via);
    const bool is_query = size >= 12 && (data[2] & 0x80U) == 0 && size <= kMessageBytesMax;
    if (reply.has_value() != is_query) std::abort();
    if (!reply) continue;
    if (via == Via::kUdp && reply->octets.size() > kUdpBytesMax) std::abort();
    if ((static_cast<std::uint8_t>(reply->octets[2]) & 0x80U) == 0) std::abort();
    if (reply->octets[0] != octets[0] || reply->octets[1] != octets[1]) std::abort();
    const bool is_other_opcode = (data[2] & 0x78U) != 0;
    const auto answer = parse_answer(reply->octets);
    if (!answer && !is_other_opcode) std::abort();
    if (answer && answer->rcode != reply->rcode) std::abort();
    if (reply->rcode != Rcode::kNoError && reply->rcode != Rcode::kNxDomain && reply->octets.size() > size)
      std::abort();
  }
  const auto short_one = zone.come_by_tcp(octets);
  if (short_one && short_one->octets.size() > size) std::abort();
  return 0;
}
