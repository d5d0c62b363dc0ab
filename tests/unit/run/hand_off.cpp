#include "run/hand_off.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "house.hpp"

using namespace slipway;
using test::FakeSources;
using test::House;
using test::reason;

namespace {

/// Of three applications, each with a file of its own: a commit each, in one push.
std::vector<run::HandOff> three_wishes(House& house) {
  house.infra.files["c.yaml"] = "image:\n  tag: old\n";
  std::vector<run::HandOff> wishes;
  for (const char* file : {"a.yaml", "b.yaml", "c.yaml"}) wishes.push_back(house.wish('a', file, file));
  return wishes;
}

}  // namespace

TEST_CASE("a hand-off is one commit that changes one value and says where it comes from") {
  House house;
  const auto outcome = house.hand_off(house.wish('a', "a.yaml"));
  REQUIRE(std::holds_alternative<HandedOff>(outcome));
  CHECK(house.infra.files["a.yaml"] == "image:\n  tag: \"aaaaaaaa\" # the tag\n");
  REQUIRE(house.infra.pushed.size() == 1);
  CHECK(house.infra.pushed[0].message ==
        "CHORE(app): update app image to aaaaaaaa\n\nSource-Repository: Org/a\nSource-Commit: " + std::string(40, 'a') +
            "\nSlipway-Run: 7\nImage-Digest: sha256:dd\n");
}

TEST_CASE("the same hand-off again changes nothing and makes no commit") {
  House house;
  house.hand_off(house.wish('a', "a.yaml"));
  CHECK(std::holds_alternative<Unchanged>(house.hand_off(house.wish('a', "a.yaml"))));
  CHECK(house.infra.pushes == 1);
}

TEST_CASE("hand-offs that are ready together go in one push, and a bad one does not hold the others") {
  House house;
  std::vector<run::HandOff> wishes;
  wishes.push_back(house.wish('a', "a.yaml", "one"));
  wishes.push_back(house.wish('a', "missing.yaml", "two"));
  wishes.push_back(house.wish('a', "b.yaml", "three"));
  const auto items = house.hand_off(std::move(wishes));
  CHECK(std::holds_alternative<HandedOff>(*items[0].outcome));
  CHECK(reason(*items[1].outcome) == "the values file missing.yaml is not in the infra repository");
  CHECK(std::holds_alternative<HandedOff>(*items[2].outcome));
  CHECK(house.infra.pushes == 1);
  CHECK(house.infra.pushed.size() == 2);
}

TEST_CASE("a source repository that cannot be fetched holds up its own hand-offs only") {
  House house;
  house.sources.gone = RepoName("org/gone");
  std::vector<run::HandOff> wishes;
  wishes.push_back(house.wish('a', "a.yaml", "one"));
  wishes.push_back(house.wish('a', "b.yaml", "two"));
  wishes[0].run.repository = *house.sources.gone;
  const auto items = house.hand_off(std::move(wishes));
  CHECK_FALSE(items[0].outcome);
  CHECK_THROWS_AS(std::rethrow_exception(items[0].failed), Refused);
  CHECK(std::holds_alternative<HandedOff>(*items[1].outcome));
  CHECK_FALSE(items[1].failed);
  CHECK(house.infra.pushed.size() == 1);
}

TEST_CASE("a values file that is a symbolic link, or a source that cannot be read, ends its own hand-off only") {
  House house;
  house.sources.add('b', {FakeSources::named('a')});
  house.sources.broken = RepoName("org/broken");
  house.infra.links["link.yaml"] = "link.yaml is a symbolic link";
  house.infra.files["c.yaml"] = "image:\n  tag: old\n";
  std::vector<run::HandOff> wishes;
  for (const char* file : {"a.yaml", "link.yaml", "b.yaml", "c.yaml"}) wishes.push_back(house.wish('a', file, file));
  wishes[2].run.repository = *house.sources.broken;
  const auto items = house.hand_off(std::move(wishes));
  CHECK(std::holds_alternative<HandedOff>(*items[0].outcome));
  CHECK_THROWS_AS(std::rethrow_exception(items[1].failed), Refused);
  CHECK_THROWS_AS(std::rethrow_exception(items[2].failed), Unavailable);
  CHECK(std::holds_alternative<HandedOff>(*items[3].outcome));
  CHECK(house.infra.pushed.size() == 2);
}

