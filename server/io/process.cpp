#include "io/process.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "base/failure.hpp"
#include "io/spawn.hpp"

namespace slipway::io {

namespace {

using boost::system::error_code;
using Steady = std::chrono::steady_clock;
constexpr std::size_t longest_line = 8 * 1024;
// How long to wait for output after the whole group has ended: a process outside the group may hold it open.
constexpr auto output_patience = std::chrono::seconds(1);

// One pipe from the child, split into lines.
class Output {
 public:
  Output(const asio::any_io_executor& executor, Descriptor end, OutputStream which)
      : pipe_(executor, end.release()), which_(which) {}

  asio::posix::stream_descriptor& pipe() noexcept { return pipe_; }
  asio::mutable_buffer buffer() noexcept { return asio::buffer(buffer_); }

  void got(std::size_t count, const OutputSink& sink) {
    line_.append(buffer_.data(), count);
    std::size_t begin = 0;
    for (auto end = line_.find('\n'); end != std::string::npos; end = line_.find('\n', begin)) {
      give(begin, end + 1, sink);
      begin = end + 1;
    }
    for (; line_.size() - begin >= longest_line; begin += longest_line) give(begin, begin + longest_line, sink);
    line_.erase(0, begin);
  }

  void ended(const OutputSink& sink) {
    if (!line_.empty()) give(0, line_.size(), sink);
    line_.clear();
    error_code ignored;
    pipe_.close(ignored);
  }

  bool is_open() const noexcept { return pipe_.is_open(); }

 private:
  void give(std::size_t begin, std::size_t end, const OutputSink& sink) const {
    for (; end - begin > longest_line; begin += longest_line) sink(which_, std::string_view(line_).substr(begin, longest_line));
    sink(which_, std::string_view(line_).substr(begin, end - begin));
  }

  asio::posix::stream_descriptor pipe_;
  OutputStream which_;
  std::array<char, 16 * 1024> buffer_;
  std::string line_;
};

// A running child with its pipes. The read handlers are plain callbacks that keep it alive, so the one coroutine
// waiting on `changed` can be cancelled without losing a byte.
class Child : public std::enable_shared_from_this<Child> {
 public:
  Child(const asio::any_io_executor& executor, Spawned spawned, OutputSink sink)
      : changed(executor),
        pid_(spawned.pid),
        process_(executor, spawned.process.release()),
        outputs_{Output(executor, std::move(spawned.output), OutputStream::out),
                 Output(executor, std::move(spawned.errors), OutputStream::err)},
        sink_(std::move(sink)) {}

  ~Child() {
    if (!exited_) end(SIGKILL);  // the loop is gone and nobody is waiting
  }

  void start() {
    for (Output& output : outputs_) read(output);
    wait_for_exit();
  }

  void end(int signal) noexcept { ::kill(-pid_, signal); }
  bool exited() const noexcept { return exited_; }
  bool finished() const noexcept { return exited_ && !outputs_[0].is_open() && !outputs_[1].is_open(); }
  /// nullopt: somebody else has reaped it, and nobody knows how it ended.
  std::optional<Exit> exit() const noexcept { return exit_; }

  void close() {
    for (Output& output : outputs_) {
      if (output.is_open()) output.ended(sink_);
    }
  }

  asio::steady_timer changed;  ///< cancelled (i.e. woken) at every step towards the end

 private:
  void read(Output& output) {
    output.pipe().async_read_some(output.buffer(), [self = shared_from_this(), &output](error_code error, std::size_t count) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        output.got(count, self->sink_);
        if (output.is_open()) self->read(output);
        return;
      }
      output.ended(self->sink_);
      self->changed.cancel();
    });
  }

  void wait_for_exit() {
    process_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](error_code error) {
      if (!error) self->on_exit();
    });
  }

  void on_exit() {
    siginfo_t info{};
    const auto pidfd = static_cast<id_t>(process_.native_handle());
    // Asio may report readiness that belonged to an earlier descriptor of the same number: only waitid is reliable.
    const int asked = ::waitid(P_PIDFD, pidfd, &info, WEXITED | WNOWAIT | WNOHANG);
    if (asked == 0 && info.si_pid == 0) return wait_for_exit();
    if (asked == 0) {
      // The unreaped zombie keeps the group id reserved until the rest of the group has been killed.
      end(SIGKILL);
      ::waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG);
      exit_ = info.si_code == CLD_EXITED ? Exit(info.si_status, 0, false) : Exit(0, info.si_status, false);
    }
    exited_ = true;
    changed.cancel();
  }

  pid_t pid_;
  asio::posix::stream_descriptor process_;
  std::array<Output, 2> outputs_;
  OutputSink sink_;
  bool exited_ = false;
  std::optional<Exit> exit_;
};

Task<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

// Sleeps until the child changes, `when` is reached, or the task is cancelled.
Task<> wait_for_change(Child& child, Steady::time_point when) {
  child.changed.expires_at(when);
  error_code woken;
  co_await child.changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

Task<> end_gently(Child& child, Steady::duration grace) {
  child.end(SIGTERM);
  const auto patience = Steady::now() + grace;
  while (!child.exited() && Steady::now() < patience) co_await wait_for_change(child, patience);
  if (!child.exited()) child.end(SIGKILL);
  while (!child.exited()) co_await wait_for_change(child, Steady::time_point::max());
}

std::string path_of(const Command& command) {
  for (const auto& variable : command.environment) {
    if (variable.starts_with("PATH=")) return variable.substr(5);
  }
  return search_path();
}

}  // namespace

std::string Exit::text() const {
  if (timed_out) return "ran out of time";
  if (signal != 0) return fmt::format("was killed by signal {}", signal);
  return fmt::format("exited with {}", code);
}

Task<Exit> SystemProcesses::run(const Command& command, OutputSink output) {
  if (command.argv.empty()) throw Unavailable("cannot start a program without a name");
  const auto program = find_program(command.argv.front(), path_of(command));
  if (!program) throw Unavailable(fmt::format("cannot start {}: there is no such program in PATH", command.argv.front()));
  const auto executor = co_await asio::this_coro::executor;
  const auto child = std::make_shared<Child>(executor, spawn(*program, command), std::move(output));
  child->start();

  // A cancelled task still has a process group to end: from here on cancellation is polled, not thrown.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto deadline = Steady::now() + command.limit;
  bool cancelled = co_await is_cancelled();
  while (!child->exited() && Steady::now() < deadline && !cancelled) {
    co_await wait_for_change(*child, deadline);
    cancelled = co_await is_cancelled();
  }
  const bool timed_out = !child->exited() && Steady::now() >= deadline;
  if (!child->exited()) co_await end_gently(*child, command.grace);
  const auto patience = Steady::now() + output_patience;
  while (!child->finished() && Steady::now() < patience) co_await wait_for_change(*child, patience);
  child->close();
  cancelled = co_await is_cancelled();
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
  const auto exit = child->exit();
  if (!exit) throw Unavailable(fmt::format("how {} ended is not known: its exit was taken by something else in this process", program->string()));
  co_return Exit(exit->code, exit->signal, timed_out);
}

std::optional<std::filesystem::path> find_program(const std::string& name, std::string_view path) {
  if (name.find('/') != std::string::npos) return name;
  while (!path.empty() && !name.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    auto candidate = std::filesystem::path(path.substr(0, end)) / name;
    std::error_code ignored;
    const bool is_file = end > 0 && std::filesystem::is_regular_file(candidate, ignored);
    if (is_file && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return std::nullopt;
}

std::string search_path() {
  const char* path = ::getenv("PATH");
  return path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

}  // namespace slipway::io
