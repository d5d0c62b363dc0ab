#include "git/signing.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "base/failure.hpp"
#include "base/text.hpp"
#include "io/spawn.hpp"

namespace slipway::git {
namespace {

constexpr std::size_t longest_complaint = 300;

using std::chrono::milliseconds;

constexpr std::size_t output_bytes_max = 64 * 1024;

/// A started program. Its process group is killed, and it is reaped, on destruction.
class Child {
 public:
  Child(const std::filesystem::path& program, const io::Command& command) : spawned_(io::spawn(program, command)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }

  /// Reads both outputs to the end; false if the deadline passes first.
  bool read_all(std::string& output, std::string& errors, std::chrono::steady_clock::time_point deadline) {
    while (spawned_.output || spawned_.errors) {
      pollfd both[] = {{spawned_.output.get(), POLLIN, 0}, {spawned_.errors.get(), POLLIN, 0}};
      if (!wait(both, 2, deadline)) return false;
      take(spawned_.output, both[0].revents, output);
      take(spawned_.errors, both[1].revents, errors);
    }
    return true;
  }

  /// Waits until it has exited; false when time is over first.
  bool wait_for_exit(std::chrono::steady_clock::time_point deadline) {
    pollfd exit[] = {{spawned_.process.get(), POLLIN, 0}};
    while (exit[0].revents == 0) {
      if (!wait(exit, 1, deadline)) return false;
    }
    return true;
  }

  /// Once it has exited: whether with code 0.
  bool succeeded() {
    end();
    return status_ && WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
  }

 private:
  static bool wait(pollfd* polled, nfds_t count, std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    return left.count() > 0 && ::poll(polled, count, static_cast<int>(left.count())) != 0;
  }

  /// The group first, the child after it: once reaped, its number may be another group's.
  void end() {
    if (reaped_) return;
    ::kill(-spawned_.pid, SIGKILL);
    int status = 0;
    if (::waitpid(spawned_.pid, &status, 0) == spawned_.pid) status_ = status;
    reaped_ = true;
  }

  static void take(io::Descriptor& from, short events, std::string& into) {
    if (events == 0) return;
    char buffer[4096];
    const ssize_t n = ::read(from.get(), buffer, sizeof buffer);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) from.reset();
    if (n > 0 && into.size() < output_bytes_max) into.append(buffer, static_cast<std::size_t>(n));
  }

  io::Spawned spawned_;
  bool reaped_ = false;
  std::optional<int> status_;
};

std::vector<std::string> environment() {
  // Nobody is there to enter a passphrase.
  std::vector<std::string> list{"PATH=" + io::search_path(), "LC_ALL=C", "SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=force"};
  for (const char* name : {"HOME", "GNUPGHOME", "SSH_AUTH_SOCK"}) {
    if (const char* value = std::getenv(name)) list.push_back(std::string(name) + "=" + value);
  }
  return list;
}

std::string run_signer(const std::vector<std::string>& argv, const std::string& commit, milliseconds limit) {
  const auto program = io::find_program(argv[0], io::search_path());
  if (!program) throw Refused(fmt::format("commits cannot be signed: there is no {} in PATH", argv[0]));
  io::Command command(argv);
  command.environment = environment();
  command.input = commit;
  Child child(*program, command);
  std::string signature, errors;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  if (!child.read_all(signature, errors, deadline) || !child.wait_for_exit(deadline)) {
    throw Unavailable(fmt::format("{} did not sign the commit within {} s", argv[0], limit.count() / 1000.0));
  }
  const bool good = child.succeeded() && signature.starts_with("-----BEGIN ");
  if (!good) throw Refused(fmt::format("{} did not sign the commit: {}", argv[0], one_line(errors, longest_complaint)));
  while (!signature.empty() && signature.back() == '\n') signature.pop_back();
  return signature;
}

}  // namespace

SignCommit make_signer(Signing how, std::string key, milliseconds limit) {
  if (how == Signing::none) return nullptr;
  std::vector<std::string> argv{"ssh-keygen", "-Y", "sign", "-n", "git", "-f", key};
  if (how == Signing::gpg) argv = {"gpg", "--batch", "--no-tty", "--pinentry-mode", "error", "--armor", "--detach-sign", "--local-user", key};
  return [argv = std::move(argv), limit](const std::string& commit) { return run_signer(argv, commit, limit); };
}

}  // namespace slipway::git
