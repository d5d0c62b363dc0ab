#pragma once

#include <string>
#include <variant>

#include "edit/edit.hpp"
#include "git/remote.hpp"
#include "run/ground.hpp"
#include "run/hand_off.hpp"

namespace slipway::run {

/// The plan for one hand-off: a commit to make, or an outcome without one.
using Step = std::variant<git::NewCommit, RunOutcome>;

/// Decides whether the run's commit may be handed off now and, if so, what changes in which files. The sources must have been
/// fetched. Throws what the repositories throw.
Task<Step> plan_step(HandOffTools& tools, const HandoffSettings& settings, Ground& ground, const HandOff& what, build::RunLog& log);

/// An error if `handoff.paths` does not allow changing the file.
Result<void> may_touch(const HandoffSettings& settings, const std::string& file);

/// The options for a template's edit.
edit::Options options_for(const ValuesEdit& edit);

/// Applies one of a template's edits to a file's bytes.
Result<std::string> edited(const ValuesEdit& edit, const std::string& bytes, const HandOff& what);

/// Runs the guard on a file with all edits made: an error, a warning, or empty text. It catches edits of the wrong file, by the image
/// repository next to the tag or digest (checked after all edits, since one may deliberately set it), and tags without effect, by
/// a digest pinned next to them.
Result<std::string> guarded(const ValuesEdit& edit, const std::string& bytes, const HandOff& what);

/// Records what was handed off last, for each edit, so that a manual revert is recognised.
Task<> remember(HandOffTools& tools, const HandOff& what, const CommitSha& infra_commit);

/// The commit's message: the configured line, the note if any, and trailers with source, commit, run and digest.
std::string commit_message(const HandoffSettings& settings, const HandOff& what, const std::string& note);

}  // namespace slipway::run
