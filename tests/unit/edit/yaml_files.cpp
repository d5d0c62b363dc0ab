#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "edit/edit.hpp"

// tests/data/yaml: NAME.yaml (or .json) is edited as NAME.edit says, one PATH=VALUE a line, `--create` and
// `--follow-alias` on lines of their own. The result must be NAME.expected byte for byte, or the error in NAME.error.

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

slipway::Result<std::string> edited(const fs::path& edit) {
  fs::path source = edit;
  source.replace_extension(".yaml");
  if (!fs::exists(source)) source.replace_extension(".json");
  slipway::edit::Options options;
  options.file = source.filename();
  std::vector<slipway::edit::Assignment> assignments;
  std::istringstream lines(contents(edit));
  for (std::string line; std::getline(lines, line);) {
    if (line == "--create") {
      options.create = true;
    } else if (line == "--follow-alias") {
      options.follow_alias = true;
    } else {
      auto assignment = slipway::edit::Assignment::parse(line);
      if (!assignment) return assignment.error();
      assignments.push_back(*assignment);
    }
  }
  return slipway::edit::replace(contents(source), assignments, options);
}

}  // namespace

TEST_CASE("odd and hostile files come out as expected, byte for byte") {
  std::vector<fs::path> edits;
  for (const auto& entry : fs::directory_iterator(SLIPWAY_SOURCE_DIR "/tests/data/yaml")) {
    if (entry.path().extension() == ".edit") edits.push_back(entry.path());
  }
  std::sort(edits.begin(), edits.end());
  CHECK(edits.size() >= 50);
  for (fs::path file : edits) {
    INFO(file.filename());
    const auto after = edited(file);
    const bool succeeds = fs::exists(fs::path(file).replace_extension(".expected"));
    if (succeeds) {
      INFO((after ? "" : after.error().text()));
      CHECKED_IF(after) {
        CHECK(*after == contents(file.replace_extension(".expected")));
      }
    } else {
      CHECKED_IF(!after) {
        CHECK(after.error().text() + "\n" == contents(file.replace_extension(".error")));
      }
    }
  }
}
