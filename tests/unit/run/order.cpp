#include "run/order.hpp"

#include "house.hpp"

using namespace slipway;
using test::FakeSources;
using test::House;

namespace {

/// a, b, c on main; the file says what is deployed.
struct Line : House {
  Line() {
    sources.add('b', {FakeSources::named('a')});
    sources.add('c', {FakeSources::named('b')});
  }
  void by_hand(char commit, const std::string& message = "") {
    infra.commit("a.yaml", "image:\n  tag: \"" + std::string(8, commit) + "\" # the tag\n", message);
  }
  void loses(char commit) {
    infra.loses_answer = true;
    CHECK_THROWS_AS(hand_off(wish(commit, "a.yaml")), Unavailable);
  }
  void release() { CHECK(test::run_coroutine(loop, store.queue->release(TemplateName("a-template")))); }
  bool hands_off(char commit) { return std::holds_alternative<HandedOff>(hand_off(wish(commit, "a.yaml"))); }
  bool finds(char commit) { return std::holds_alternative<Unchanged>(hand_off(wish(commit, "a.yaml"))); }
  bool holds(char commit) {
    const auto outcome = hand_off(wish(commit, "a.yaml"));
    const auto* waits = std::get_if<Postponed>(&outcome);
    return waits != nullptr && waits->waiting_for == WaitingFor::hold;
  }
};

/// The same where the file holds nothing but a digest: `sha256:aa` is commit a's.
struct Digests : Line {
  template <class T>
  T get(Task<T> task) {
    return test::run_coroutine(loop, std::move(task));
  }
  run::HandOff digest_of(char commit) {
    auto made = wish(commit, "a.yaml");
    made.target.values[0].value = "$(IMAGE_DIGEST)";
    made.results.digest = Digest("sha256:" + std::string(2, commit));
    return made;
  }
  void by_hand(char digest) { infra.commit("a.yaml", "image:\n  tag: \"sha256:" + std::string(2, digest) + "\"\n"); }
  void forget() {
    get(store.queue->hold(TemplateName("a-template"), "to be released"));
    CHECK(get(store.queue->release(TemplateName("a-template"))));
  }
  bool hands_off(char commit) { return std::holds_alternative<HandedOff>(hand_off(digest_of(commit))); }
  bool holds(char commit, const std::string& why) {
    const auto outcome = hand_off(digest_of(commit));
    const auto held = get(store.queue->held(TemplateName("a-template")));
    return std::holds_alternative<Postponed>(outcome) && held && held->why == why;
  }
};

}  // namespace

TEST_CASE("a hand-off that a crash left unrecorded is recorded when it is found, so that its revert is noticed") {
  Line line;
  CHECK(line.hands_off('a'));
  line.by_hand('b');  // pushed, and then the daemon died
  CHECK(line.finds('b'));
  line.by_hand('a');
  CHECK(line.holds('c'));
}

TEST_CASE("a hand-off whose answer was lost is found in the history, and its revert by hand holds until it is released") {
  Line line;
  CHECK(line.hands_off('a'));
  line.loses('b');
  line.by_hand('a');
  SECTION("for the run itself") {
    CHECK(line.holds('b'));
    line.release();
    CHECK(line.hands_off('b'));
  }
  SECTION("and for the next one, with others' hand-offs between") {
    CHECK(std::holds_alternative<HandedOff>(line.hand_off(line.wish('b', "b.yaml", "other"))));
    CHECK(line.holds('c'));
    line.release();
    CHECK(line.hands_off('c'));
  }
}

TEST_CASE("the answer to the very first hand-off may be lost, too") {
  Line line;
  line.by_hand('a');
  line.loses('b');
  line.by_hand('a');
  CHECK(line.holds('b'));
  line.release();
  CHECK(line.hands_off('b'));
}

TEST_CASE("a hand-off's message on somebody else's commit makes it none") {
  Line line;
  CHECK(line.hands_off('a'));
  const std::string message = line.infra.pushed.back().message;
  CHECK(line.hands_off('b'));
  line.by_hand('a', message);
  CHECK(line.holds('c'));
}

