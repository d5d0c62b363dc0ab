#include "support/registry.hpp"

#include <vector>

#include "base/hex.hpp"

namespace slipway::test {

Registry::Registry() {
  const std::string users = succeed({"htpasswd", "-Bbn", "-C", "4", "ci", password_});
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

void Registry::write_auth(const std::filesystem::path& file, const std::string& password) const {
  write_file(file, "{\"auths\":{\"" + host_ + "\":{\"auth\":\"" + to_base64("ci:" + password) + "\"}}}");
}

void Registry::start() {
  const std::vector<std::string> argv{"docker-registry", "serve", (dir_ / "registry.yml").string()};
  server_.emplace(argv, port_, dir_ / "registry.log");
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
  // In a mount namespace of its own, so that the store can be removed with the folder.
  const std::vector<std::string> buildah{"unshare", "--mount",         "--",        "buildah", "--root", (dir_ / "store").string(),
                                         "--runroot", (dir_ / "run").string(), "--storage-driver", "overlay"};
  auto build = buildah;
  build.insert(build.end(), {"bud", "--isolation", "chroot", "--network", "host", "--tag", "localhost/busybox", context.string()});
  succeed(build);
  const std::string name = host_ + "/base/busybox:1";
  auto push = buildah;
  push.insert(push.end(), {"push", "--quiet", "--tls-verify=false", "--authfile", auth_file().string(), "localhost/busybox",
                           "docker://" + name});
  succeed(push);
  return busybox_ = name;
}

}  // namespace slipway::test
