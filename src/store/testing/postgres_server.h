// SPDX-License-Identifier: Apache-2.0
//
// A real PostgreSQL of the tests' own: a new cluster in a temporary directory, reached by a unix socket there and
// nothing else. One per test program, started on first use, stopped at its end (or when the program dies); one thread.
// Its databases collate like en_US (ICU, so on every machine): text order and case differ from SQLite's as they do in
// the field.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace signpost::store::testing {

class PostgresServer {
 public:
  static PostgresServer& shared();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// The url of a database without anything: a new schema that its connections see alone. A hundred times cheaper than
  /// CREATE DATABASE.
  std::string fresh_database();

 private:
  PostgresServer();
  void initialise();
  void start();
  int run(const std::vector<std::string>& command) const;
  pid_t spawn(const std::vector<std::string>& command) const;

  std::filesystem::path directory_;
  pid_t server_ = -1;
  int schemas_ = 0;
};

}  // namespace signpost::store::testing
