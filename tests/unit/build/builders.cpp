#include <catch2/catch.hpp>

#include "build/local/buildah.hpp"
#include "build/local/buildctl.hpp"
#include "build/local/kaniko.hpp"

using namespace slipway;
using namespace slipway::build;

namespace {

ImageBuild image() {
  ImageBuild image;
  image.image = "zot.example:5000/applications/grading-svc";
  image.tag = "04758206";
  image.context = "/w/7/source/services/grading";
  image.dockerfile = "/w/7/source/services/grading/Dockerfile";
  image.labels = {{"org.opencontainers.image.revision", "0475"}, {"slipway.inputs", "abc"}};
  image.arguments = {{"VERSION", "a b=c"}};
  image.epoch = 1700000000;
  image.auth_file = "/w/7/docker/config.json";
  image.out = "/w/7/out";
  image.store.root = "/s/0/root";
  image.store.runroot = "/s/0/runroot";
  image.store.driver = "overlay";
  image.store.isolation = "chroot";
  return image;
}

Argv only(const Result<Commands>& commands) {
  REQUIRE(commands);
  REQUIRE(commands->size() == 1);
  return commands->front();
}

}  // namespace

TEST_CASE("buildah builds and pushes with exactly these arguments") {
  const Buildah buildah("buildah");
  const auto order = image();
  CHECK(only(buildah.build(order)) ==
        Argv{"buildah", "--root", "/s/0/root", "--runroot", "/s/0/runroot", "--storage-driver", "overlay", "bud",
             "--isolation", "chroot", "--network", "host", "--cap-drop", "CAP_MKNOD", "--cap-drop", "CAP_SYS_CHROOT",
             "--format", "oci", "--force-rm", "--layers", "--authfile", "/w/7/docker/config.json", "--timestamp",
             "1700000000", "--label", "org.opencontainers.image.revision=0475", "--label", "slipway.inputs=abc",
             "--build-arg", "VERSION=a b=c", "--iidfile", "/w/7/out/image-id", "--file",
             "/w/7/source/services/grading/Dockerfile", "/w/7/source/services/grading"});
  CHECK(buildah.push(order, "sha256:1f") ==
        Argv{"buildah", "--root", "/s/0/root", "--runroot", "/s/0/runroot", "--storage-driver", "overlay", "push",
             "--quiet", "--format", "oci", "--authfile", "/w/7/docker/config.json", "sha256:1f",
             "docker://zot.example:5000/applications/grading-svc:04758206"});
  CHECK(buildah.environment(order) == std::vector<std::string>{"SOURCE_DATE_EPOCH=1700000000"});
}

TEST_CASE("buildah: everything that an order may add") {
  const Buildah buildah("/opt/buildah");
  auto order = image();
  order.target = "prod";
  order.secrets = {SecretMount()};
  order.secrets[0].id = "npm";
  order.secrets[0].file = "/run/secrets/npm";
  order.mounts = {"/etc/ssl/certs:/etc/ssl/certs:ro"};
  order.cache = CacheKind::registry;
  order.cache_image = "zot.example:5000/applications/grading-svc/cache";
  order.extra = {"--jobs", "2"};
  order.data_limit = 536870912;
  order.auth_file.clear();
  order.insecure = true;
  order.platforms = {"linux/amd64", "linux/arm64"};
  order.list = "localhost/slipway/run-7";
  order.labels.clear();
  order.arguments.clear();
  const auto of_platform = [](const std::string& platform) {
    return Argv{"/opt/buildah", "--root", "/s/0/root", "--runroot", "/s/0/runroot", "--storage-driver", "overlay", "bud",
             "--isolation", "chroot", "--network", "host", "--cap-drop", "CAP_MKNOD", "--cap-drop", "CAP_SYS_CHROOT",
             "--ulimit", "data=536870912:536870912", "--format", "oci", "--force-rm", "--layers", "--cache-from",
             "zot.example:5000/applications/grading-svc/cache", "--cache-to",
             "zot.example:5000/applications/grading-svc/cache", "--timestamp", "1700000000", "--target", "prod",
             "--platform", platform, "--secret", "id=npm,src=/run/secrets/npm",
             "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro", "--jobs", "2", "--manifest", "localhost/slipway/run-7",
             "--file", "/w/7/source/services/grading/Dockerfile", "/w/7/source/services/grading"};
  };
  // One after the other, so that the list of both has always the same order.
  CHECK(*buildah.build(order) == Commands{of_platform("linux/amd64"), of_platform("linux/arm64")});
  CHECK(buildah.push(order, "") ==
        Argv{"/opt/buildah", "--root", "/s/0/root", "--runroot", "/s/0/runroot", "--storage-driver", "overlay",
             "manifest", "push", "--all", "--rm", "--quiet", "--tls-verify=false", "localhost/slipway/run-7",
             "docker://zot.example:5000/applications/grading-svc:04758206"});
}

