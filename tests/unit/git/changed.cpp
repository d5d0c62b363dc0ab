#include <catch2/catch.hpp>
#include <sstream>

#include "git/bare.hpp"
#include "git/history.hpp"
#include "parts.hpp"

using namespace slipway;

namespace {

/// A repository on the disk alone: what is asked here is asked of a mirror.
struct History {
  History() : repository(dir / "r.git") {
    std::filesystem::create_directories(dir / "r.git");
    repository.git({"init", "-q", "--bare", "-b", "main"});
  }

  std::vector<ChangedCommit> changed(const CommitSha& before, const CommitSha& after, std::size_t limit = 1000) const {
    const auto mirror = git::open_bare(dir / "r.git");
    return git::changed(mirror.get(), before, after, limit);
  }

  /// `count` commits on a branch, each with a file of its own and one that they share.
  CommitSha line(int count, const std::string& branch = "main") {
    CommitSha last;
    for (int i = 0; i < count; ++i) {
      const std::string name = branch + std::to_string(number_++);
      last = repository.commit({{"services/" + name + "/main.py", name}, {"shared.txt", name}}, test::CommitOptions(branch, std::nullopt, "FEAT(app): " + name + "\n\nbody\n"));
    }
    return last;
  }

  CommitSha merge(const std::string& branch, std::vector<CommitSha> parents, const test::GitFiles& files = {}) {
    return repository.commit(files, test::CommitOptions(branch, std::move(parents), "merge"));
  }

  void branch_at(const std::string& branch, const CommitSha& commit) { repository.set_branch(branch, commit); }

  test::TmpDir dir;
  test::GitRepository repository;
  int number_ = 0;
};

std::vector<std::string> zero_separated(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, '\0');) parts.push_back(part);
  return parts;
}

/// Sorts `A\0path\0M\0path…` into the lists.
void add_lists(const std::string& text, ChangedCommit& into) {
  const auto parts = zero_separated(text);
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    auto& list = parts[i] == "A" ? into.added : parts[i] == "D" ? into.removed : into.modified;
    list.push_back(parts[i + 1]);
  }
}

/// The lists that git's own command gives for the difference of two trees.
void add_by_git(const History& history, const std::string& from, const std::string& to, ChangedCommit& into) {
  add_lists(history.repository.git({"diff-tree", "-r", "-z", "--no-renames", "--name-status", from, to}), into);
}

std::string empty_tree(const History& history) {
  auto id = history.repository.git({"hash-object", "-t", "tree", "-w", "--stdin"});
  id.pop_back();
  return id;
}

std::vector<ChangedCommit> by_git(const History& history, const std::string& range) {
  const auto text = history.repository.git({"log", "--format=%x01%H%x02%B%x02", "-z", "-r", "--root", "--diff-merges=first-parent", "--no-renames", "--name-status", range});
  std::vector<ChangedCommit> commits;
  for (std::size_t at = text.find('\1'), end = 0; at != std::string::npos; at = end) {
    end = text.find('\1', at + 1);
    const auto entry = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    const auto after_message = entry.find('\2', 41);
    ChangedCommit commit;
    commit.id = CommitSha(entry.substr(0, 40));
    commit.message = entry.substr(41, after_message - 41);
    const auto lists = entry.find_first_not_of(std::string("\0\n", 2), after_message + 1);
    if (lists != std::string::npos) add_lists(entry.substr(lists), commit);
    commits.push_back(std::move(commit));
  }
  return commits;
}

ChangedCommit trees(const History& history, const CommitSha& from, const CommitSha& to) {
  ChangedCommit commit;
  commit.id = to;
  add_by_git(history, from.empty() ? empty_tree(history) : from.value(), to.value(), commit);
  return commit;
}

void check_like_git(const History& history, const CommitSha& before, const CommitSha& after) {
  const auto ours = history.changed(before, after), theirs = by_git(history, before.value() + ".." + after.value());
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(i, ours[i].id.value());
    CHECK(ours[i].id == theirs[i].id);
    CHECK(ours[i].message == theirs[i].message);
    CHECK(ours[i].added == theirs[i].added);
    CHECK(ours[i].removed == theirs[i].removed);
    CHECK(ours[i].modified == theirs[i].modified);
  }
}

}  // namespace

TEST_CASE("straight pushes of 1 to 134 commits are complete, newest first, as git lists them") {
  for (const int count : {1, 6, 8, 10, 39, 40, 134}) {
    CAPTURE(count);
    History history;
    const CommitSha before = history.line(3);
    const CommitSha after = history.line(count);
    CHECK(history.changed(before, after).size() == static_cast<std::size_t>(count));
    check_like_git(history, before, after);
  }
}