TEST_CASE("an infra branch that was set back to an older hand-off holds") {
  Line line;
  CHECK(line.hands_off('a'));
  const queue::HandedOffLast gone(short_tag(FakeSources::named('b')), FakeSources::named('b'), FakeSources::named('f'));
  test::run_coroutine(line.loop, line.store.queue->set_last_handed_off(TemplateName("a-template"), "a.yaml", gone));
  CHECK(line.holds('c'));
}

TEST_CASE("what a person went back to is not taken for a hand-off when it is found") {
  Line line;
  CHECK(line.hands_off('a'));
  CHECK(line.hands_off('b'));
  line.by_hand('a');
  CHECK(line.finds('a'));
  CHECK(line.holds('c'));
}

TEST_CASE("a digest that an earlier hand-off wrote is known, so that a person's return to it holds") {
  Digests line;
  CHECK(line.hands_off('a'));
  CHECK(line.hands_off('b'));
  line.by_hand('a');
  CHECK(line.holds('c', "somebody set sha256:aa by hand, which is older than sha256:bb, the one handed off last"));
}

TEST_CASE("a digest whose answer was lost is found in the history, too") {
  Digests line;
  CHECK(line.hands_off('a'));
  line.infra.loses_answer = true;
  CHECK_THROWS_AS(line.hand_off(line.digest_of('b')), Unavailable);
  line.by_hand('a');
  CHECK(line.holds('b', "somebody set sha256:aa by hand, which is older than sha256:bb, the one handed off last"));
}

TEST_CASE("an older commit does not replace a newer one's digest, even where what was handed off last is forgotten") {
  Digests line;
  CHECK(line.hands_off('a'));
  CHECK(line.hands_off('c'));
  line.forget();
  CHECK(std::holds_alternative<Superseded>(line.hand_off(line.digest_of('b'))));
}

TEST_CASE("a digest that nobody knows holds where a hand-off's stood, and is written over where none did") {
  Digests line;
  line.by_hand('f');
  CHECK(line.hands_off('a'));
  line.by_hand('f');
  CHECK(line.holds('b', "somebody set sha256:ff by hand, a digest that no known hand-off wrote: whether it is older than sha256:aa, the one "
                        "handed off last, cannot be told"));
  CHECK(line.get(line.store.queue->release(TemplateName("a-template"))));
  CHECK(line.hands_off('b'));
}

TEST_CASE("tag and digest in one file are remembered apart") {
  Line line;
  line.infra.commit("a.yaml", "image:\n  tag: x\n  digest: x\n");
  auto wish = line.wish('a', "a.yaml");
  wish.target.values.push_back(wish.target.values[0]);
  wish.target.values[1].path = "image.digest";
  wish.target.values[1].value = "$(IMAGE_DIGEST)";
  CHECK(std::holds_alternative<HandedOff>(line.hand_off(wish)));
  const auto last = [&](const char* name) { return test::run_coroutine(line.loop, line.store.queue->last_handed_off(TemplateName("a-template"), name)); };
  CHECK(last("a.yaml")->tag == "aaaaaaaa");
  CHECK(last("a.yaml:image.digest")->tag == "sha256:dd");
}

TEST_CASE("without a values file an older commit does not take the place of a newer one either") {
  Line line;
  const auto wish = [&](char commit) {
    auto one = line.wish(commit, "");
    one.target.values.clear();
    return one;
  };
  CHECK(std::holds_alternative<Unchanged>(line.hand_off(wish('b'))));
  CHECK(std::holds_alternative<Superseded>(line.hand_off(wish('a'))));
  CHECK(std::holds_alternative<Unchanged>(line.hand_off(wish('b'))));
  CHECK(std::holds_alternative<Unchanged>(line.hand_off(wish('c'))));
  auto back = wish('a');
  back.run.allow_rollback = true;
  CHECK(std::holds_alternative<Unchanged>(line.hand_off(back)));
}
