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
