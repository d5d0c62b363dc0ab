#include "io/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch.hpp>
#include <csignal>

#include "base/failure.hpp"
#include "io/descriptor.hpp"
#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::run_coroutine;

namespace {

struct Ran {
  io::Exit exit;
  std::string out, err;
  std::vector<std::string> lines;
};

io::OutputSink collect(Ran& ran) {
  return [&ran](io::OutputStream stream, std::string_view line) {
    (stream == io::OutputStream::out ? ran.out : ran.err) += line;
    ran.lines.emplace_back(line);
  };
}

Ran run(io::Command command) {
  Ran ran;
  if (command.environment.empty()) command.environment = {"PATH=/usr/bin:/bin"};
  io::SystemProcesses processes;
  asio::io_context loop(1);
  ran.exit = run_coroutine(loop, processes.run(command, collect(ran)));
  return ran;
}

// Tests may use a shell as the program that is run; the product never does.
Ran shell(const std::string& script) { return run(io::Command({"sh", "-c", script})); }

// A killed process ends when the kernel gets to it, and stays a zombie until its new parent looks: a pidfd tells both.
bool ends(const std::string& pid) {
  const io::Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(pid), 0)));
  if (!process) return errno == ESRCH;
  pollfd ended{process.get(), POLLIN, 0};
  return ::poll(&ended, 1, 10'000) == 1;
}

}  // namespace

TEST_CASE("a program's exit code, signal and both outputs come back") {
  const Ran ran = shell("echo out; echo err >&2; exit 3");
  CHECK(ran.exit.code == 3);
  CHECK(ran.exit.text() == "exited with 3");
  CHECK(ran.out == "out\n");
  CHECK(ran.err == "err\n");
  CHECK(shell("kill -9 $$").exit.text() == "was killed by signal 9");
  CHECK(shell(":").exit.ok());
}

TEST_CASE("output comes in lines, long ones in pieces, and an unfinished last one as it is") {
  CHECK(shell("printf 'a\\nb\\n\\nc'").lines == std::vector<std::string>{"a\n", "b\n", "\n", "c"});
  const Ran ran = shell("head -c 100000 /dev/zero | tr '\\0' x");
  CHECK(ran.out == std::string(100000, 'x'));
  for (const auto& line : ran.lines) CHECK(line.size() <= 8192);
}

TEST_CASE("a program gets its arguments as they are, its own environment and folder, and its input") {
  const test::TmpDir dir;
  io::Command command({"printf", "%s\n", "a b; $(touch x) `y` \"'\n"});
  CHECK(run(command).out == "a b; $(touch x) `y` \"'\n\n");

  io::Command environment({"/usr/bin/env"});
  environment.environment = {"ONLY=this"};
  CHECK(run(environment).out == "ONLY=this\n");

  io::Command folder({"pwd"});
  folder.directory = dir.path();
  CHECK(run(folder).out == dir.path().string() + "\n");

  io::Command input({"cat"});
  input.input = std::string(300000, 'i');
  CHECK(run(input).out.size() == 300000);
  CHECK(run(io::Command({"cat"})).out.empty());

  io::Command deaf({"true"});
  deaf.input = std::string(300000, 'i');
  CHECK(run(deaf).exit.ok());
}

TEST_CASE("the daemon's umask is not its children's") {
  const auto before = ::umask(077);
  const auto ran = shell("umask");
  ::umask(before);
  CHECK(ran.out == "0022\n");
}

TEST_CASE("no descriptor of the daemon reaches a child, marked close-on-exec or not") {
  const test::TmpDir dir;
  test::write_file(dir / "open", "");
  const int leaked = ::open((dir / "open").c_str(), O_RDONLY);
  const Ran ran = run(io::Command({"sh", "-c", "for f in /proc/self/fd/*; do readlink $f; done; true"}));
  ::close(leaked);
  CHECK_THAT(ran.out, !Catch::Contains((dir / "open").string()));
  CHECK_THAT(ran.out, !Catch::Contains("eventpoll"));
}

