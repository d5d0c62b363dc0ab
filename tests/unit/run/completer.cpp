#include "run/completer.hpp"

#include "team.hpp"

using namespace slipway;
using test::FakeSources;
using test::Team;

namespace {

/// main is a, b, c, d; what it was before is nothing that was built.
struct Chain : Team {
  explicit Chain(const std::string& filter = "true") : Team(test::Templates{{"t", "Org/a"}}, filter) {
    sources.add('a', {});
    for (const char commit : {'b', 'c', 'd'}) sources.add(commit, {FakeSources::named(static_cast<char>(commit - 1))});
    completer.use(matcher, 1000);
  }
  ~Chain() { end(); }
  void complete() {
    services.spawn("completer", completer.serve());
    until([&] { return get(store.queue->pending(DeliveryId(), 10)).empty(); });
  }
  run::Completer completer{*store.queue, sources, loop.get_executor(), Log()};
};

}  // namespace

TEST_CASE("a push that comes after a gap is compared with where the branch was seen") {
  Chain chain;
  chain.accept("1", 'a', 'b', "");
  chain.accept("2", 'c', 'd', "");
  chain.complete();
  CHECK(chain.sources.compared == std::vector{std::pair(FakeSources::named('b'), FakeSources::named('d'))});
  CHECK(chain.seen() == FakeSources::named('d'));
}

TEST_CASE("a push that arrives late is compared with its own before, and does not move the branch back") {
  Chain chain;
  chain.accept("1", 'c', 'd', "");
  chain.accept("2", 'a', 'b', "");
  chain.complete();
  CHECK(chain.sources.compared == std::vector{std::pair(FakeSources::named('a'), FakeSources::named('b'))});
  CHECK(chain.seen() == FakeSources::named('d'));
}

TEST_CASE("two late pushes, one after the other, leave the branch where it was seen") {
  Chain chain;
  chain.accept("1", 'c', 'd', "");
  chain.accept("2", 'a', 'b', "");
  chain.accept("3", 'a', 'c', "");
  chain.complete();
  using Pair = std::pair<CommitSha, CommitSha>;
  CHECK(chain.sources.compared == std::vector{Pair(FakeSources::named('a'), FakeSources::named('b')),
                                              Pair(FakeSources::named('a'), FakeSources::named('c'))});
  CHECK(chain.seen() == FakeSources::named('d'));
}

TEST_CASE("a push whose end a comparison of heads has noted already is compared with its own before") {
  Chain chain;
  chain.accept("1", 'd', 'd', "");  // seen for the first time
  chain.accept("2", 'a', 'd', "");
  chain.complete();
  CHECK(chain.sources.compared == std::vector{std::pair(FakeSources::named('a'), FakeSources::named('d'))});
  CHECK(chain.seen() == FakeSources::named('d'));
}

TEST_CASE("what a push was forced away from counts, although a late push was seen last") {
  Chain chain;
  chain.accept("1", 'b', 'd', "");
  chain.accept("2", 'a', 'b', "");  // late
  chain.sources.heads["refs/heads/main"] = FakeSources::named('c');
  chain.accept("3", 'd', 'c', "");
  chain.complete();
  using Pair = std::pair<CommitSha, CommitSha>;
  CHECK(chain.sources.compared == std::vector{Pair(FakeSources::named('d'), FakeSources::named('b')),
                                              Pair(FakeSources::named('b'), FakeSources::named('c')),
                                              Pair(FakeSources::named('d'), FakeSources::named('c'))});
  CHECK(chain.seen() == FakeSources::named('c'));
}

TEST_CASE("a branch that was forced back is where it was forced to, although that is older") {
  Chain chain;
  chain.accept("1", 'c', 'd', "");
  chain.sources.heads["refs/heads/main"] = FakeSources::named('b');
  chain.accept("2", 'x', 'b', "");  // the delivery of d to x is lost
  chain.complete();
  CHECK(chain.sources.compared == std::vector{std::pair(FakeSources::named('d'), FakeSources::named('b'))});
  CHECK(chain.seen() == FakeSources::named('b'));
}

TEST_CASE("a delivery whose bytes are lost is judged by what Git has of the push") {
  Chain chain("body.repository.full_name == 'Org/a' && body.commits.exists(c, 'app/x' in c.modified)");
  chain.accept("1", 'a', 'b', "");
  chain.accept("2", 'c', 'd', "");
  ChangedCommit commit;
  commit.id = FakeSources::named('d');
  commit.modified = {"app/x"};
  chain.sources.changes = {commit};
  std::filesystem::remove(chain.folder / "queue/bodies-1.seg");
  chain.complete();
  REQUIRE(chain.runs().size() == 1);
  CHECK(chain.runs().front().commit == FakeSources::named('d'));
}

TEST_CASE("a delivery whose bytes can not be read just now waits for them") {
  Chain chain("body.repository.full_name == 'Org/a'");
  chain.accept("1", 'a', 'b', "");
  chain.accept("2", 'c', 'd', "");
  const auto segment = chain.folder / "queue/bodies-1.seg", away = chain.folder / "away";
  std::filesystem::rename(segment, away);
  std::filesystem::create_directory(segment);  // can be opened, and not read
  chain.services.spawn("completer", chain.completer.serve());
  chain.until([&] { return chain.get(chain.store.queue->pending(DeliveryId(), 10)).at(0).unreadable != ""; });
  for (int turns = 0; turns < 20; ++turns) chain.loop.run_one_for(std::chrono::milliseconds(10));
  CHECK(chain.sources.compared.empty());
  CHECK(chain.get(chain.store.queue->pending(DeliveryId(), 10)).size() == 1);
}