TEST_CASE("merges list what they bring to their first parent, and the commits they bring") {
  History history;
  const CommitSha before = history.line(2);
  history.branch_at("feature", before);
  history.line(3, "feature");
  const CommitSha main = history.line(2);
  const CommitSha feature = history.line(5, "feature");
  const CommitSha merged = history.merge("main", {main, feature}, {{"services/feature", "merged"}});
  check_like_git(history, before, merged);
  check_like_git(history, main, merged);

  history.branch_at("a", merged);
  history.branch_at("b", merged);
  history.branch_at("c", merged);
  const CommitSha a = history.line(2, "a"), b = history.line(2, "b"), c = history.line(1, "c");
  const CommitSha octopus = history.merge("main", {merged, a, b, c});
  check_like_git(history, merged, octopus);
  check_like_git(history, before, octopus);

  history.branch_at("fork", octopus);
  const CommitSha fork = history.line(2, "fork");
  const CommitSha foxtrot = history.merge("main", {fork, octopus});  // main becomes the second parent
  check_like_git(history, octopus, foxtrot);
}

TEST_CASE("commits of one second are in an order that git accepts: children first, none missing") {
  History history;
  history.repository.set_pace(0);
  const CommitSha before = history.line(2);
  history.branch_at("feature", before);
  const CommitSha feature = history.line(6, "feature");
  const CommitSha main = history.line(6);
  const CommitSha after = history.merge("main", {main, feature});
  const auto ours = history.changed(before, after);
  REQUIRE(ours.size() == 13);
  CHECK(ours.front().id == after);
  std::map<CommitSha, std::size_t> place;
  for (std::size_t i = 0; i < ours.size(); ++i) place[ours[i].id] = i;
  CHECK(place.size() == 13);
  for (const auto& commit : ours) {
    const auto parents = history.repository.log(commit.id.value() + "^@");
    for (const auto& parent : parents) {
      if (place.contains(parent)) CHECK(place[parent] > place[commit.id]);
    }
  }
}

TEST_CASE("each kind of change is in the list where Gitea puts it") {
  struct Row {
    const char* what;
    test::GitFiles before, change;
    std::vector<std::string> added, removed, modified;
  };
  const std::string sub = "1111111111111111111111111111111111111111", other = "2222222222222222222222222222222222222222";
  const std::vector<Row> rows{
      {"added", {{"a", "1"}}, {{"b", "2"}}, {"b"}, {}, {}},
      {"modified", {{"a", "1"}}, {{"a", "2"}}, {}, {}, {"a"}},
      {"removed", {{"a", "1"}, {"b", "2"}}, {{"b", std::nullopt}}, {}, {"b"}, {}},
      {"renamed", {{"x/a", "same bytes"}}, {{"x/a", std::nullopt}, {"y/a", "same bytes"}}, {"y/a"}, {"x/a"}, {}},
      {"chmod", {{"a", "1"}}, {{"a", {"1", "100755"}}}, {}, {}, {"a"}},
      {"file to link", {{"a", "1"}}, {{"a", {"elsewhere", "120000"}}}, {}, {}, {"a"}},
      {"link to file", {{"a", {"elsewhere", "120000"}}}, {{"a", "1"}}, {}, {}, {"a"}},
      {"file to folder", {{"a", "1"}}, {{"a", std::nullopt}, {"a/b", "1"}}, {"a/b"}, {"a"}, {}},
      {"submodule added", {{"a", "1"}}, {{"lib", {sub, "160000"}}}, {"lib"}, {}, {}},
      {"submodule moved", {{"lib", {sub, "160000"}}}, {{"lib", {other, "160000"}}}, {}, {}, {"lib"}},
      {"submodule removed", {{"a", "1"}, {"lib", {sub, "160000"}}}, {{"lib", std::nullopt}}, {}, {"lib"}, {}},
      {"empty file", {{"a", "1"}}, {{"b", ""}}, {"b"}, {}, {}},
      {"nothing", {{"a", "1"}}, {}, {}, {}, {}},
      {"Korean and spaces", {{"a", "1"}}, {{"\xEB\xAC\xB8\xEC\x84\x9C/a b.md", "1"}}, {"\xEB\xAC\xB8\xEC\x84\x9C/a b.md"}, {}, {}},
      {"not UTF-8", {{"a", "1"}}, {{"caf\xE9/\xEA\xB0.txt", "1"}}, {"caf\xEF\xBF\xBD/\xEF\xBF\xBD\xEF\xBF\xBD.txt"}, {}, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    History history;
    const CommitSha before = history.repository.commit(row.before);
    const CommitSha after = history.repository.commit(row.change);
    const auto changed = history.changed(before, after);
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].id == after);
    CHECK(changed[0].added == row.added);
    CHECK(changed[0].removed == row.removed);
    CHECK(changed[0].modified == row.modified);
  }
}

