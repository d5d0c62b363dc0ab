#include "run/deployed.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::run;

TEST_CASE("what a hand-off writes is put together from the build's results") {
  BuildResults results;
  results.image = "zot.example/applications/grading-svc";
  results.tag = "04758206";
  results.digest = Digest("sha256:ab");
  CHECK(written_value("$(IMAGE_TAG)", results) == "04758206");
  CHECK(written_value("$(IMAGE_TAG)@$(IMAGE_DIGEST)", results) == "04758206@sha256:ab");
  CHECK(written_value("$(IMAGE):$(IMAGE_TAG)", results) == "zot.example/applications/grading-svc:04758206");
  CHECK(written_value("$(OTHER) $", results) == "$(OTHER) $");
}

TEST_CASE("the deployed tag is read back from every form that a hand-off writes") {
  CHECK(tag_in("04758206") == "04758206");
  CHECK(tag_in("04758206@sha256:ab") == "04758206");
  CHECK(tag_in("zot.example:5000/x/y:04758206@sha256:ab") == "04758206");
  CHECK(tag_in("") == "");
}

TEST_CASE("the deployed digest is read back too, and the commit that it was handed off for from the message") {
  CHECK(digest_in("sha256:ab") == "sha256:ab");
  CHECK(digest_in("zot.example:5000/x/y:04758206@sha256:ab") == "sha256:ab");
  for (const char* none : {"", "latest", "zot.example:5000/x", "sha256:"}) CHECK(digest_in(none).empty());
  const auto message = [](char commit, const std::string& digest) {
    return "CHORE: x\n\nSource-Repository: Org/a\nSource-Commit: " + std::string(40, commit) + "\nSlipway-Run: 7\nImage-Digest: " + digest + "\n";
  };
  const RepoName repository("Org/a");
  const std::string merged = "merge\n\n```\n" + message('a', "sha256:aa") + "```\n\n```\n" + message('b', "sha256:bb") + "```\n";
  CHECK(handed_off_commit(message('a', "sha256:aa"), repository, "sha256:aa") == CommitSha(std::string(40, 'a')));
  CHECK(handed_off_commit(merged, repository, "sha256:bb") == CommitSha(std::string(40, 'b')));
  CHECK_FALSE(handed_off_commit(merged, repository, "sha256:b"));
  CHECK_FALSE(handed_off_commit(merged, RepoName("Org/b"), "sha256:bb"));
  CHECK_FALSE(handed_off_commit("\nImage-Digest: sha256:aa\n", repository, "sha256:aa"));
}

TEST_CASE("only a tag of hex digits may name a commit") {
  CHECK(commit_prefix("0853eb5c") == "0853eb5c");
  CHECK(commit_prefix("0853eb5c-2") == "0853eb5c");
  CHECK(commit_prefix("0853eb5c037c7299d50722bf192fa3ac3ae162c2").has_value());
  for (const char* none : {"latest", "v1.2.3", "0853eb", "0853eb5c-rc1", "0853EB5C", "", "0853eb5c-"}) {
    CAPTURE(none);
    CHECK_FALSE(commit_prefix(none).has_value());
  }
}
