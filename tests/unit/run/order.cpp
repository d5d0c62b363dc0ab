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
  void by_hand(char commit) { infra.commit("a.yaml", "image:\n  tag: \"" + std::string(8, commit) + "\" # the tag\n"); }
  bool hands_off(char commit) { return std::holds_alternative<HandedOff>(hand_off(wish(commit, "a.yaml"))); }
  bool finds(char commit) { return std::holds_alternative<Unchanged>(hand_off(wish(commit, "a.yaml"))); }
  bool holds(char commit) {
    const auto outcome = hand_off(wish(commit, "a.yaml"));
    const auto* waits = std::get_if<Postponed>(&outcome);
    return waits != nullptr && waits->waiting_for == WaitingFor::hold;
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

TEST_CASE("what a person went back to is not taken for a hand-off when it is found") {
  Line line;
  CHECK(line.hands_off('a'));
  CHECK(line.hands_off('b'));
  line.by_hand('a');
  CHECK(line.finds('a'));
  CHECK(line.holds('c'));
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
