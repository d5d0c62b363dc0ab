// What every executor has to do, asked of the local one with a real buildah and a real registry.
#include "build/executor.hpp"

#include "base/failure.hpp"
#include "build/inputs.hpp"
#include "executor_world.hpp"

using namespace slipway;
using namespace slipway::build;
using test::as;
using test::busybox;
using test::Fixture;
using test::registry_server;
namespace fs = std::filesystem;

TEST_CASE("a commit becomes an image that the registry serves") {
  Fixture f;
  test::write_file(f.source() / "hello.txt", "hello\n");
  auto order = f.order("COPY hello.txt /hello.txt\nARG VERSION\nARG SOURCE_DATE_EPOCH\nRUN echo one; echo two >&2; echo \"version $VERSION of $SOURCE_DATE_EPOCH\"\n", "first");
  order.build.arguments = {{"VERSION", "1 2"}};
  const auto built = as<Built>(f.run(order));
  CHECK_FALSE(built.reused);
  CHECK(built.results.image == order.image);
  CHECK(built.results.tag == "04758206");

  const auto manifest = f.served(order, "04758206");
  REQUIRE(manifest);
  CHECK(built.results.digest == manifest->digest);
  CHECK(manifest->labels.at("org.opencontainers.image.revision") == order.commit.value());
  CHECK(manifest->labels.at("org.opencontainers.image.source") == order.source_url);
  CHECK(manifest->labels.at("org.opencontainers.image.created") == "2023-11-14T22:13:20Z");
  CHECK(manifest->labels.at("slipway.inputs") == build_inputs(order));

  const std::string out = f.stream("out");
  CHECK(out.find("one\nversion 1 2 of 1700000000\n") != std::string::npos);
  CHECK(f.stream("err").find("two\n") != std::string::npos);
  REQUIRE(f.stages.size() == 2);
  CHECK(f.stages[1].stage == Stage::build);
  CHECK(f.stages[1].outcome == "succeeded");
  f.check_nothing_left();

  INFO("built again from nothing, the same commit gives the same digest");
  Fixture other;
  test::write_file(other.source() / "hello.txt", "hello\n");
  test::write_file(other.source() / "Dockerfile", test::read_file(f.source() / "Dockerfile"));
  order.source = other.source();
  order.rebuild = true;
  const auto twin = as<Built>(other.run(order));
  CHECK(twin.results.tag == "04758206-2");
  CHECK(twin.results.digest == built.results.digest);
}

TEST_CASE("a tag that is there is taken as it is, or left alone, or stepped around") {
  Fixture f;
  const auto order = f.order("ARG VERSION\nRUN echo $VERSION > /version\n", "present");
  const auto first = as<Built>(f.run(order)).results;
  const auto again = as<Built>(f.run(order));  // the same commit with the same inputs
  CHECK(again.reused);
  CHECK(again.results == first);

  auto another = order;
  another.commit = CommitSha("04758206" + std::string(32, 'b'));
  const auto failed = as<Failed>(f.run(another));
  CHECK(failed.stage == Stage::build);
  CHECK(failed.reason.find("exists and was made from something else; it is not overwritten") != std::string::npos);

  auto changed = order;
  changed.build.arguments = {{"VERSION", "3"}};
  CHECK(as<Failed>(f.run(changed)).reason.find("made from this commit with other inputs") != std::string::npos);
  changed.rebuild = true;
  CHECK(as<Built>(f.run(changed)).results.tag == "04758206-2");
  CHECK(as<Built>(f.run(changed)).results.tag == "04758206-3");

  INFO("a rebuild's own image is taken by its next try");
  changed.keep_tag = [&](const std::string& tag) -> Task<bool> {
    changed.rebuild_tag = tag;
    co_return true;
  };
  const auto fourth = as<Built>(f.run(changed));
  CHECK(fourth.results.tag == "04758206-4");
  CHECK(changed.rebuild_tag == "04758206-4");
  const auto taken = as<Built>(f.run(changed));
  CHECK(taken.reused);
  CHECK(taken.results == fourth.results);
  changed.rebuild_tag = "04758206-5";  // chosen, and never pushed
  CHECK(as<Built>(f.run(changed)).results.tag == "04758206-5");
  changed.rebuild_tag = "04758206";  // of somebody else by now
  CHECK(as<Built>(f.run(changed)).results.tag == "04758206-6");
  changed.rebuild_tag.clear();
  changed.keep_tag = [](const std::string&) -> Task<bool> { co_return false; };
  as<Cancelled>(f.run(changed));
  CHECK_FALSE(f.served(order, "04758206-7"));

  const std::string latest = "latest";
  test::run_coroutine(f.loop, f.http->tag(order.image, first.digest, latest));
  CHECK(f.served(order, "latest")->digest == first.digest);
  CHECK(f.served(order, "04758206")->digest == first.digest);
}