TEST_CASE("a check runs as root in a working container, without a shell") {
  const Buildah buildah("buildah");
  const Store store = image().store;
  CHECK(buildah.from(store, "check-7", "zot.example:5000/base/python:3", "/w/7/docker/config.json") ==
        Argv{"buildah", "--root", "/s/0/root", "--runroot", "/s/0/runroot", "--storage-driver", "overlay", "from",
             "--isolation", "chroot", "--name", "check-7", "--authfile", "/w/7/docker/config.json",
             "zot.example:5000/base/python:3"});
  ContainerRun run;
  run.container = "check-7";
  run.command = {"pytest", "-k", "a; rm -rf /"};
  run.directory = "/workspace/services/grading";
  run.volumes = {"/w/7/check:/workspace"};
  run.environment = {{"CI", "true"}};
  CHECK(buildah.run(store, run) ==
        Argv{"buildah", "--root", "/s/0/root", "--runroot", "/s/0/runroot", "--storage-driver", "overlay", "run",
             "--isolation", "chroot", "--network", "host", "--cap-drop", "CAP_MKNOD", "--cap-drop", "CAP_SYS_CHROOT",
             "--user", "0:0", "--workingdir", "/workspace/services/grading", "--volume", "/w/7/check:/workspace", "--env",
             "CI=true", "check-7", "--", "pytest", "-k", "a; rm -rf /"});
}

TEST_CASE("kaniko builds and pushes with exactly these arguments") {
  const Kaniko kaniko("/kaniko/executor");
  auto order = image();
  order.target = "prod";
  order.platforms = {"linux/arm64"};
  order.cache = CacheKind::registry;
  order.cache_image = "zot.example:5000/applications/grading-svc/cache";
  order.insecure = true;
  CHECK(only(kaniko.build(order)) ==
        Argv{"/kaniko/executor", "--context=dir:///w/7/source/services/grading",
             "--dockerfile=/w/7/source/services/grading/Dockerfile",
             "--destination=zot.example:5000/applications/grading-svc:04758206", "--digest-file=/w/7/out/digest",
             "--reproducible", "--target=prod", "--build-arg=VERSION=a b=c",
             "--label=org.opencontainers.image.revision=0475", "--label=slipway.inputs=abc",
             "--custom-platform=linux/arm64", "--cache=true",
             "--cache-repo=zot.example:5000/applications/grading-svc/cache", "--insecure-registry=zot.example:5000",
             "--skip-tls-verify-registry=zot.example:5000"});
  CHECK(kaniko.push(order, "").empty());
  CHECK(kaniko.environment(order) ==
        std::vector<std::string>{"SOURCE_DATE_EPOCH=1700000000", "DOCKER_CONFIG=/w/7/docker"});
}

TEST_CASE("kaniko says what it cannot do") {
  const Kaniko kaniko("/kaniko/executor");
  auto order = image();
  order.data_limit = 536870912;
  CHECK(only(kaniko.build(order)).at(0) == "prlimit");
  CHECK(only(kaniko.build(order)).at(1) == "--data=536870912");
  order.platforms = {"linux/amd64", "linux/arm64"};
  CHECK(kaniko.build(order).error().what() == "kaniko builds one platform at a time");
  order.secrets = {SecretMount()};
  CHECK(kaniko.build(order).error().what() == "kaniko cannot mount secrets into a build: use buildah or buildctl");
}

TEST_CASE("buildctl builds and pushes with exactly these arguments") {
  const Buildctl buildctl("buildctl");
  auto order = image();
  order.dockerfile = "/w/7/source/docker/Dockerfile.grading";
  order.target = "prod";
  order.platforms = {"linux/amd64", "linux/arm64"};
  order.cache = CacheKind::registry;
  order.cache_image = "zot.example:5000/applications/grading-svc/cache";
  order.insecure = true;
  order.secrets = {SecretMount()};
  order.secrets[0].id = "npm";
  order.secrets[0].file = "/run/secrets/npm";
  order.extra = {"--addr", "unix:///run/buildkit.sock"};
  CHECK(only(buildctl.build(order)) ==
        Argv{"buildctl", "--addr", "unix:///run/buildkit.sock", "build", "--progress=plain", "--frontend=dockerfile.v0",
             "--local", "context=/w/7/source/services/grading", "--local", "dockerfile=/w/7/source/docker", "--opt",
             "filename=Dockerfile.grading", "--opt", "target=prod", "--opt", "build-arg:SOURCE_DATE_EPOCH=1700000000",
             "--opt", "build-arg:VERSION=a b=c", "--opt", "label:org.opencontainers.image.revision=0475", "--opt",
             "label:slipway.inputs=abc", "--opt", "platform=linux/amd64,linux/arm64", "--secret",
             "id=npm,src=/run/secrets/npm", "--import-cache",
             "type=registry,ref=zot.example:5000/applications/grading-svc/cache,registry.insecure=true", "--export-cache",
             "type=registry,mode=max,ref=zot.example:5000/applications/grading-svc/cache,registry.insecure=true",
             "--output",
             "type=image,name=zot.example:5000/applications/grading-svc:04758206,push=true,rewrite-timestamp=true,registry.insecure=true",
             "--metadata-file", "/w/7/out/metadata.json"});
  CHECK(buildctl.push(order, "").empty());
}
