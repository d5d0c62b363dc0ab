#include "io/spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/failure.hpp"

namespace slipway::io {

namespace {

struct Pipe {
  Descriptor read, write;
};

[[noreturn]] void fail(std::string_view program, std::string_view step, int error) {
  throw Unavailable(fmt::format("cannot start {}: {}: {}", program, step, std::strerror(error)));
}

Pipe make_pipe(std::string_view program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(program, "pipe", errno);
  Pipe pipe;
  pipe.read.reset(ends[0]);
  pipe.write.reset(ends[1]);
  return pipe;
}

// The input as an in-memory file: nobody has to feed it, and a child that does not read it causes no SIGPIPE.
Descriptor make_input(const std::string& bytes, std::string_view program) {
  if (bytes.empty()) return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor file(::memfd_create("input", MFD_CLOEXEC));
  for (std::size_t done = 0; file && done < bytes.size();) {
    const ssize_t count = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (count <= 0) fail(program, "input", errno);
    done += static_cast<std::size_t>(count);
  }
  if (!file || ::lseek(file.get(), 0, SEEK_SET) != 0) fail(program, "input", errno);
  return file;
}

void make_non_blocking(const Descriptor& end) { ::fcntl(end.get(), F_SETFL, O_NONBLOCK); }

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// What the child needs, prepared before the fork: between fork and exec nothing may allocate or take a lock.
struct Plan {
  const char* program;
  char* const* argv;
  char* const* environment;
  const char* directory;  // null: stay in the current one
  std::vector<char*> cgroups;
  int input, output, errors, report;
  pid_t parent;
};

struct Failure {
  int error;
  char step[16];
};

[[noreturn]] void give_up(const Plan& plan, const char* step) {
  Failure failure{errno, {}};
  std::strncpy(failure.step, step, sizeof failure.step - 1);
  const ssize_t ignored = ::write(plan.report, &failure, sizeof failure);
  static_cast<void>(ignored);
  ::_exit(127);
}

void reset_signals() noexcept {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool join_cgroup(const char* procs) noexcept {
  const int file = ::open(procs, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool joined = ::write(file, "0", 1) == 1;  // 0 means the writing process
  ::close(file);
  return joined;
}

// Only async-signal-safe calls from here to exec.
[[noreturn]] void become(const Plan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // the daemon died before the prctl took effect
  for (char* procs : plan.cgroups) {
    if (procs != nullptr && !join_cgroup(procs)) give_up(plan, "cgroup");
  }
  ::umask(022);  // what a builder writes must be readable by others too
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) give_up(plan, "chdir");
  if (::dup2(plan.input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.errors, 2) < 0) give_up(plan, "dup2");
  reset_signals();
  // Keeps descriptors that a library forgot to mark close-on-exec from the child. Before Linux 5.11 the call fails and
  // only the marks protect.
  ::syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
  ::execve(plan.program, plan.argv, plan.environment);
  give_up(plan, "exec");
}

void throw_on_failure(const Descriptor& report, pid_t pid, std::string_view program) {
  Failure failure{};
  const ssize_t count = ::read(report.get(), &failure, sizeof failure);
  if (count != static_cast<ssize_t>(sizeof failure)) return;  // closed by exec
  int status = 0;
  ::waitpid(pid, &status, 0);
  fail(program, failure.step, failure.error);
}

}  // namespace

Spawned spawn(const std::filesystem::path& program, const Command& command) {
  const std::string name = program.string();
  const Descriptor input = make_input(command.input, name);
  Pipe output = make_pipe(name), errors = make_pipe(name), report = make_pipe(name);

  std::vector<std::string> cgroups;
  for (const auto& procs : command.cgroups) cgroups.push_back(procs.string());
  const auto argv = pointers(command.argv), environment = pointers(command.environment);
  const std::string directory = command.directory.string();
  const Plan plan{name.c_str(), argv.data(), environment.data(), directory.empty() ? nullptr : directory.c_str(),
                  pointers(cgroups), input.get(), output.write.get(), errors.write.get(), report.write.get(), ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) fail(name, "fork", errno);
  if (pid == 0) become(plan);

  ::setpgid(pid, pid);  // also in the parent, so that killing the group works right away
  report.write.reset();
  throw_on_failure(report.read, pid, name);
  Spawned spawned;
  spawned.pid = pid;
  spawned.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!spawned.process) {
    const int error = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    fail(name, "pidfd_open", error);
  }
  spawned.output = std::move(output.read);
  spawned.errors = std::move(errors.read);
  for (const Descriptor* end : {&spawned.output, &spawned.errors}) make_non_blocking(*end);
  return spawned;
}

}  // namespace slipway::io
