#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>

#include "base/failure.hpp"
#include "build/image_name.hpp"
#include "build/inputs.hpp"
#include "build/local/job.hpp"

// The build. A tag is written once: an existing image under the commit's short tag is reused if its labels
// name the same commit and the same inputs, and is never overwritten. Overwriting would make the old digest unpullable on
// registries that garbage-collect untagged manifests (Zot).

namespace slipway::build {

namespace {

constexpr int most_rebuilds = 1000;

std::string label(const Manifest& manifest, const char* name) {
  const auto found = manifest.labels.find(name);
  return found == manifest.labels.end() ? std::string() : found->second;
}

std::string own_platform() {
  utsname machine{};
  ::uname(&machine);
  const std::string_view name = machine.machine;
  return fmt::format("linux/{}", name == "x86_64" ? "amd64" : name == "aarch64" ? "arm64" : name);
}

/// buildah (1.28) ignores the platform when it takes a layer from its cache, so the image could be for another platform.
bool confuses_cache(const BuilderSettings& builder, const std::vector<std::string>& platforms) {
  const auto is_foreign = [own = own_platform()](const std::string& one) { return one != own; };
  return builder.kind == BuilderKind::buildah && std::any_of(platforms.begin(), platforms.end(), is_foreign);
}

std::string first_line(const std::filesystem::path& file) {
  std::string line;
  std::ifstream in(file);
  std::getline(in, line);
  return line;
}

}  // namespace

/// The tag to write, or the digest of the image already there, or why neither is possible.
struct Job::TagChoice {
  TagChoice() = default;
  std::string tag;
  std::optional<Digest> present;
  std::string conflict;
};

bool Job::is_ours(const Manifest& manifest) const {
  return label(manifest, revision_label) == order_.commit.value() && label(manifest, inputs_label) == build_inputs(order_);
}

Task<Job::TagChoice> Job::choose_tag() {
  TagChoice choice;
  choice.tag = order_.tag;
  const auto manifest = co_await parts_.registry.find(order_.image, choice.tag);
  if (!manifest) co_return choice;
  if (is_ours(*manifest)) {
    choice.present = manifest->digest;
    co_return choice;
  }
  const bool same_commit = label(*manifest, revision_label) == order_.commit.value();
  choice.conflict = fmt::format("{}:{} exists and was made from {}; it is not overwritten. `slipway retry --rebuild {}` writes {}-2",
                                order_.image, choice.tag, same_commit ? "this commit with other inputs" : "something else",
                                order_.run.value(), order_.tag);
  co_return choice;
}

/// For a rebuild. An image that an earlier try of it pushed is taken: the labels do not tell it from one that was there before, the
/// tag that the try chose does.
Task<Job::TagChoice> Job::choose_new_tag() {
  TagChoice choice;
  if (!order_.rebuild_tag.empty()) {
    const auto own = co_await parts_.registry.find(order_.image, order_.rebuild_tag);
    choice.tag = order_.rebuild_tag;
    if (own && is_ours(*own)) choice.present = own->digest;
    if (choice.present || !own) co_return choice;
  }
  for (int number = 1; number <= most_rebuilds; ++number) {
    choice.tag = number == 1 ? order_.tag : fmt::format("{}-{}", order_.tag, number);
    const auto manifest = co_await parts_.registry.find(order_.image, choice.tag);
    if (!manifest) co_return choice;
  }
  choice.conflict = fmt::format("{}:{} and all before it exist; none is overwritten", order_.image, choice.tag);
  co_return choice;
}

Result<ImageBuild> Job::image_build(const std::string& tag) const {
  ImageBuild image;
  image.image = order_.image;
  image.tag = tag;
  const auto context = inside(order_.source, order_.build.context);
  if (!context) return Error("the context " + context.error().what());
  image.context = *context;
  const std::filesystem::path named(order_.build.dockerfile);
  const auto dockerfile =
      inside(order_.source, named.has_root_directory() ? named : std::filesystem::path(order_.build.context) / named);
  if (!dockerfile) return Error("the Dockerfile " + dockerfile.error().what());
  image.dockerfile = *dockerfile;
  image.target = order_.build.target;
  image.epoch = std::chrono::duration_cast<std::chrono::seconds>(order_.commit_time.time_since_epoch()).count();
  // Passed only if used, because an unused build argument logs a warning in every build.
  if (read_if_there(image.dockerfile).find("SOURCE_DATE_EPOCH") != std::string::npos) {
    image.arguments.emplace_back("SOURCE_DATE_EPOCH", std::to_string(image.epoch));
  }
  image.arguments.insert(image.arguments.end(), order_.build.arguments.begin(), order_.build.arguments.end());
  // The pipeline's variables go to the builder's process, and to RUN if the Dockerfile declares them with ARG.
  for (const auto& variable : order_.build.environment) image.arguments.push_back(variable);
  image.labels = image_labels(order_);
  image.platforms = order_.build.platforms;
  image.list = list_name();
  image.data_limit = host_.limits.rlimit(order_.resources);
  image.secrets = order_.build.secrets;
  image.mounts = parts_.builder.check_mounts;
  if (has_auth_) image.auth_file = workspace_.docker_config();
  const auto name = ImageName::parse(order_.image, parts_.registry_settings.host);
  image.insecure = parts_.registry_settings.insecure && name && name->host == parts_.registry_settings.host;
  image.cache = confuses_cache(parts_.builder, order_.build.platforms) ? CacheKind::none : parts_.builder.cache;
  image.cache_image = order_.image + "/cache";
  image.out = workspace_.out();
  image.extra = parts_.builder.extra_arguments;
  image.store = store();
  return image;
}

/// Looks up the image as the registry serves it: that digest is recorded and handed off.
Task<BuildOutcome> Job::confirm(const std::string& tag) {
  const auto manifest = co_await parts_.registry.find(order_.image, tag);
  if (!manifest) {
    co_return Failed(stage_, fmt::format("the builder pushed {}:{}, but the registry does not have it", order_.image, tag));
  }
  if (!is_ours(*manifest)) {
    co_return Failed(stage_, fmt::format("{}:{} was written by somebody else at the same time", order_.image, tag));
  }
  BuildResults results;
  results.image = order_.image;
  results.tag = tag;
  results.digest = manifest->digest;
  co_return Built(std::move(results), false);
}

Task<BuildOutcome> Job::build_and_push(const std::string& tag) {
  const auto image = image_build(tag);
  if (!image) co_return Failed(stage_, image.error().what());
  const auto builder = make_builder(parts_.builder);
  auto commands = builder->build(*image);
  if (!commands) co_return Failed(stage_, commands.error().what());
  const auto variables = builder->environment(*image);

  const auto unreachable = [&](const io::Exit& exit) {
    return exit.signal == 0 && !exit.timed_out && exit.code != 0 && is_network_trouble(log_.last_lines(2));
  };
  io::Exit exit;
  for (auto& argv : *commands) {
    exit = co_await run(std::move(argv), variables);
    if (!exit.ok()) break;
  }
  // buildah exits with 125 for its own failures, and otherwise with the exit code of the failed RUN.
  const bool own_failure = parts_.builder.kind != BuilderKind::buildah || exit.code == 125;
  if (own_failure && unreachable(exit)) throw Unavailable("the builder could not reach a registry: " + log_.last_lines(2));
  if (!exit.ok()) co_return ended(exit, "the build");

  const auto id_file = builder->image_id_file(*image);
  auto push = builder->push(*image, id_file.empty() ? std::string() : first_line(id_file));
  if (!push.empty()) {
    const auto meanwhile = co_await parts_.registry.find(order_.image, tag);
    if (meanwhile) {
      co_return Failed(stage_, fmt::format("{}:{} has appeared while it was built here; it is not overwritten", order_.image, tag));
    }
    exit = co_await run(std::move(push), variables);
    if (unreachable(exit)) throw Unavailable("the image could not be pushed: " + log_.last_lines(2));
    if (!exit.ok()) co_return ended(exit, "the push");
  }
  co_return co_await confirm(tag);
}

Task<BuildOutcome> Job::build() {
  stage_ = Stage::build;
  log_.stage(stage_);
  if (!in_time()) co_return TimedOut(stage_, "the run's time was over before the build");
  auto choosing = order_.rebuild ? choose_new_tag() : choose_tag();
  const auto choice = co_await std::move(choosing);
  if (!choice.conflict.empty()) co_return Failed(stage_, choice.conflict);
  if (choice.present) {
    BuildResults results;
    results.image = order_.image;
    results.tag = choice.tag;
    results.digest = *choice.present;
    log_.note(fmt::format("{}:{} is there, made from this commit with these inputs: taken as it is", order_.image, choice.tag));
    co_return Built(std::move(results), true);
  }
  if (order_.rebuild && order_.keep_tag) {
    const bool ours = co_await order_.keep_tag(choice.tag);
    if (!ours) co_return Cancelled("the run was taken back before its build");
  }
  co_return co_await build_and_push(choice.tag);
}

}  // namespace slipway::build
