#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "model/delivery.hpp"

namespace slipway {

// The catalogue's nouns as pure data: what the configuration says, defaults filled in. Strings may hold references:
// `$(tt.params.NAME)` and `$(params.NAME)` stand for parameters, `$(COMMIT_SHA)`, `$(IMAGE_TAG)`, `$(IMAGE_DIGEST)`,
// `$(IMAGE)`, `$(REPO)`, `$(REPO_NAME)`, `$(BRANCH)`, `$(RUN_ID)`, `$(APP)` for what the run knows.

/// Requests and limits of a run's builder. None of them set means BestEffort.
struct Resources {
  Resources() = default;
  std::optional<std::uint64_t> memory_request, memory_limit;  ///< bytes
  std::optional<std::uint64_t> cpu_request, cpu_limit;        ///< thousandths of a core
  bool operator==(const Resources&) const = default;
};

enum class CheckMode { blocking, informational };

/// The check stage: a command run in an image over the checked-out source, before the build.
struct Check {
  Check() = default;
  std::string name;                  ///< `springboot-test`, …
  std::string image;                 ///< the check image
  std::vector<std::string> command;  ///< argv; never a shell string
  std::vector<std::vector<std::string>> prepare;  ///< commands before it, e.g. the installation of what it needs
  CheckMode mode = CheckMode::blocking;
  std::chrono::seconds timeout{std::chrono::minutes(15)};
  std::vector<std::string> caches;   ///< folders in the check's home that are kept between runs, e.g. `.m2`, `.npm`
  std::vector<std::string> reports;  ///< globs of JUnit XML files, relative to the context
  std::vector<std::pair<std::string, std::string>> environment;
  bool operator==(const Check&) const = default;
};

/// A secret that a pipeline names and its builds may see, from the configuration's `secrets`.
struct SecretMount {
  SecretMount() = default;
  std::string id;    ///< RUN --mount=type=secret,id=…
  std::string file;  ///< on the daemon's machine
  bool operator==(const SecretMount&) const = default;
};

/// How an image is built from a checked-out commit.
struct BuildSpec {
  BuildSpec() = default;
  std::string context = ".";
  std::string dockerfile = "Dockerfile";  ///< relative to the context, or to the repository when it begins with `/`
  std::string image;                      ///< `<prefix><app>` below the registry's host, or with a host of its own
  std::vector<std::pair<std::string, std::string>> arguments;
  std::string target;
  std::vector<std::string> platforms;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<SecretMount> secrets;
  bool submodules = false;
  bool lfs = false;
  bool operator==(const BuildSpec&) const = default;
};

/// One scalar that a hand-off writes.
struct ValuesEdit {
  ValuesEdit() = default;
  std::string file;                   ///< in the infra repository
  std::string path;                   ///< contract.md, edit-values
  std::string value = "$(IMAGE_TAG)"; ///< with references
  bool create = false;
  bool follow_alias = false;  ///< where an alias or a merge key leads on: change it for all who use it
  bool operator==(const ValuesEdit&) const = default;
};

enum class OnNewer { finish, cancel };
enum class OnManualRevert { hold, overwrite };
enum class Guard { error, warn, off };

/// A pipeline and a template merged: everything needed to make and judge a run.
struct Template {
  Template() = default;
  TemplateName name;
  PipelineName pipeline;
  RepoName repository;   ///< the pinned source repository; `Org/*` means any of one organisation
  std::string app;
  Parameters defaults;   ///< declared parameters with their defaults
  BuildSpec build;
  std::optional<Check> check;
  Resources resources;
  std::chrono::seconds timeout{std::chrono::minutes(30)};
  std::int64_t priority = 0;
  int concurrency = 1;
  OnNewer on_newer = OnNewer::finish;
  OnManualRevert on_manual_revert = OnManualRevert::hold;
  bool delete_on_success = false;
  std::vector<ValuesEdit> values;
  Guard guard = Guard::error;
  std::string guard_image;  ///< `handoff.image`: what must stand beside the tag where it is not the built image
  bool operator==(const Template&) const = default;
};

}  // namespace slipway