TEST_CASE("a forced push: what the branch got, and the difference of the trees") {
  History history;
  const CommitSha base = history.line(2);
  const CommitSha before = history.line(3);
  history.branch_at("main", base);
  const CommitSha after = history.line(2);
  const auto changed = history.changed(before, after);
  REQUIRE(changed.size() == 3);
  CHECK(changed[0].id == after);
  CHECK(changed[2] == trees(history, before, after));
  CHECK_FALSE(changed[2].removed.empty());
}

TEST_CASE("a rewind: no commits, the difference of the trees") {
  History history;
  const CommitSha after = history.line(2);
  const CommitSha before = history.line(3);
  CHECK(history.changed(before, after) == std::vector<ChangedCommit>{trees(history, before, after)});
}

TEST_CASE("unrelated history: its commits, and the difference of the trees, removed files included") {
  History history;
  const CommitSha before = history.line(3);
  const CommitSha after = history.repository.commit({{"all/new", "1"}}, test::CommitOptions("other", std::vector<CommitSha>()));
  const auto changed = history.changed(before, after);
  REQUIRE(changed.size() == 2);
  CHECK(changed[0].added == std::vector<std::string>{"all/new"});
  CHECK(changed[1] == trees(history, before, after));
  CHECK(changed[1].removed.size() == 4);
}

TEST_CASE("a new branch, and a `before` that has vanished: everything against the empty tree") {
  History history;
  const CommitSha after = history.line(4);
  for (const std::string before : {"0000000000000000000000000000000000000000", "1234567890123456789012345678901234567890"}) {
    CAPTURE(before);
    const auto changed = history.changed(CommitSha(before), after);
    REQUIRE(changed.size() == 5);
    CHECK(changed[4] == trees(history, CommitSha(), after));
    CHECK(changed[4].added.size() == 5);
  }
}

TEST_CASE("beyond the limit the rest is one entry, so that no path is lost") {
  History history;
  const CommitSha before = history.line(1);
  const CommitSha after = history.line(12);
  CHECK(history.changed(before, after, 12).size() == 12);
  const auto changed = history.changed(before, after, 11);
  REQUIRE(changed.size() == 12);
  CHECK(changed[11] == trees(history, before, after));
  CHECK(history.changed(before, after, 0) == std::vector<ChangedCommit>{trees(history, before, after)});
}

TEST_CASE("nothing changed, and an `after` that nobody knows") {
  History history;
  const CommitSha head = history.line(2);
  CHECK(history.changed(head, head).empty());
  CHECK_THROWS(history.changed(head, CommitSha("1234567890123456789012345678901234567890")));
}

TEST_CASE("ancestry is told for every pair, across merges, and for nobody unknown") {
  History history;
  const CommitSha root = history.line(1), old = history.line(3);
  history.branch_at("feature", old);
  const CommitSha side = history.line(2, "feature"), main = history.line(2);
  const CommitSha merged = history.merge("main", {main, side}), head = history.line(2);
  const CommitSha unrelated = history.repository.commit({{"x", "y"}}, test::CommitOptions("other", std::vector<CommitSha>()));
  const CommitSha unknown("1234567890123456789012345678901234567890");
  const std::vector<CommitSha> all{root, old, side, main, merged, head, unrelated, unknown};
  const auto mirror = git::open_bare(history.dir / "r.git");
  const auto known = git::ancestry(mirror.get(), head, all);
  for (const auto& older : all) {
    for (const auto& newer : all) {
      CAPTURE(older.value(), newer.value());
      const bool expected = older != newer && older != unknown && newer != unknown &&
                            test::run({"git", "-C", (history.dir / "r.git").string(), "merge-base", "--is-ancestor", older.value(), newer.value()}).code == 0;
      CHECK(known.is_ancestor(older, newer) == expected);
      CHECK(git::is_ancestor(mirror.get(), older, newer) == expected);
    }
  }
}

TEST_CASE("two commits share something newer when a merge base of theirs comes after it") {
  History history;
  const CommitSha root = history.line(1), fork = history.line(1);
  history.branch_at("feature", fork);
  const CommitSha side = history.line(2, "feature"), main = history.line(2);
  const CommitSha unrelated = history.repository.commit({{"x", "y"}}, test::CommitOptions("other", std::vector<CommitSha>()));
  const CommitSha unknown("1234567890123456789012345678901234567890");
  const auto mirror = git::open_bare(history.dir / "r.git");
  CHECK(git::share_newer(mirror.get(), root, side, main));
  CHECK_FALSE(git::share_newer(mirror.get(), fork, side, main));
  CHECK(git::share_newer(mirror.get(), fork, main, main));
  CHECK_FALSE(git::share_newer(mirror.get(), root, side, unrelated));
  CHECK_FALSE(git::share_newer(mirror.get(), root, unknown, main));
  CHECK_FALSE(git::share_newer(mirror.get(), unknown, side, main));
}