TEST_CASE("several platforms are one image, of its own run alone") {
  Fixture f;
  const auto build = [&](const std::string& name, bool rebuild) {
    auto order = f.order("", name);
    test::write_file(f.source() / "Dockerfile", "FROM scratch\nCOPY name /name\n");
    test::write_file(f.source() / "name", name);
    order.build.platforms = {"linux/amd64", "linux/arm64"};
    order.rebuild = rebuild;
    const auto built = as<Built>(f.run(order)).results;
    CHECK(f.served(order, built.tag)->media_type == "application/vnd.oci.image.index.v1+json");
    return built.digest;
  };
  // The same commit by two templates, in the same store; and the second again.
  const Digest one = build("one", false), two = build("two", false);
  CHECK(one != two);
  CHECK(build("two", true) == two);
}

TEST_CASE("a build that fails says its last words") {
  Fixture f;
  const auto failed = as<Failed>(f.run(f.order("RUN echo before; echo it broke >&2; exit 3\n", "failing")));
  CHECK(failed.stage == Stage::build);
  CHECK(failed.reason.find("the build exited with 3: ") == 0);
  CHECK(failed.reason.find("it broke") != std::string::npos);
  CHECK_FALSE(f.served(f.order("", "failing"), "04758206"));
  CHECK(f.stages.back().outcome == "failed");
  f.check_nothing_left();
}

TEST_CASE("a secret that cannot be read ends the run before anything is started") {
  Fixture f;
  auto order = f.order("", "secret");
  order.build.secrets.emplace_back();
  order.build.secrets[0].id = "npm";
  order.build.secrets[0].file = (f.source() / "missing").string();
  const auto failed = as<Failed>(f.run(order));
  CHECK(failed.stage == Stage::build);
  CHECK(failed.reason.starts_with("the secret `npm` cannot be given to the build: "));
  f.check_nothing_left();
}

TEST_CASE("what the repository does not have, or leads out of it, is named") {
  Fixture f;
  auto order = f.order("", "missing");
  order.build.dockerfile = "Dockerfile.prod";
  CHECK(as<Failed>(f.run(order)).reason == "the Dockerfile `./Dockerfile.prod` is not in the repository");
  order.build.context = "../..";
  CHECK(as<Failed>(f.run(order)).reason == "the context `../..` leads out of the repository");
  order.build.context = ".";
  order.build.dockerfile = "evil";
  fs::create_symlink("/etc/passwd", f.source() / "evil");
  CHECK(as<Failed>(f.run(order)).reason == "the Dockerfile `./evil` leads out of the repository");
}

TEST_CASE("the check comes before the build, over its own copy of the source") {
  Fixture f;
  test::write_file(f.source() / "a.txt", "a\n");
  auto order = f.order("COPY . /src\nRUN ls /src\n", "checked");

  SECTION("it passes, with a report, and leaves no trace in the image") {
    order.check = f.check({"sh", "-c", "test \"$CI\" = true && cat a.txt && echo '<t><testcase name=\"x\"/><testcase name=\"y\"/></t>' > junit.xml"});
    order.check->environment = {{"CI", "true"}};
    order.check->reports = {"junit.xml"};
    as<Built>(f.run(order));
    CHECK(f.stages[1].stage == Stage::check);
    CHECK(f.stages[1].outcome == "succeeded");
    CHECK(f.stages[1].detail == "2 tests, all passed");
    CHECK_FALSE(fs::exists(f.source() / "junit.xml"));
    CHECK(f.stream("out").find("junit.xml") == std::string::npos);
  }
  SECTION("it fails: no build") {
    order.tag = "0000000a";
    order.check = f.check({"sh", "-c", "echo '<t><testcase name=\"test_total\"><failure/></testcase></t>' > junit.xml; exit 1"});
    order.check->reports = {"**/*.xml"};
    const auto failed = as<Failed>(f.run(order));
    CHECK(failed.stage == Stage::check);
    CHECK(failed.reason == "app-test failed: 1 test, 1 failed: test_total");
    CHECK_FALSE(f.served(order, order.tag));
  }
  SECTION("it fails, informational: the build goes on") {
    order.tag = "0000000b";
    order.check = f.check({"sh", "-c", "echo no >&2; exit 4"});
    order.check->mode = CheckMode::informational;
    as<Built>(f.run(order));
    CHECK(f.stages[1].outcome == "failed");
    CHECK(f.stages[1].detail == "informational, the build goes on: the command exited with 4: no");
  }
  SECTION("it fails without a word: what was said before is none of its words") {
    order.check = f.check({"sh", "-c", "exit 7"});
    CHECK(as<Failed>(f.run(order)).reason == "app-test failed: the command exited with 7");
  }
  SECTION("it never ends: it is ended, and has failed") {
    order.check = f.check({"sleep", "1000"});
    order.check->timeout = std::chrono::seconds(1);
    CHECK(as<Failed>(f.run(order)).reason == "app-test failed: it did not finish within 1 s");
  }
  SECTION("a program that is not in the image is no success") {
    order.check = f.check({"pytest"});
    CHECK(as<Failed>(f.run(order)).stage == Stage::check);
  }
  SECTION("an image that is not there") {
    order.check = f.check({"true"});
    order.check->image = registry_server().host() + "/base/nothing:1";
    CHECK(as<Failed>(f.run(order)).reason.find("app-test failed: the check image " + order.check->image + " cannot be had") == 0);
  }
  f.check_nothing_left();
}

