#include "run/forced_pushes.hpp"

#include "team.hpp"

using namespace slipway;
using test::FakeSources;
using test::Team;
using namespace std::chrono_literals;

namespace {

/// main went from a to b, and Git knows c, which is no descendant of b.
struct Branch : Team {
  Branch() : Team(test::Templates{{"t", "Org/a"}}) {
    sources.add('a', {});
    for (const char commit : {'b', 'c'}) sources.add(commit, {FakeSources::named('a')});
    accept("1", 'a', 'b', "");
  }
  ~Branch() { end(); }
  std::vector<std::string> doubted() {
    std::vector<std::string> ids;
    for (const auto& one : get(store.queue->pending(DeliveryId(), 10, {}))) ids.push_back(one.delivery.id.value());
    return ids;
  }
  std::set<RepoName> find() {
    run::Absences absences(time);
    const auto patient_since = time.now() - 24h;
    get(forced.find(*matcher, absences, patient_since));
    return absences.resting();
  }
  run::ForcedPushes forced{*store.queue, sources, Log()};
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a push that replaced what the branch had is to be completed, although its payload looks complete") {
  Branch branch;
  branch.accept("2", 'b', 'c', "");
  CHECK(branch.find().empty());
  CHECK(branch.doubted() == Ids{"2"});
  CHECK(branch.get(branch.store.queue->pending(DeliveryId(), 10, {})).at(0).base == FakeSources::named('b'));
}

TEST_CASE("a push that only added is left alone, and Git is asked about it once") {
  Branch branch;
  branch.find();
  CHECK(branch.doubted().empty());
  branch.sources.parents.erase(FakeSources::named('b'));
  branch.find();
  CHECK(branch.sources.fetches == 0);
  branch.accept("2", 'b', 'c', "");
  branch.find();
  CHECK(branch.doubted().empty());  // nobody has what it began with any more
}

TEST_CASE("a push is compared when Git can be reached again") {
  Branch branch;
  branch.sources.parents.erase(FakeSources::named('c'));
  branch.sources.unreachable = "no answer";
  branch.accept("2", 'b', 'c', "");
  CHECK(branch.find() == std::set{RepoName("Org/a")});
  CHECK(branch.doubted().empty());
  branch.sources.unreachable.clear();
  branch.sources.add('c', {FakeSources::named('a')});
  CHECK(branch.find().empty());
  CHECK(branch.doubted() == Ids{"2"});
}

TEST_CASE("a repository that the server refuses is not asked for ever") {
  Branch branch;
  branch.sources.parents.erase(FakeSources::named('c'));
  branch.sources.gone = RepoName("Org/a");
  branch.accept("2", 'b', 'c', "");
  CHECK(branch.find() == std::set{RepoName("Org/a")});
  branch.time.advance(24h);
  CHECK(branch.find().empty());
  branch.find();
  CHECK(branch.sources.refusals == 2);
}