TEST_CASE("a symbolic link is judged on a freshly fetched head") {
  House house;
  house.hand_off(house.wish('a', "b.yaml"));
  house.infra.links["a.yaml"] = "a.yaml is a symbolic link";
  house.infra.on_fetch = [&] { house.infra.links.clear(); };
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(house.wish('a', "a.yaml"))));
}

TEST_CASE("somebody who pushes in between keeps his change, and the edit is applied to it") {
  House house;
  house.infra.before_push = [&] { house.infra.commit("a.yaml", "# new line\nimage:\n  tag: old # the tag\nreplicas: 3\n"); };
  REQUIRE(std::holds_alternative<HandedOff>(house.hand_off(house.wish('a', "a.yaml"))));
  CHECK(house.infra.files["a.yaml"] == "# new line\nimage:\n  tag: \"aaaaaaaa\" # the tag\nreplicas: 3\n");
  REQUIRE(house.log.notes.size() == 2);
  CHECK(house.log.notes[0] == "attempt 1 of 5 lost a race: non-fast-forward");
}

TEST_CASE("races are lost at most as often as configured, and the end says how to go on") {
  House house;
  house.settings.attempts = 3;
  house.infra.races = 100;
  CHECK(reason(house.hand_off(house.wish('a', "a.yaml"))) ==
        "the branch main moved under every one of 3 attempts; `slipway retry 7` tries again");
  CHECK(house.infra.races == 97);
}

TEST_CASE("what the server refuses or does not answer reaches every run of the push as it is") {
  House house;
  house.infra.refuse = "pre-receive hook declined (protected)";
  CHECK_THROWS_AS(house.hand_off(house.wish('a', "a.yaml")), Refused);
  house.infra.refuse.clear();
  house.infra.unreachable = "connection refused";
  CHECK_THROWS_AS(house.hand_off(house.wish('a', "a.yaml")), Unavailable);
}

TEST_CASE("a push that is refused for one commit lands the others, in order, and fails that one only") {
  House house;
  house.infra.protects = "b.yaml";
  const auto items = house.hand_off(three_wishes(house));
  CHECK(std::holds_alternative<HandedOff>(*items[0].outcome));
  CHECK_FALSE(items[1].outcome);
  CHECK_THROWS_AS(std::rethrow_exception(items[1].failed), Refused);
  CHECK(std::holds_alternative<HandedOff>(*items[2].outcome));
  REQUIRE(house.infra.pushed.size() == 2);
  CHECK(house.infra.pushed[0].files.contains("a.yaml"));
  CHECK(house.infra.pushed[1].files.contains("c.yaml"));
  CHECK(house.log.notes.front() == "pushed alone, since the push of 3 commits failed: protected: b.yaml");
}

TEST_CASE("a server that goes away while commits are pushed alone is asked no more") {
  House house;
  house.infra.protects = "a.yaml";
  house.infra.before_push = [&] { house.infra.unreachable = "connection refused"; house.infra.races = 1; };
  const auto items = house.hand_off(three_wishes(house));
  CHECK_THROWS_AS(std::rethrow_exception(items[0].failed), Refused);
  CHECK_THROWS_AS(std::rethrow_exception(items[1].failed), Unavailable);
  CHECK_THROWS_AS(std::rethrow_exception(items[2].failed), Unavailable);
}

TEST_CASE("a later commit that is deployed is never rolled back") {
  House house;
  house.sources.add('b', {FakeSources::named('a')});
  house.hand_off(house.wish('b', "a.yaml"));
  const auto outcome = house.hand_off(house.wish('a', "a.yaml"));
  CHECK(std::holds_alternative<Superseded>(outcome));
  CHECK(house.infra.pushes == 1);
}

TEST_CASE("a commit that the branch no longer contains is not handed off") {
  House house;
  house.sources.add('b', {FakeSources::named('a')});
  house.sources.heads["refs/heads/main"] = FakeSources::named('a');
  CHECK(std::holds_alternative<Superseded>(house.hand_off(house.wish('b', "a.yaml"))));
}

