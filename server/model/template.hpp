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

// The catalogue's types as plain data: what the configuration says, with defaults filled in. Strings may contain
// references: `$(tt.params.NAME)` and `$(params.NAME)` for parameters; `$(COMMIT_SHA)`, `$(IMAGE_TAG)`, `$(IMAGE_DIGEST)`,
// `$(IMAGE)`, `$(REPO)`, `$(REPO_NAME)`, `$(BRANCH)`, `$(RUN_ID)`, `$(APP)` for values known to the run.

/// Requests and limits of a run's builder. If none is set: BestEffort.
struct Resources {
  Resources() = default;
  std::optional<std::uint64_t> memory_request, memory_limit;  ///< bytes
  std::optional<std::uint64_t> cpu_request, cpu_limit;        ///< thousandths of a core
  bool operator==(const Resources&) const = default;
};

enum class CheckMode { blocking, informational };

/// The check stage: runs a command in an image over the checked-out source, before the build.
struct Check {
  Check() = default;
  std::string name;                  ///< `springboot-test`, …
  std::string image;                 ///< the check image
  std::vector<std::string> command;  ///< argv, never a shell string
  std::vector<std::vector<std::string>> prepare;  ///< commands run first, e.g. to install dependencies
  CheckMode mode = CheckMode::blocking;
  std::chrono::seconds timeout{std::chrono::minutes(15)};
  std::vector<std::string> caches;   ///< folders in the check's home kept between runs, e.g. `.m2`, `.npm`
  std::vector<std::string> reports;  ///< globs of JUnit XML files, relative to the context
  std::vector<std::pair<std::string, std::string>> environment;
  bool operator==(const Check&) const = default;
};

/// A secret, declared under `secrets` in the configuration, that a pipeline names and its builds may see.
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
  std::string dockerfile = "Dockerfile";  ///< relative to the context; with a leading `/`, to the repository
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

/// One scalar written by a hand-off.
struct ValuesEdit {
  ValuesEdit() = default;
  std::string file;                   ///< in the infra repository
  std::string path;                   ///< key path (grammar: edit/path.hpp)
  std::string value = "$(IMAGE_TAG)"; ///< may contain references
  bool create = false;
  bool follow_alias = false;  ///< if the path leads through an alias or merge key: change the value for all its users
  bool operator==(const ValuesEdit&) const = default;
};

enum class OnNewer { finish, cancel };
enum class OnManualRevert { hold, overwrite };
enum class Guard { error, warn, off };

/// A pipeline merged with a template: everything needed to create and judge a run.
struct Template {
  Template() = default;
  TemplateName name;
  PipelineName pipeline;
  RepoName repository;   ///< the only source repository allowed; `Org/*` means any of that organisation
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
  std::string guard_image;  ///< `handoff.image`: the image expected beside the tag if it is not the one built
  bool operator==(const Template&) const = default;
};

}  // namespace slipway
