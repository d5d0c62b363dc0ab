#include "base/id.hpp"

#include <catch2/catch.hpp>

using namespace slipway;

TEST_CASE("a commit is 40 lower-case hex digits and nothing else") {
  CHECK(is_commit_sha("0853eb5c037c7299d50722bf192fa3ac3ae162c2"));
  CHECK_FALSE(is_commit_sha("0853EB5C037c7299d50722bf192fa3ac3ae162c2"));
  CHECK_FALSE(is_commit_sha("0853eb5c"));
  CHECK_FALSE(is_commit_sha("../../../etc/passwd/../../../../../../xxxx"));
  CHECK_FALSE(is_commit_sha(""));
}

TEST_CASE("the first digits of a commit stand for every one that begins so") {
  const auto prefix = CommitPrefix::from("0853EB5c");
  REQUIRE(prefix);
  CHECK(prefix->digits() == "0853eb5c");
  CHECK(prefix->first() == CommitSha("0853eb5c" + std::string(32, '0')));
  CHECK(prefix->last() == CommitSha("0853eb5c" + std::string(32, 'f')));
  const std::string whole(40, 'a');
  CHECK(CommitPrefix::from(whole)->first() == CommitPrefix::from(whole)->last());
  for (const std::string none : {"", "085", "0853eb5g", "HEAD"}) CHECK_FALSE(CommitPrefix::from(none));
  CHECK_FALSE(CommitPrefix::from(whole + "a"));
}

TEST_CASE("the zero commit is known, and the tag is the first eight characters") {
  CHECK(is_zero_sha(CommitSha(std::string(40, '0'))));
  CHECK_FALSE(is_zero_sha(CommitSha("0853eb5c037c7299d50722bf192fa3ac3ae162c2")));
  CHECK(short_tag(CommitSha("0853eb5c037c7299d50722bf192fa3ac3ae162c2")) == "0853eb5c");
}

TEST_CASE("a branch is called by its name, and what is no branch stays as it is") {
  CHECK(branch_name("refs/heads/main") == "main");
  CHECK(branch_name("refs/heads/feature/a") == "feature/a");
  CHECK(branch_name("refs/tags/main") == "refs/tags/main");
}
