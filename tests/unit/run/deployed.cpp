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

TEST_CASE("only a tag of hex digits may name a commit") {
  CHECK(commit_prefix("0853eb5c") == "0853eb5c");
  CHECK(commit_prefix("0853eb5c-2") == "0853eb5c");
  CHECK(commit_prefix("0853eb5c037c7299d50722bf192fa3ac3ae162c2").has_value());
  for (const char* none : {"latest", "v1.2.3", "0853eb", "0853eb5c-rc1", "0853EB5C", "", "0853eb5c-"}) {
    CAPTURE(none);
    CHECK_FALSE(commit_prefix(none).has_value());
  }
}
