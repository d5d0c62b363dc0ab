#include "config/settings_keys.hpp"

#include "config/codecs.hpp"

namespace slipway::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds day = hours(24);

const Shape<Identity>& identity_shape() {
  static const auto shape = Shape<Identity>("identity", "Who a commit is by.")
                                .key("name", &Identity::name, some_text(), "Name.")
                                .key("email", &Identity::email, some_text(), "Address.");
  return shape;
}

Codec<std::vector<std::vector<std::string>>> address_groups() {
  auto codec = list(list(some_text()));
  codec.type = "list of lists of addresses";
  codec.read = [groups = codec.read, one = list(some_text()).read](Reader& in, const YAML::Node& node,
                                                                   std::vector<std::vector<std::string>>& value) {
    if (node.IsSequence() && node.size() > 0 && node[0].IsScalar()) return one(in, node, value.emplace_back());
    groups(in, node, value);
  };
  codec.schema = R"({"type":["array","null"],"items":{"type":["array","string"],"items":{"type":"string"}}})";
  return codec;
}

Codec<std::string> file_or_address() {
  auto codec = some_text();
  codec.type = "files or addresses";
  codec.read = [text = codec.read, file = path(false).read](Reader& in, const YAML::Node& node, std::string& value) {
    text(in, node, value);
    if (value.empty() || value.find("://") != std::string::npos) return;
    std::filesystem::path found;
    file(in, node, found);
    value = found.string();
  };
  return codec;
}

const Shape<HandoffSettings>& drift_shape() {
  static const auto shape =
      Shape<HandoffSettings>("drift",
                             "Comparison of the repository pushed to with the one that Argo CD reads. `drift: block` "
                             "alone is short for its `mode`.")
          .key("mode", &HandoffSettings::drift,
               one_of<DriftReaction>({{"report", DriftReaction::report}, {"block", DriftReaction::block}}),
               "Say it everywhere, or say it and stop the hand-off.")
          .key("same", &HandoffSettings::same_addresses, address_groups(),
               "Groups of addresses that are one repository.")
          .key("applications", &HandoffSettings::applications, list(file_or_address()),
               "Files or addresses of Argo CD Applications; those in the infra repository itself are found.");
  return shape;
}

Codec<HandoffSettings> drift() {
  auto codec = object(drift_shape());
  const auto mode = one_of<DriftReaction>({{"report", DriftReaction::report}, {"block", DriftReaction::block}});
  codec.schema = R"({"anyOf":[{"enum":["report","block"]},{"$ref":"#/definitions/drift"}]})";
  codec.read = [whole = codec.read, mode](Reader& in, const YAML::Node& node, HandoffSettings& value) {
    if (node.IsScalar()) return mode.read(in, node, value.drift);
    whole(in, node, value);
  };
  return codec;
}

const Shape<MirrorSettings>& mirror_shape() {
  static const auto shape =
      Shape<MirrorSettings>("mirror", "A copy of the infra repository. Its address alone is short for its `url`.")
          .required("url", &MirrorSettings::url, address(), "The whole address of the copy.")
          .key("username_file", &MirrorSettings::username_file, maybe(path(true)),
               "User of the basic auth; default: that of `handoff` or `git`, where it is on that server.")
          .key("password_file", &MirrorSettings::password_file, maybe(path(true)), "Its password or token.")
          .key("insecure", &MirrorSettings::insecure, boolean(), "Do not verify this host's TLS certificate.");
  return shape;
}

Codec<MirrorSettings> mirror() {
  auto codec = object(mirror_shape());
  codec.type = "mirrors or addresses";
  const auto url = address();
  codec.schema = fmt::format(R"({{"anyOf":[{},{}]}})", url.schema, codec.schema);
  codec.read = [whole = codec.read, url = url.read](Reader& in, const YAML::Node& node, MirrorSettings& value) {
    if (node.IsScalar()) return url(in, node, value.url);
    whole(in, node, value);
  };
  return codec;
}

}  // namespace

