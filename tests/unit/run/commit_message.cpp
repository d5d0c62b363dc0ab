#include <catch2/catch.hpp>

#include "config/references.hpp"
#include "run/edits.hpp"

namespace slipway::run {
namespace {

TEST_CASE("everything that the configuration lets a message name is put in") {
  HandOff what;
  what.target.app = "cart";
  HandoffSettings settings;
  settings.message = "<";
  for (const std::string name : config::message_references) settings.message += "$(" + name + ")";
  const std::string line = commit_message(settings, what, "");
  CHECK(line.starts_with("<cart"));
  CHECK(line.find("$(") == std::string::npos);
}

}  // namespace
}  // namespace slipway::run
