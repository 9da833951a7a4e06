// SPDX-License-Identifier: Apache-2.0
//
// The way through an SPF record's includes and its redirect (RFC 7208 5.2, 6.1), without asking anybody: it says whose
// TXT records are needed next, is told what was found, and in the end says what is missing and what is wrong.
// Owned by a look; on its loop. It names each domain once and at most kSpfNamesMax of them, so it always ends.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dns/spf.h"

namespace signpost::dns {

constexpr int kSpfLookupsMax = 10;       // RFC 7208 4.6.4, above it the result is PermError
constexpr int kSpfVoidLookupsMax = 2;    // the same, look-ups that find nothing
constexpr int kSpfLookupsCounted = 999;  // no count goes higher: nested includes could double it at every step
constexpr std::size_t kSpfNamesMax = 32;

struct SpfProblem {
  enum class Kind {
    kTooManyLookups,
    kTooManyVoidLookups,
    kIncludeWithoutSpf,  // an included domain or the redirect's has no SPF record
    kTwoRecords,         // it has two of them (RFC 7208 4.5)
    kInvalid,            // its record cannot be parsed
    kLoop,               // an include leads back to where it came from
    kLookupFailed,       // its TXT records are not to be had: not decided, a later look may be
    kTooManyNames,       // more than kSpfNamesMax domains: the rest was not looked at
  };
  Kind kind;
  DnsName at;            // the domain at fault; for counts and loops the record's own name
  std::string sentence;  // "the included domain x.example has no SPF record"
};

struct SpfReport {
  std::vector<SpfTerm> missing;       // wanted, and found neither in the record nor in what it includes
  int lookups = 0;                    // what one evaluation may need at most, at most kSpfLookupsCounted
  int void_lookups = 0;               // of those, TXT look-ups that found nothing
  std::vector<SpfProblem> problems;   // without kLookupFailed and kTooManyNames each is a PermError
  std::vector<SpfTerm> not_followed;  // includes with macros, which depend on the mail

  /// Something is missing, but it may stand where a look-up failed.
  bool is_undecided() const;
};

class SpfWalk {
 public:
  enum class Outcome { kAnswer, kNothing, kFailed };  // kNothing: NXDOMAIN or no TXT record

  /// `seen`: the record that stands where the wanted one should.
  SpfWalk(SpfAt wanted, SpfAt seen);

  /// The names whose TXT records are needed now; each stays until it is told. Empty: the walk has ended.
  std::vector<DnsName> needed() const;
  bool has_ended() const { return needed().empty(); }
  /// `texts` with kAnswer: all TXT values of the name. A name that is not needed is not listened to.
  void tell(const DnsName& name, Outcome outcome, std::span<const std::string> texts);
  /// What is known so far; complete once the walk has ended.
  SpfReport report() const;

 private:
  struct Stop {
    bool is_told = false;
    bool is_void = false;
    std::optional<SpfRecord> record = {};
    std::optional<SpfProblem> problem = {};
  };
  struct Counting;

  void arrive(const DnsName& name, SpfRecord record);
  int count(const DnsName& name, Counting& counting) const;
  std::vector<DnsName> passing() const;
  bool is_met(const SpfTerm& part, const std::vector<DnsName>& passing) const;

  SpfAt wanted_;
  DnsName root_;
  std::map<DnsName, Stop> stops_;
  bool is_cut_ = false;  // kSpfNamesMax was reached
};

}  // namespace signpost::dns
