#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "git/remote.hpp"

namespace slipway::run {

/// A repository address in the one form in which two of them compare: `host/path`, lower-case host, without scheme, user,
/// port and `.git`; the scp form `git@host:path` too. Empty where there is no host in it.
std::string normalise_address(std::string_view address);

/// One `source` of an Argo CD Application, as declared.
struct ApplicationSource {
  ApplicationSource() = default;
  std::string repo_url;
  std::string target_revision;           ///< empty and `HEAD` both mean the repository's default branch
  std::string path;                      ///< in the repository, `.` for its root
  std::string ref;                       ///< a name by which other sources' value files refer to this one
  bool chart = false;                    ///< a Helm repository: it holds no values file of ours
  std::vector<std::string> value_files;  ///< relative to `path`, from the root with `/`, or `$ref/…`
};

/// An Argo CD Application and where it was found.
struct Application {
  Application() = default;
  std::string name;
  std::string origin;  ///< file, `file in the infra repository`, or URL
  std::vector<ApplicationSource> sources;
};

/// Every `kind: Application` among the documents of a YAML text, and in lists of them; the rest, and what is no YAML (a Helm template), is passed over.
std::vector<Application> parse_applications(std::string_view yaml, const std::string& origin);

/// Where hand-offs go.
struct PushTarget {
  PushTarget() = default;
  std::string url;
  std::vector<std::string> mirrors;  ///< declared copies: who reads one reads what is pushed
  std::string branch;
  std::string default_branch;  ///< of that repository; what `HEAD` stands for
};

enum class DriftState { same, differs, unknown };
std::string_view name(DriftState state) noexcept;

/// What a comparison found. `unknown`: no Application covers a file, which is never taken for "no drift".
struct Drift {
  DriftState state = DriftState::unknown;
  std::vector<std::string> findings;  ///< a sentence each, for a person
  std::vector<git::CopyHead> mirrors{};  ///< the declared mirrors, by their heads
  bool operator==(const Drift&) const = default;
};

/// Compares the push target with what the Applications that cover `files` read: host and path (after normalising, and where
/// no group of `same` holds both), and branch. Of several that cover a file those that name it most exactly count: a value
/// file before a folder, a deeper folder before a higher one.
Drift compare(const PushTarget& target, std::span<const std::string> files, std::span<const Application> applications,
              std::span<const std::vector<std::string>> same);

/// Adds what the declared mirrors' heads say: one that is not where the repository is differs, one that can not be asked is unknown.
Drift with_mirrors(Drift contract, std::vector<git::CopyHead> mirrors);

}  // namespace slipway::run