TEST_CASE("a program that cannot be started says why") {
  CHECK_THROWS_WITH(run(io::Command({"no-such-program-here"})), Catch::Contains("there is no such program in PATH"));
  CHECK_THROWS_WITH(run(io::Command({"/etc/passwd"})), Catch::Contains("exec: Permission denied"));
  CHECK_THROWS_AS(run(io::Command()), Unavailable);
  io::Command nowhere({"true"});
  nowhere.directory = "/no/such/folder";
  CHECK_THROWS_WITH(run(nowhere), Catch::Contains("chdir: No such file or directory"));
  io::Command group({"true"});
  group.cgroups = {"/no/such/cgroup.procs"};
  CHECK_THROWS_WITH(run(group), Catch::Contains("cgroup: No such file or directory"));
}

TEST_CASE("an exit code that was taken by somebody else is an error, not a success") {
  std::signal(SIGCHLD, SIG_IGN);  // the kernel reaps
  CHECK_THROWS_AS(shell("sleep 0.3; exit 3"), Unavailable);
  std::signal(SIGCHLD, SIG_DFL);
  CHECK(shell("exit 3").exit.code == 3);
}

TEST_CASE("a child joins a control group before it is started") {
  const test::TmpDir dir;
  test::write_file(dir / "cgroup.procs", "");
  io::Command command({"true"});
  command.cgroups = {dir / "cgroup.procs"};
  CHECK(run(command).exit.ok());
  CHECK(test::read_file(dir / "cgroup.procs") == "0");
}

TEST_CASE("a program that runs out of time is ended with its whole group") {
  io::Command command({"sh", "-c", "sleep 600 & echo $!; wait"});
  command.limit = 1s;
  const Ran ran = run(command);
  CHECK(ran.exit.timed_out);
  CHECK(ran.exit.text() == "ran out of time");
  CHECK(ends(ran.out));
}

TEST_CASE("a program that ignores SIGTERM is killed after its grace") {
  io::Command command({"sh", "-c", "trap '' TERM; while :; do sleep 600; done"});
  command.limit = 1s;
  command.grace = 50ms;
  const Ran ran = run(command);
  CHECK(ran.exit.timed_out);
  CHECK(ran.exit.signal == 9);
}

TEST_CASE("what a program leaves running in its group ends with it") {
  const Ran ran = shell("sleep 600 >/dev/null 2>&1 & echo $!");
  CHECK(ran.exit.ok());
  CHECK(ends(ran.out));
}

TEST_CASE("a grandchild outside the group that keeps the output open does not keep the caller") {
  const Ran ran = shell("setsid sleep 5 & echo done");
  CHECK(ran.exit.ok());
  CHECK(ran.out == "done\n");
}

TEST_CASE("cancelling ends the whole group before the call throws") {
  asio::io_context loop(1);
  io::SystemProcesses processes;
  Ran ran;
  asio::cancellation_signal signal;
  std::exception_ptr error;
  io::Command command({"sh", "-c", "sleep 600 & echo $!; wait"});
  command.environment = {"PATH=/usr/bin:/bin"};
  const auto cancel_at_output = [&](io::OutputStream stream, std::string_view line) {
    collect(ran)(stream, line);
    signal.emit(asio::cancellation_type::terminal);
  };
  const auto task = [&]() -> Task<> { co_await processes.run(command, cancel_at_output); };
  asio::co_spawn(loop, task(), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { error = e; }));
  loop.run();
  REQUIRE(error);
  CHECK_THROWS_AS(std::rethrow_exception(error), boost::system::system_error);
  CHECK(ends(ran.out));
}

TEST_CASE("many programs at once, none lost") {
  asio::io_context loop(1);
  io::SystemProcesses processes;
  io::Command command({"sh", "-c", "echo x; exit 7"});
  command.environment = {"PATH=/usr/bin:/bin"};
  int ended = 0;
  Ran ran;
  const auto task = [&]() -> Task<> {
    const auto exit = co_await processes.run(command, collect(ran));
    ended += exit.code == 7;
  };
  for (int i = 0; i < 50; ++i) asio::co_spawn(loop, task(), [](std::exception_ptr e) { CHECK_FALSE(e); });
  loop.run();
  CHECK(ended == 50);
  CHECK(ran.lines.size() == 50);
}
