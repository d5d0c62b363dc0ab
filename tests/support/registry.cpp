#include "support/registry.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace slipway::test {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& argv) {
  std::vector<char*> list;
  for (const auto& word : argv) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(probe);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

bool answers(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  const bool open = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return open;
}

std::string base64(const std::string& text) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) encoded += i + k <= text.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return encoded;
}

}  // namespace

int run_program(const std::vector<std::string>& argv, std::string& output) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(pipe[1], 1);
    ::dup2(pipe[1], 2);
    ::execvp(argv[0].c_str(), pointers(argv).data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer, sizeof buffer)) > 0;) output.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string must_run(const std::vector<std::string>& argv) {
  std::string output;
  const int code = run_program(argv, output);
  if (code != 0) throw std::runtime_error(argv[0] + " ended with " + std::to_string(code) + ": " + output);
  return output;
}

Registry::Registry() {
  std::string users = must_run({"htpasswd", "-Bbn", "-C", "4", "ci", password_});
  write_file(dir_ / "htpasswd", users.substr(0, users.find('\n') + 1));
  port_ = free_port();
  host_ = "127.0.0.1:" + std::to_string(port_);
  const std::string root = dir_.path().string();
  write_file(dir_ / "registry.yml", "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: " + root +
                                        "/data}, delete: {enabled: true}}\nhttp: {addr: \"" + host_ +
                                        "\"}\nauth: {htpasswd: {realm: registry, path: " + root + "/htpasswd}}\n");
  write_auth(auth_file(), password_);
  write_auth(wrong_auth_file(), "wrong");
  start();
}

Registry::~Registry() { stop(); }

void Registry::write_auth(const std::filesystem::path& file, const std::string& password) const {
  write_file(file, "{\"auths\":{\"" + host_ + "\":{\"auth\":\"" + base64("ci:" + password) + "\"}}}");
}

void Registry::start() {
  const std::vector<std::string> argv{"docker-registry", "serve", (dir_ / "registry.yml").string()};
  const std::string log = (dir_ / "registry.log").string();
  const auto arguments = pointers(argv);
  child_ = ::fork();
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  for (int i = 0; i < 1000 && !answers(port_); ++i) {
    if (::waitpid(child_, nullptr, WNOHANG) == child_) break;
    ::usleep(10'000);
  }
  if (!answers(port_)) throw std::runtime_error("the registry does not start: " + read_file(log));
}

void Registry::stop() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
  child_ = -1;
}

std::string Registry::busybox() {
  if (!busybox_.empty()) return busybox_;
  const auto context = dir_ / "base";
  std::filesystem::create_directories(context);
  std::filesystem::copy_file("/bin/busybox", context / "busybox");
  write_file(context / "passwd", "root:x:0:0:root:/root:/bin/sh\n");
  write_file(context / "Dockerfile",
             "FROM scratch\nCOPY busybox /bin/busybox\nCOPY passwd /etc/passwd\n"
             "RUN [\"/bin/busybox\",\"--install\",\"-s\",\"/bin\"]\n");
  const std::vector<std::string> buildah{"unshare",   "--mount", "--pid",     "--fork",
                                         "--kill-child=KILL", "--mount-proc", "buildah",   "--root",
                                         (dir_ / "store").string(),   "--runroot", (dir_ / "run").string(), "--storage-driver", "overlay"};
  auto build = buildah;
  build.insert(build.end(), {"bud", "--isolation", "chroot", "--network", "host", "--tag", "localhost/busybox", context.string()});
  must_run(build);
  const std::string name = host_ + "/base/busybox:1";
  auto push = buildah;
  push.insert(push.end(), {"push", "--quiet", "--tls-verify=false", "--authfile", auth_file().string(), "localhost/busybox",
                           "docker://" + name});
  must_run(push);
  busybox_ = name;
  return busybox_;
}

}  // namespace slipway::test
