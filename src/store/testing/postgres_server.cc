// SPDX-License-Identifier: Apache-2.0
#include "store/testing/postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "base/text.h"

namespace signpost::store::testing {
namespace {

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";
constexpr std::chrono::seconds kStartMax{60};
constexpr std::chrono::seconds kStopMax{20};
constexpr int kPauseMs = 20;

/// PostgreSQL refuses to run as root: then it is the user that its Debian package made.
const passwd* other_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr)
    throw std::runtime_error(
        "PostgreSQL cannot run as root and there is no user postgres: install the package postgresql");
  return user;
}

/// Polls until `is_true`, at most `limit`.
template <typename Condition>
bool wait_until(std::chrono::seconds limit, Condition is_true) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, kPauseMs);
  }
  return true;
}

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() {
  if (!std::filesystem::exists(std::string(kPrograms) + "postgres")) {
    throw std::runtime_error(
        format("{}postgres is missing: install the packages of packaging/debian-packages.txt", kPrograms));
  }
  std::string name = (std::filesystem::temp_directory_path() / "signpost-pg-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory can be made");
  directory_ = name;
  if (const passwd* user = other_user(); user != nullptr && ::chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("the temporary directory cannot be given to the user postgres");
  }
  initialise();
  start();
}

PostgresServer::~PostgresServer() {
  if (server_ > 0) {
    ::kill(server_, SIGINT);  // fast shutdown
    const bool is_gone = wait_until(kStopMax, [&] { return ::waitpid(server_, nullptr, WNOHANG) == server_; });
    if (!is_gone) {
      ::kill(server_, SIGKILL);
      ::waitpid(server_, nullptr, 0);
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

pid_t PostgresServer::spawn(const std::vector<std::string>& command) const {
  const passwd* user = other_user();
  const std::string log = (directory_ / "log").string();
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  // Between fork and exec only what is safe there: other threads may hold any lock.
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGINT);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (::chdir("/") != 0) ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

int PostgresServer::run(const std::vector<std::string>& command) const {
  int status = 0;
  ::waitpid(spawn(command), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void PostgresServer::initialise() {
  const int status = run({std::string(kPrograms) + "initdb", "--pgdata", (directory_ / "data").string(), "--username",
                          "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8",
                          "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync"});
  if (status != 0)
    throw std::runtime_error(format("initdb failed with status {}: see {}/log", status, directory_.string()));
}

void PostgresServer::start() {
  server_ = spawn({std::string(kPrograms) + "postgres", "-D", (directory_ / "data").string(), "-k", directory_.string(),
                   "-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c",
                   "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "max_connections=60"});
  const bool is_ready = wait_until(kStartMax, [&] {
    return run({std::string(kPrograms) + "pg_isready", "-q", "-h", directory_.string(), "-U", "postgres"}) == 0;
  });
  if (!is_ready) throw std::runtime_error(format("PostgreSQL does not start: see {}/log", directory_.string()));
}

std::string PostgresServer::fresh_database() {
  const std::string schema = format("contract_{}", ++schemas_);
  const int status = run({std::string(kPrograms) + "psql", "-q", "-h", directory_.string(), "-U", "postgres", "-c",
                          "CREATE SCHEMA " + schema, "postgres"});
  if (status != 0)
    throw std::runtime_error(format("psql failed with status {}: see {}/log", status, directory_.string()));
  return format("postgresql:///postgres?host={}&user=postgres&options=-csearch_path%3D{}", directory_.string(), schema);
}

}  // namespace signpost::store::testing
