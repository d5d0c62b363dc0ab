#include "run/completer.hpp"

#include "team.hpp"

using namespace slipway;
using test::FakeSources;
using test::Team;
using namespace std::chrono_literals;

namespace {

/// main is a, b, c, d; what it was before is nothing that was built.
struct Chain : Team {
  explicit Chain(const std::string& filter = "true") : Team(test::Templates{{"t", "Org/a"}, {"u", "Org/b"}}, filter) {
    sources.add('a', {});
    for (const char commit : {'b', 'c', 'd'}) sources.add(commit, {FakeSources::named(static_cast<char>(commit - 1))});
    completer.use(matcher, 1000, 24h);
  }
  ~Chain() { end(); }
  void serve() { services.spawn("completer", completer.serve()); }
  void complete() {
    serve();
    until([&] { return pending() == 0; });
  }
  std::size_t pending() { return get(store.queue->pending(DeliveryId(), 10, {})).size(); }
  /// A push after a gap.
  void gap(const std::string& repository) {
    accept(repository + "1", 'a', 'b', "", repository);
    accept(repository + "2", 'c', 'd', "", repository);
  }
  run::Completer completer{*store.queue, sources, time, loop.get_executor(), Log()};
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

TEST_CASE("a delivery whose bytes cannot be read just now waits for them") {
  Chain chain("body.repository.full_name == 'Org/a'");
  chain.accept("1", 'a', 'b', "");
  chain.accept("2", 'c', 'd', "");
  const auto segment = chain.folder / "queue/bodies-1.seg", away = chain.folder / "away";
  std::filesystem::rename(segment, away);
  std::filesystem::create_directory(segment);  // can be opened, and not read
  chain.serve();
  chain.until([&] { return chain.get(chain.store.queue->pending(DeliveryId(), 10, {})).at(0).unreadable != ""; });
  for (int turns = 0; turns < 20; ++turns) chain.loop.run_one_for(std::chrono::milliseconds(10));
  CHECK(chain.sources.compared.empty());
  CHECK(chain.pending() == 1);
}

TEST_CASE("a repository that cannot be asked has a delay of its own, and holds up no other") {
  Chain chain;
  chain.sources.gone = RepoName("Org/b");
  chain.gap("Org/b");
  chain.serve();
  chain.until([&] { return chain.sources.refusals == 1; });
  chain.gap("Org/a");
  chain.until([&] { return chain.pending() == 1; });
  CHECK(chain.sources.refusals == 1);  // its time has not come
  chain.sources.gone.reset();
  chain.time.advance(1s);
  chain.until([&] { return chain.pending() == 0; });
}

TEST_CASE("a push to a repository that nobody watches any more is judged as it is, without Git") {
  Chain chain;
  chain.sources.unreachable = "connection refused";
  chain.gap("Foreign/app");
  CHECK(chain.pending() == 1);
  chain.complete();
  CHECK(chain.sources.compared.empty());
}

TEST_CASE("a repository that the server refuses is waited for as long as a run would wait, and may come back") {
  Chain chain;
  chain.sources.gone = RepoName("Org/a");
  chain.gap("Org/a");
  chain.serve();
  chain.until([&] { return chain.sources.refusals == 1; });
  chain.time.advance(23h);
  chain.until([&] { return chain.sources.refusals == 2; });
  CHECK(chain.pending() == 1);
  chain.time.advance(1h);
  chain.until([&] { return chain.pending() == 0; });
  CHECK(chain.runs().size() == 1);                   // the payload matches
  CHECK(chain.seen() == FakeSources::named('b'));  // so that comparing heads makes up for the rest
}
