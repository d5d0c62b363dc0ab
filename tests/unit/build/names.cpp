#include <catch2/catch.hpp>

#include "base/hex.hpp"
#include "build/challenge.hpp"
#include "build/docker_config.hpp"
#include "build/image_name.hpp"
#include "build/inputs.hpp"

using namespace slipway;
using namespace slipway::build;

TEST_CASE("an image has a registry's host and a path below it") {
  struct Row {
    const char *text, *host, *repository;
  };
  const Row rows[] = {
      {"applications/grading-svc", "zot.example", "applications/grading-svc"},
      {"grading", "zot.example", "grading"},
      {"other.example/a/b", "other.example", "a/b"},
      {"other:5000/a", "other:5000", "a"},
      {"localhost/a", "localhost", "a"},
      {"a__b/c-d--e.f", "zot.example", "a__b/c-d--e.f"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto name = ImageName::parse(row.text, "zot.example");
    REQUIRE(name);
    CHECK(name->host == row.host);
    CHECK(name->repository == row.repository);
  }
}

TEST_CASE("what cannot be an image's name is an error") {
  for (const char* text : {"", "A/b", "a//b", "a/", "/a", "a:tag", "a@sha256:0", "a b", "../a", "a/../b", "-a", "a._b", "x.y:a/b",
                           "a\n", "x.y:123456/b", "$(APP)"}) {
    INFO(text);
    CHECK_FALSE(ImageName::parse(text, "zot.example"));
  }
  CHECK(ImageName::parse("a", "").error().what() == "the image `a` has no registry host that could be used: ``");
}

TEST_CASE("a tag is what the specification allows") {
  for (const char* text : {"04758206", "v1.2_3-x", "latest", "_a"}) CHECK(is_tag(text));
  for (const char* text : {"", ".a", "-a", "a/b", "a:b", "a b"}) CHECK_FALSE(is_tag(text));
  CHECK_FALSE(is_tag(std::string(129, 'a')));
}

TEST_CASE("logins are found by host in every shape a Docker config has") {
  const std::string json = R"({"auths":{
    "zot.example":{"auth":")" + to_base64("ci:pa:ss") + R"("},
    "https://other.example/v2/":{"username":"u","password":"p"},
    "empty.example":{}}, "credHelpers":{"x":"y"}})";
  const auto config = DockerConfig::parse(json);
  REQUIRE(config);
  CHECK(config->login("zot.example") == Login("ci", "pa:ss"));
  CHECK(config->login("other.example") == Login("u", "p"));
  CHECK_FALSE(config->login("empty.example"));
  CHECK_FALSE(config->login("zot.example:5000"));
  CHECK(config->only("zot.example") == R"({"auths":{"zot.example":{"auth":")" + to_base64("ci:pa:ss") + R"("}}})");
  CHECK(config->only("nobody.example") == R"({"auths":{}})");
  CHECK(config->secrets() == std::vector<std::string>{"pa:ss", to_base64("ci:pa:ss"), "p", to_base64("u:p")});
}

TEST_CASE("what is no Docker config says so") {
  CHECK(DockerConfig::parse("s3cret").error().what() == "it is no JSON object");
  CHECK(DockerConfig::parse("{}").error().what() == "it has no object `auths`");
  CHECK(DockerConfig::parse(R"({"auths":{"a":1}})").error().what() == "`auths.a` is no object");
}

TEST_CASE("challenges of registries are read") {
  const auto bearer = parse_challenge(
      R"(Bearer realm="https://auth.example/token",service="zot \"1\"",scope="repository:a/b:pull,push")");
  REQUIRE(bearer);
  CHECK(bearer->scheme == Challenge::Scheme::bearer);
  CHECK(bearer->realm == "https://auth.example/token");
  CHECK(bearer->service == "zot \"1\"");
  CHECK(bearer->scope == "repository:a/b:pull,push");
  CHECK(parse_challenge("basic realm=x")->scheme == Challenge::Scheme::basic);
  CHECK(parse_challenge("Basic")->scheme == Challenge::Scheme::basic);
  for (const char* text : {"", "Negotiate", "Bearer service=x", "Bearer realm=\"x", "Bearer"}) {
    INFO(text);
    CHECK_FALSE(parse_challenge(text));
  }
}

TEST_CASE("a registry's own words are repeated, tamed") {
  CHECK(registry_words(R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]})") ==
        "UNAUTHORIZED: authentication required");
  CHECK(registry_words(R"({"errors":[{"code":"A"},{"code":"B","message":"b\u0007"}]})") == "A; B: b\\x07");
  CHECK(registry_words("<html>") == "");
  CHECK(registry_words("[]") == "");
}

TEST_CASE("the inputs label changes with everything that decides the image, and with nothing else") {
  BuildOrder order;
  order.template_name = TemplateName("grading");
  order.build.arguments = {{"A", "b"}};
  const std::string first = build_inputs(order);
  CHECK(first.size() == 64);

  auto same = order;
  same.run = RunId(99);
  same.tag = "x";
  same.rebuild = true;
  CHECK(build_inputs(same) == first);

  std::vector<BuildOrder> others(9, order);
  others[0].template_name = TemplateName("other");
  others[1].build.context = "./services";
  others[2].build.dockerfile = "Dockerfile.x";
  others[3].build.target = "prod";
  others[4].build.arguments = {{"Ab", ""}};
  others[5].build.platforms = {"linux/arm64"};
  others[6].build.environment = {{"A", "b"}};
  others[7].build.submodules = true;
  others[8].build.lfs = true;
  for (std::size_t i = 0; i < others.size(); ++i) {
    INFO(i);
    CHECK(build_inputs(others[i]) != first);
  }
}

TEST_CASE("an image is labelled with where it comes from") {
  BuildOrder order;
  order.commit = CommitSha(std::string(40, 'a'));
  order.source_url = "http://git.example/Lumie-Edu/lumie-worker.git";
  order.commit_time = Clock::time_point(std::chrono::seconds(1'700'000'000));
  const auto labels = image_labels(order);
  CHECK(labels[0] == std::pair<std::string, std::string>("org.opencontainers.image.revision", std::string(40, 'a')));
  CHECK(labels[1].second == "http://git.example/Lumie-Edu/lumie-worker.git");
  CHECK(labels[2] == std::pair<std::string, std::string>("org.opencontainers.image.created", "2023-11-14T22:13:20Z"));
  CHECK(labels[3] == std::pair<std::string, std::string>("slipway.inputs", build_inputs(order)));
}
