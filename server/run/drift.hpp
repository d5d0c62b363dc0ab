#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "git/remote.hpp"

namespace slipway::run {

/// A repository address in a normal form for comparison: `host/path`, with lower-case host and no scheme, user,
/// port or `.git`; also accepts the scp form `git@host:path`. Empty if it has no host.
std::string normalise_address(std::string_view address);

/// One `source` of an Argo CD Application, as declared.
struct ApplicationSource {
  ApplicationSource() = default;
  std::string repo_url;
  std::string target_revision;           ///< empty or `HEAD`: the repository's default branch
  std::string path;                      ///< within the repository, `.` for its root
  std::string ref;                       ///< name by which other sources' value files refer to this one
  bool chart = false;                    ///< a Helm repository, which contains none of our values files
  std::vector<std::string> value_files;  ///< relative to `path`, `/…` from the root, or `$ref/…`
};

/// An Argo CD Application and where it was found.
struct Application {
  Application() = default;
  std::string name;
  std::string origin;  ///< file, `file in the infra repository`, or URL
  std::vector<ApplicationSource> sources;
};

/// Every `kind: Application` in the documents of a YAML text, including those in lists. Ignores everything else, and text that is not
/// YAML (such as Helm templates).
std::vector<Application> parse_applications(std::string_view yaml, const std::string& origin);

/// Where hand-offs go.
struct PushTarget {
  PushTarget() = default;
  std::string url;
  std::vector<std::string> mirrors;  ///< configured copies, which receive the same pushes
  std::string branch;
  std::string default_branch;  ///< the repository's default branch, i.e. `HEAD`
};

enum class DriftState { same, differs, unknown };
std::string_view name(DriftState state) noexcept;

/// The result of a comparison. If no Application covers a file, the state is `unknown`, not `same`.
struct Drift {
  DriftState state = DriftState::unknown;
  std::vector<std::string> findings;  ///< one sentence each, for people
  std::vector<git::CopyHead> mirrors{};  ///< heads of the configured mirrors
  bool operator==(const Drift&) const = default;
};

/// Compares the push target with what the Applications that cover `files` read: host and path (normalised; addresses in one
/// group of `same` count as equal), and branch. If several cover a file, the most specific ones count: a value
/// file before a folder, a deeper folder before a higher one.
Drift compare(const PushTarget& target, std::span<const std::string> files, std::span<const Application> applications,
              std::span<const std::vector<std::string>> same);

/// Adds the state of the configured mirrors: one with another head than the repository counts as differing, an unreachable one as unknown.
Drift with_mirrors(Drift contract, std::vector<git::CopyHead> mirrors);

}  // namespace slipway::run
