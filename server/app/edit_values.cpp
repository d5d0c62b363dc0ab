#include <fmt/format.h>

#include <cstdio>

#include "app/commands.hpp"
#include "app/inputs.hpp"
#include "base/failure.hpp"
#include "edit/edit.hpp"
#include "http/json.hpp"

namespace slipway::app {
namespace {

void print(const Global& global, const EditValues& edit, const std::string& before, const std::string& after) {
  if (!global.json) {
    if (!edit.in_place) std::fwrite(after.data(), 1, after.size(), stdout);
    return;
  }
  http::Json json;
  json.out.StartObject();
  json.text("file", edit.file);
  json.flag("changed", after != before);
  if (!edit.in_place) json.text("content", after);
  json.out.EndObject();
  fmt::print("{}\n", json.take());
}

}  // namespace

/// slipway edit-values FILE --set PATH=VALUE…: makes exactly the edit that a hand-off would commit.
ExitCode run(const Global& global, const EditValues& edit) {
  if (edit.in_place && edit.file == "-") throw UsageError("--in-place needs a file: what comes from standard input cannot be replaced");
  std::vector<edit::Assignment> assignments;
  for (const auto& text : edit.set) {
    auto assignment = edit::Assignment::parse(text);
    if (!assignment) throw UsageError(fmt::format("--set {}: {}", text, assignment.error().what()));
    assignments.push_back(*std::move(assignment));
  }
  const std::string before = read_file(edit.file);
  edit::Options options;
  options.create = edit.create;
  options.follow_alias = edit.follow_alias;
  options.file = edit.file;
  const auto after = edit::replace(before, assignments, options);
  if (!after) {
    fmt::print(stderr, "slipway: {}\n", after.error().text());
    return ExitCode::no;
  }
  if (edit.in_place && *after != before) replace_file(edit.file, *after);
  print(global, edit, before, *after);
  return ExitCode::done;
}

}  // namespace slipway::app