const Shape<WebhookSettings>& webhook_shape() {
  using S = WebhookSettings;
  static const auto shape =
      Shape<S>("webhook", "The listener that Gitea sends its deliveries to.")
          .key("listen", &S::listen, endpoint(), "Where to listen: an IP address or `localhost`, and a port.")
          .key("path", &S::path, request_path(), "Path of the hook; with and without a slash at its end.")
          .required("secret_files", &S::secret_files, list(path(true)),
                    "Files with one HMAC key each, re-read when they change; all are valid at once.")
          .key("max_body", &S::max_body, size(1024), "Largest body; beyond it 413.")
          .key("max_in_flight", &S::max_in_flight, size(1024), "Bytes of bodies held at once; beyond it 503.")
          .key("max_connections", &S::max_connections, whole<std::size_t>(1, 100'000), "Connections at once.")
          .key("read_timeout", &S::read_timeout, duration<seconds>(seconds(1), hours(1)),
               "For one request, from its first byte.")
          .key("idle_timeout", &S::idle_timeout, duration<seconds>(seconds(1), hours(1)),
               "For a connection without a request.");
  return shape;
}

const Shape<OperatorSettings>& operator_shape() {
  using S = OperatorSettings;
  static const auto shape = Shape<S>("operator", "The listener for people: health, metrics, API.")
                                .key("listen", &S::listen, endpoint(), "Where to listen: an IP address or `localhost`, and a port.")
                                .key("token_file", &S::token_file, maybe(path(true)),
                                     "The API's token; default: `token` in the state directory, made at first start.");
  return shape;
}

const Shape<LogSettings>& log_shape() {
  using S = LogSettings;
  static const auto shape =
      Shape<S>("log", "What is written to standard error.")
          .key("format", &S::format, one_of<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}),
               "`key=value` lines or JSON.")
          .key("level", &S::level,
               one_of<LogLevel>({{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warn", LogLevel::warn}, {"error", LogLevel::error}}),
               "The least important line shown.");
  return shape;
}

const Shape<GitSettings>& git_shape() {
  using S = GitSettings;
  static const auto shape =
      Shape<S>("git", "The Git server with the sources.")
          .required("base_url", &S::base_url, address(),
                    "A repository is `<base_url>/<organisation>/<name>.git`; a payload's addresses are never used.")
          .key("username_file", &S::username_file, maybe(path(true)),
               "User of the basic auth, read anew for every connection.")
          .key("password_file", &S::password_file, maybe(path(true)), "Its password or token.")
          .key("insecure", &S::insecure, boolean(), "Do not verify this host's TLS certificate.")
          .key("timeout", &S::timeout, duration<seconds>(seconds(1), hours(1)), "For one operation, from begin to end.")
          .key("complete_commits", &S::complete_commits, boolean(),
               "Complete a push's commits from Git where the payload cannot hold them all. `false`: as Tekton, which "
               "misses builds.")
          .key("complete_limit", &S::complete_limit, whole<std::size_t>(1, 100'000),
               "Commits listed one by one; beyond it, one entry with the whole difference.");
  return shape;
}

const Shape<RegistrySettings>& registry_shape() {
  using S = RegistrySettings;
  static const auto shape =
      Shape<S>("registry", "The OCI registry that images are pushed to.")
          .required("host", &S::host, registry_host(), "Host, with a port where it has one.")
          .key("auth_file", &S::auth_file, maybe(path(true)), "Docker config with its credentials.")
          .key("insecure", &S::insecure, boolean(), "Plain HTTP, or an unverified certificate, for this host.")
          .key("timeout", &S::timeout, duration<seconds>(seconds(1), hours(1)), "For one request.");
  return shape;
}

const Shape<HandoffSettings>& handoff_shape() {
  using S = HandoffSettings;
  static const auto shape =
      Shape<S>("handoff", "The infra repository, and how tags are written into it.")
          .required("repository", &S::repository_url, address(), "The whole address of the infra repository.")
          .key("username_file", &S::username_file, maybe(path(true)), "User of the basic auth; default: that of `git`.")
          .key("password_file", &S::password_file, maybe(path(true)), "Its password or token; default: that of `git`.")
          .key("insecure", &S::insecure, boolean(), "Do not verify this host's TLS certificate.")
          .key("branch", &S::branch, branch(), "The branch that is committed to.")
          .key("message", &S::message, commit_message(),
               "Subject of the commit, with `$(APP)`, `$(TEMPLATE)`, `$(REPO)`, `$(COMMIT_SHA)`, `$(IMAGE)`, `$(IMAGE_TAG)`, "
               "`$(IMAGE_DIGEST)`, `$(RUN_ID)`.")
          .key("author", &S::author, object(identity_shape()), "Author of the commits.")
          .key("committer", &S::committer, object(identity_shape()), "Committer of the commits.")
          .key("signing", &S::signing,
               one_of<Signing>({{"none", Signing::none}, {"ssh", Signing::ssh}, {"gpg", Signing::gpg}}),
               "How commits are signed.")
          .key("signing_key", &S::signing_key, text(), "File of the SSH key, or id of the GPG key.")
          .key("paths", &S::paths, list(path_rule()), "Globs of the files that may ever be touched; none: any.")
          .key("attempts", &S::attempts, whole<int>(1, 100), "Pushes that may lose a race before the run fails.")
          .key("gather", &S::gather, duration<milliseconds>(milliseconds(0), seconds(10)),
               "How long to wait for further hand-offs of the same push.")
          .key("infrastructure_patience", &S::patience, duration<seconds>(seconds(0), 30 * day),
               "How long an unreachable server, a repository that it does not show, or room on the disk is waited for.")
          .key("timeout", &S::timeout, duration<seconds>(seconds(1), hours(1)), "For one operation, from begin to end.")
          .key("mode", &S::mode,
               one_of<HandoffMode>({{"push", HandoffMode::push}, {"pull_request", HandoffMode::pull_request}}),
               "Push to the branch, or keep one pull request an application up to date.")
          .key("api_url", &S::api_url, address(),
               "Gitea's API for pull requests, with its `/api/v1`; default: from the repository's address.")
          .add<HandoffSettings>("drift", drift(), "Comparison with what Argo CD reads.",
                                [](S& whole) -> S& { return whole; })
          .key("also_push", &S::also_push, list(mirror()), "Mirrors that get the same commits; never forced.");
  return shape;
}

const Shape<QueueSettings>& queue_shape() {
  using S = QueueSettings;
  static const auto shape =
      Shape<S>("queue", "How many runs at once, how long things are kept and tried again.")
          .key("max_concurrent", &S::max_concurrent, whole<std::size_t>(1, 1000), "Runs at once.")
          .key("memory_budget", &S::memory_budget, maybe(size(1)),
               "Sum of the running jobs' memory requests; default: 16Gi or 75 % of the memory that the host or container allows, whichever is less.")
          .key("default_memory", &S::default_memory, size(1), "Request of a job that asks for CPU and no memory.")
          .key("reconcile_every", &S::reconcile_every, duration<seconds>(seconds(1), day),
               "How often branches are compared with what was received.")
          .key("drain_limit", &S::drain_limit, duration<seconds>(seconds(0), day),
               "How long running builds may go on after SIGTERM.")
          .key("retries", &S::retries, whole<int>(0, 1000),
               "Further tries before the hand-off after a lost builder; servers that are away and a full disk are waited for by time (`infrastructure_patience`).")
          .key("retry_base", &S::retry_base, duration<seconds>(seconds(1), day),
               "First wait between tries; it doubles.")
          .key("retry_limit", &S::retry_limit, duration<seconds>(seconds(1), day), "Longest wait between tries.")
          .key("clean_every", &S::clean_every, duration<seconds>(seconds(1), 30 * day),
               "How often finished runs are removed.")
          .key("keep_finished", &S::keep_finished, duration<seconds>(seconds(0), 3650 * day),
               "How long a finished run is kept.")
          .key("keep_failed", &S::keep_failed, duration<seconds>(seconds(0), 3650 * day),
               "How long a failed run is kept.")
          .key("delete_grace", &S::delete_grace, duration<seconds>(seconds(0), day),
               "How long a succeeded run stays with `on_success: delete`.")
          .key("keep_last", &S::keep_last, whole<std::size_t>(0, 10'000),
               "Runs of each template that stay whatever their age.")
          .key("keep_deliveries", &S::keep_deliveries, duration<seconds>(minutes(1), 3650 * day),
               "How long deliveries and their verdicts are kept.")
          .key("max_log", &S::max_log, size(1024), "Bytes of one run's log.");
  return shape;
}

const Shape<BuilderSettings>& builder_shape() {
  using S = BuilderSettings;
  static const auto shape =
      Shape<S>("builder", "The program that builds images.")
          .key("kind", &S::kind,
               one_of<BuilderKind>({{"buildah", BuilderKind::buildah},
                                    {"kaniko", BuilderKind::kaniko},
                                    {"buildctl", BuilderKind::buildctl}}),
               "Which one.")
          .key("program", &S::program, text(), "Its file; default: found in PATH. A buildah that is not the system's sees the machine's files.")
          .key("isolation", &S::isolation, text(), "buildah's isolation; default: what the host allows.")
          .key("storage_driver", &S::storage_driver, text(),
               "buildah's storage; default: overlay where it works, else vfs.")
          .key("cache", &S::cache,
               one_of<CacheKind>(
                   {{"none", CacheKind::none}, {"local", CacheKind::local}, {"registry", CacheKind::registry}}),
               "Where layers are kept.")
          .key("extra_arguments", &S::extra_arguments, list(some_text()), "Given to the builder as they are.")
          .key("check_mounts", &S::check_mounts, list(some_text()),
               "`host:container[:ro]`, given to checks, and to builds by buildah: CA folders, for example.");
  return shape;
}

}  // namespace slipway::config