TEST_CASE("a forced push lets an older commit replace what it took away, and nothing that the branch still has more of") {
  House house;
  house.sources.add('b', {FakeSources::named('a')});
  house.sources.add('c', {FakeSources::named('b')});
  house.hand_off(house.wish('c', "a.yaml"));
  house.sources.add('d', {FakeSources::named('b')});  // c is gone; b, which comes after a, is still there
  CHECK(std::holds_alternative<Superseded>(house.hand_off(house.wish('a', "a.yaml"))));
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(house.wish('b', "a.yaml"))));
  CHECK(house.infra.pushed.back().message.find("replaces the newer cccccccc, which is no longer on main") != std::string::npos);
}

TEST_CASE("after a revert by hand the template is on hold until a person releases it") {
  House house;
  house.hand_off(house.wish('a', "a.yaml"));
  house.sources.add('b', {FakeSources::named('a')});
  house.hand_off(house.wish('b', "a.yaml"));
  house.infra.commit("a.yaml", "image:\n  tag: \"aaaaaaaa\" # the tag\n");
  house.sources.add('c', {FakeSources::named('b')});
  const auto held = house.hand_off(house.wish('c', "a.yaml"));
  REQUIRE(std::holds_alternative<Postponed>(held));
  CHECK(std::get<Postponed>(held).waiting_for == WaitingFor::hold);
  CHECK(test::run_coroutine(house.loop, house.store.queue->held(TemplateName("a-template"))).has_value());
  CHECK(test::run_coroutine(house.loop, house.store.queue->release(TemplateName("a-template"))));
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(house.wish('c', "a.yaml"))));
}

TEST_CASE("a revert that a person has undone holds nothing, although the last known head still has it") {
  House house;
  house.hand_off(house.wish('a', "a.yaml"));
  house.sources.add('b', {FakeSources::named('a')});
  house.hand_off(house.wish('b', "a.yaml"));
  const std::string deployed = house.infra.files["a.yaml"];
  house.infra.commit("a.yaml", "image:\n  tag: \"aaaaaaaa\" # the tag\n");
  house.hand_off(house.wish('b', "b.yaml", "other"));  // shows us the reverted state
  house.infra.commit("a.yaml", deployed);
  house.sources.add('c', {FakeSources::named('b')});
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(house.wish('c', "a.yaml"))));
  CHECK_FALSE(test::run_coroutine(house.loop, house.store.queue->held(TemplateName("a-template"))));
}

TEST_CASE("a decision against writing is taken only on a freshly fetched head") {
  House house;
  house.hand_off(house.wish('a', "a.yaml"));
  const int before = house.infra.fetches;
  house.infra.commit("a.yaml", "image:\n  tag: latest\n");
  // The head known from our own push says that nothing is to be done; the server's head says otherwise.
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(house.wish('a', "a.yaml"))));
  CHECK(house.infra.fetches > before);
}

TEST_CASE("the image beside the tag guards against the wrong file") {
  House house;
  house.infra.files["a.yaml"] = "image:\n  repository: apps/other\n  tag: old\n";
  auto wish = house.wish('a', "a.yaml");
  CHECK(reason(house.hand_off(wish)).find("apps/other") != std::string::npos);
  wish.target.guard = Guard::warn;
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(wish)));
}

TEST_CASE("a repository that the hand-off writes itself is meant so, before the tag or behind it; a digest is guarded like a tag") {
  House house;
  const std::string before = "image:\n  repository: apps/other\n  digest: \"\"\n  tag: old\n";
  auto wish = house.wish('a', "a.yaml");
  ValuesEdit repository = wish.target.values[0], digest = repository;
  repository.path = "image.repository";
  repository.value = "$(IMAGE)";
  digest.path = "image.digest";
  digest.value = "$(IMAGE_DIGEST)";
  const auto tag = wish.target.values[0];
  for (const auto& values : {std::vector{repository, tag}, std::vector{tag, repository}}) {
    house.infra.commit("a.yaml", before);
    wish.target.values = values;
    CHECK(std::holds_alternative<HandedOff>(house.hand_off(wish)));
    CHECK(house.infra.files["a.yaml"] == "image:\n  repository: \"zot.example/apps/app\"\n  digest: \"\"\n  tag: \"aaaaaaaa\"\n");
  }
  house.infra.commit("a.yaml", before);
  wish.target.values = {digest};
  CHECK(reason(house.hand_off(wish)).find("apps/other") != std::string::npos);
  wish.target.values = {tag, digest};
  wish.target.guard = Guard::warn;
  house.log.notes.clear();
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(wish)));
  CHECK(std::count_if(house.log.notes.begin(), house.log.notes.end(), [](const auto& note) { return note.starts_with("warning: "); }) == 1);
}

