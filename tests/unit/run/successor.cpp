#include "run/successor.hpp"

#include "config/load.hpp"
#include "house.hpp"

using namespace slipway;
using test::FakeSources;
using test::House;

namespace {

std::shared_ptr<const config::Catalogue> catalogue() {
  auto loaded = config::load_text(R"(webhook: {secret_files: [secret]}
git: {base_url: "http://git.example.com:3000"}
registry: {host: registry.example.com}
handoff: {repository: "https://git.example.com/org/infra.git"}
pipelines:
  - name: p
    stages: [{build: {image: apps/app}}, {handoff: {values: [{file: a.yaml, path: image.tag}]}}]
templates:
  - {name: a-template, pipeline: p, repository: Org/a}
triggers:
  - {name: t, template: a-template, paths: [app/]}
)",
                                  "c.yaml", config::LoadOptions(false));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) FAIL(config::text(*errors));
  return std::get<config::Config>(loaded).catalogue;
}

/// A branch that was forced from b to c, both children of a.
struct Forced {
  House house;
  trigger::Matcher matcher{catalogue()};
  run::HandOff wish;

  Forced() {
    house.sources.add('b', {FakeSources::named('a')});
    wish = house.wish('b', "a.yaml");
    house.sources.add('c', {FakeSources::named('a')});
  }
  void changed(std::vector<std::string> files) {
    ChangedCommit commit;
    commit.id = FakeSources::named('c');
    commit.modified = std::move(files);
    house.sources.changes = {commit};
  }
  std::optional<Successor> successor() {
    const run::MissedTools tools{*house.store.queue, house.sources, house.time, matcher, 1000};
    return test::run_coroutine(house.loop, run::successor_of(tools, wish.run, wish.target));
  }
};

}  // namespace

TEST_CASE("the head takes the place of a commit that a forced push took away, where it changes what the template builds") {
  Forced forced;
  forced.changed({"app/main.py"});
  const auto successor = forced.successor();
  REQUIRE(successor);
  CHECK(successor->commit == FakeSources::named('c'));
}

TEST_CASE("a head that changes nothing of the template, or is deployed already, is not built") {
  Forced forced;
  forced.changed({"docs/README.md"});
  CHECK_FALSE(forced.successor());
  forced.changed({"app/main.py"});
  queue::HandedOffLast last;
  last.tag = "cccccccc";
  last.source_commit = FakeSources::named('c');
  test::run_coroutine(forced.house.loop, forced.house.store.queue->set_last_handed_off(TemplateName("a-template"), "a.yaml", last));
  CHECK_FALSE(forced.successor());
}

TEST_CASE("a branch that is gone has no successor") {
  Forced forced;
  forced.changed({"app/main.py"});
  forced.house.sources.heads.clear();
  CHECK_FALSE(forced.successor());
}
