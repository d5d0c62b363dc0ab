#pragma once

#include <string>

#include "model/template.hpp"

namespace slipway::config {

/// Calls `f(text, what, for_handoff)` for every text of a template that may contain references, except its `app`.
/// `for_handoff`: the text is resolved only when the image exists, so `$(IMAGE_TAG)` and the like are kept until then.
template <class F>
void each_text(Template& of, F&& f) {
  BuildSpec& build = of.build;
  f(build.context, "build.context", false);
  f(build.dockerfile, "build.dockerfile", false);
  f(build.image, "build.image", false);
  f(build.target, "build.target", false);
  for (auto& platform : build.platforms) f(platform, "build.platforms", false);
  for (auto& [name, value] : build.arguments) f(value, "build.arguments", false);
  for (auto& [name, value] : build.environment) f(value, "build.environment", false);
  if (of.check) {
    f(of.check->image, "check.image", false);
    for (auto& word : of.check->command) f(word, "check.command", false);
    for (auto& command : of.check->prepare) {
      for (auto& word : command) f(word, "check.prepare", false);
    }
    for (auto& [name, value] : of.check->environment) f(value, "check.environment", false);
    for (auto& glob : of.check->reports) f(glob, "check.reports", false);
    for (auto& folder : of.check->caches) f(folder, "check.caches", false);
  }
  f(of.guard_image, "handoff.image", true);
  for (auto& edit : of.values) {
    f(edit.file, "handoff.values.file", false);
    f(edit.path, "handoff.values.path", false);
    f(edit.value, "handoff.values.value", true);
  }
}

}  // namespace slipway::config