TEST_CASE("a tag that Kustomize would not look at is no hand-off") {
  House house;
  house.infra.files["a.yaml"] = "images:\n- name: apps/app\n  newTag: old\n  digest: sha256:0\n";
  auto wish = house.wish('a', "a.yaml");
  wish.target.values[0].path = "images[name=apps/app].newTag";
  CHECK(reason(house.hand_off(wish)).find("pinned to sha256:0, which Kustomize takes instead of the tag") != std::string::npos);
  wish.target.values.push_back(wish.target.values[0]);
  wish.target.values[1].path = "images[name=apps/app].digest";
  wish.target.values[1].value = "$(IMAGE_DIGEST)";
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(wish)));
  CHECK(house.infra.files["a.yaml"] == "images:\n- name: apps/app\n  newTag: \"aaaaaaaa\"\n  digest: \"sha256:dd\"\n");
}

TEST_CASE("a digest beside a chart's tag is guarded like Kustomize's, at the place where it stands") {
  House house;
  house.infra.files["a.yaml"] = "image:\n  repository: apps/app\n  tag: old\n  digest: sha256:0\n";
  auto wish = house.wish('a', "a.yaml");
  CHECK(reason(house.hand_off(wish)) ==
        "a.yaml:4:11: the image is pinned to sha256:0, which a chart takes instead of the tag: write the digest too, or take it out (guard: "
        "warn or off, where it is meant so)");
  wish.target.guard = Guard::warn;
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(wish)));
  CHECK(house.log.notes.front().starts_with("warning: a.yaml:4:11: the image is pinned to sha256:0"));
}

TEST_CASE("a repository that stands twice beside the tag is an error of the guard, not silence") {
  House house;
  house.infra.files["a.yaml"] = "image:\n  repository: apps/other\n  repository: apps/app\n  tag: old\n";
  auto wish = house.wish('a', "a.yaml");
  CHECK(reason(house.hand_off(wish)) == "a.yaml:3:3: the key 'repository' stands twice in 'image', first in line 2");
  wish.target.guard = Guard::off;
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(wish)));
}

TEST_CASE("an alias is followed only where the template says so") {
  House house;
  house.infra.files["a.yaml"] = "x: &image {tag: old}\nimage: *image\n";
  auto wish = house.wish('a', "a.yaml");
  CHECK(reason(house.hand_off(wish)).find("would change every place that uses it") != std::string::npos);
  wish.target.values[0].follow_alias = true;
  CHECK(std::holds_alternative<HandedOff>(house.hand_off(wish)));
  CHECK(house.infra.files["a.yaml"] == "x: &image {tag: \"aaaaaaaa\"}\nimage: *image\n");
}

TEST_CASE("only the configured paths may be touched") {
  House house;
  house.settings.paths = {"applications/"};
  CHECK(reason(house.hand_off(house.wish('a', "a.yaml"))) == "a.yaml is outside of handoff.paths, which says what may be touched");
}

TEST_CASE("the run says which of the repositories have the commit; a mirror that does not take it fails nothing") {
  House house;
  house.settings.repository_url = "http://git/infra.git";
  house.infra.copies = {git::CopyPush("http://m/one.git", true, ""), git::CopyPush("http://m/two.git", false, "connection refused"),
                        git::CopyPush("http://m/three.git", false, "non-fast-forward")};
  house.infra.copies[2].diverged = true;
  const auto outcome = house.hand_off(house.wish('a', "a.yaml"));
  REQUIRE(std::holds_alternative<HandedOff>(outcome));
  const std::string where =
      "http://git/infra.git has the commit; the mirror http://m/one.git has it too; the mirror http://m/two.git does not have it: connection "
      "refused; the next hand-off tries again; the mirror http://m/three.git does not have it, since it has diverged and is never forced: "
      "non-fast-forward";
  CHECK(std::get<HandedOff>(outcome).note == where);
  CHECK(house.log.notes.back() == where);
}