TEST_CASE("a check's caches are kept between runs, one template's not for another") {
  Fixture f;
  auto order = f.order("", "cached");
  order.check = f.check({"sh", "-c", "cat $HOME/.cache/pip/seen || echo nothing; echo warm > $HOME/.cache/pip/seen; echo x > $HOME/y"});
  order.check->caches = {".cache/pip"};
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("nothing\n") != std::string::npos);
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("warm\n") != std::string::npos);
  order.template_name = TemplateName("another");
  order.rebuild = true;
  f.logs->remove(RunId(7));
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("nothing\n") != std::string::npos);
}

TEST_CASE("what RUN --mount=type=cache mounts is kept between runs, and layers are") {
  Fixture f;
  auto order = f.order("RUN echo a layer that stays\nCOPY input /input\n"
                       "RUN --mount=type=cache,target=/cache cat /cache/seen || echo nothing; echo warm > /cache/seen\n", "kept");
  test::write_file(f.source() / "input", "one");
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("nothing\n") != std::string::npos);
  test::write_file(f.source() / "input", "two");
  order.rebuild = true;
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("warm\n") != std::string::npos);
  CHECK(f.stream("out").find("Using cache") != std::string::npos);
}

TEST_CASE("a store does not grow with every build, and keeps what builds use") {
  Fixture f;
  f.newest_images = 3;
  f.start();
  auto order = f.order("RUN echo a layer that stays\nCOPY input /input\n", "tidy");
  order.rebuild = true;
  const auto build = [&](const std::string& input) {
    test::write_file(f.source() / "input", input);
    as<Built>(f.run(order));
  };
  for (const char* input : {"one", "two", "three"}) build(input);
  const std::size_t before = f.stored_images();
  test::run_coroutine(f.loop, f.executor->tidy_up(TemplateName("another-build-template")));
  CHECK(f.stored_images() == before);
  test::run_coroutine(f.loop, f.executor->tidy_up(order.template_name));
  const std::size_t after = f.stored_images();
  CHECK(after < before);
  CHECK(after >= 3);
  f.logs->remove(order.run);
  build("four");
  CHECK(f.stream("out").find("Using cache") != std::string::npos);
  test::run_coroutine(f.loop, f.executor->tidy_up(order.template_name));
  CHECK(f.stored_images() == after);
}

TEST_CASE("a check is prepared first, and a preparation that fails is named") {
  Fixture f;
  auto order = f.order("RUN true\n", "prepared");
  order.check = f.check({"cat", "/made"});
  order.check->prepare = {{"touch", "/made"}, {"sh", "-c", "echo ready > /made"}};
  as<Built>(f.run(order));
  CHECK(f.stream("out").find("ready\n") != std::string::npos);
  order.check->prepare = {{"sh", "-c", "echo no such package >&2; exit 2"}};
  order.rebuild = true;
  CHECK(as<Failed>(f.run(order)).reason == "app-test failed: `sh`, to prepare it, exited with 2: no such package");
}

TEST_CASE("a registry that says no is this run's failure, with its words") {
  Fixture f(fs::path(), registry_server().wrong_auth_file());
  const auto failed = as<Failed>(f.run(f.order("RUN true\n", "refused")));
  CHECK(failed.reason.find("answered 401") != std::string::npos);
  CHECK(failed.reason.find("UNAUTHORIZED: authentication required") != std::string::npos);
  f.check_nothing_left();
}

TEST_CASE("a registry that cannot be reached is worth another try") {
  Fixture f;
  const auto order = f.order("RUN true\n", "unreachable");
  registry_server().stop();
  CHECK_THROWS_AS(f.run(order), Unavailable);
  CHECK(f.stages.back().outcome == "interrupted");
  registry_server().start();
  f.check_nothing_left();
  as<Built>(f.run(order));
}

