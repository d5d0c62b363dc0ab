#include "support/children.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "io/descriptor.hpp"
#include "support/tmp_dir.hpp"

namespace slipway::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool answers(std::uint16_t port) {
  const io::Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = loopback(port);
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> list;
  for (char** entry = ::environ; *entry; ++entry) {
    const std::string text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : more) replaced = replaced || text.starts_with(name + "=");
    if (!replaced) list.push_back(text);
  }
  for (const auto& [name, value] : more) list.push_back(name + "=" + value);
  return list;
}

/// A file in memory: as a child's standard stream it can neither fill up nor block.
io::Descriptor memory_file(const std::string& content = "") {
  io::Descriptor file(::memfd_create("stream", MFD_CLOEXEC));
  if (!file || ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) throw std::runtime_error("no memory file");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string content_of(const io::Descriptor& file) {
  std::string text(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  ::lseek(file.get(), 0, SEEK_SET);
  const auto got = ::read(file.get(), text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

/// Only async-signal-safe calls between fork and exec: other threads may hold any lock.
pid_t start(const std::vector<char*>& argv, const std::vector<char*>& environment, int in, int out, int err) {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::execvpe(argv[0], argv.data(), environment.data());
  ::_exit(127);
}

}  // namespace

std::uint16_t free_port() {
  const io::Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

Ended run(const std::vector<std::string>& argv, const std::string& input, const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto in = memory_file(input), out = memory_file(), err = memory_file();
  const auto words = environment_with(environment);
  const pid_t child = start(pointers(argv), pointers(words), in.get(), out.get(), err.get());
  int status = 0;
  ::waitpid(child, &status, 0);
  return Ended{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content_of(out), content_of(err)};
}

std::string succeed(const std::vector<std::string>& argv, const std::string& input, const std::vector<std::pair<std::string, std::string>>& environment) {
  auto ended = run(argv, input, environment);
  if (ended.code != 0) throw std::runtime_error(argv[0] + " " + (argv.size() > 1 ? argv[1] : "") + " ended with " + std::to_string(ended.code) + ": " + ended.errors);
  return std::move(ended.output);
}

ServerProcess::ServerProcess(const std::vector<std::string>& argv, std::uint16_t port, const std::filesystem::path& log) {
  const io::Descriptor out(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const io::Descriptor in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  child_ = start(pointers(argv), pointers(environment_with({})), in.get(), out.get(), out.get());
  for (int i = 0; i < 3000 && !answers(port); ++i) {
    if (::waitpid(child_, nullptr, WNOHANG) == child_) child_ = -1;
    if (child_ < 0) break;
    ::usleep(10'000);
  }
  if (child_ < 0 || !answers(port)) throw std::runtime_error(argv[0] + " does not start: " + read_file(log));
}

ServerProcess::~ServerProcess() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

}  // namespace slipway::test
