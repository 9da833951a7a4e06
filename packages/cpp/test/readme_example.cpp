// SPDX-License-Identifier: Apache-2.0
//
// The example of the README, which is the text of this file behind these lines; a test holds the two together.
#include <signpost/webhooks.hpp>

#include <iostream>

namespace webhooks = signpost::webhooks;

const std::string kSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";  // from the environment in real life
webhooks::ReplayGuard guard;

// What your server calls; raw_body is the bytes as received, before any parsing.
int receive(const webhooks::Headers& headers, const std::string& raw_body, std::int64_t now) {
  const auto webhook = webhooks::verify(headers, raw_body, {kSecret}, now);
  if (!webhook.ok) {
    std::cerr << "refused, " << webhook.fault()->part << ": " << webhook.fault()->sentence << "\n";
    return 401;
  }
  if (guard.note(webhook, now) == webhooks::ReplayGuard::Seen::kAgain) return 200;  // seen already: do nothing
  std::cout << webhook.id << " is genuine (" << webhook.accepted_form << ")\n";
  return 200;
}

int main() {
  // A delivery as Signpost sent it at 1800000000:
  const std::string body = R"({"id":"1234567890-abcdefg-1234567890","type":"domain.added","event_id":"evt_0000000000001"})";
  const webhooks::Headers sent{{"webhook-id", "evt_0000000000001"},
                               {"webhook-timestamp", "1800000000"},
                               {"webhook-signature", "v1,9brwoj3CPgcXXJRw6KqYvaj25z6Bi/5uKljQOWeZmj4="}};
  const std::int64_t now = 1800000005;  // webhooks::seconds_now() in real life
  const bool is_fine = receive(sent, body, now) == 200 && receive(sent, body, now) == 200 && receive(sent, body + " ", now) == 401;
  return is_fine ? 0 : 1;
}
