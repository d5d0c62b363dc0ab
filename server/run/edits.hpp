#pragma once

#include <string>
#include <variant>

#include "edit/edit.hpp"
#include "git/remote.hpp"
#include "run/ground.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {

/// What one hand-off comes to on the ground as it is: a commit to make, or an end without one.
using Step = std::variant<git::NewCommit, RunOutcome>;

/// Decides whether the run's commit may be handed off now, and if so which bytes of which files change. The sources must have been
/// fetched. Throws what the repositories throw.
Task<Step> plan_step(HandOffTools& tools, const HandoffSettings& settings, Ground& ground, const HandOff& what, build::RunLog& log);

/// An error where `handoff.paths` does not let the file be touched.
Result<void> may_touch(const HandoffSettings& settings, const std::string& file);

/// How a template's edit is made.
edit::Options options_for(const ValuesEdit& edit);

/// A file's bytes with one of a template's edits made.
Result<std::string> edited(const ValuesEdit& edit, const std::string& bytes, const HandOff& what);

/// What the guard says of a file in which all edits are made: an error, a warning, or nothing. The wrong file shows in the repository
/// that stands beside the tag or the digest (an edit of the repository itself is meant so, wherever it stands in the list), a tag that
/// nobody looks at in a digest beside it.
Result<std::string> guarded(const ValuesEdit& edit, const std::string& bytes, const HandOff& what);

/// Writes down what was handed off last, edit by edit, so that a revert by hand is recognised.
Task<> remember(HandOffTools& tools, const HandOff& what, const CommitSha& infra_commit);

/// The commit's message: the configured line, a note where there is one, and trailers with source, commit, run and digest.
std::string commit_message(const HandoffSettings& settings, const HandOff& what, const std::string& note);

}  // namespace slipway::run
