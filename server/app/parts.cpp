#include "app/parts.hpp"

#include <sys/sysinfo.h>

#include <algorithm>

#include "base/failure.hpp"
#include "build/local/limits.hpp"
#include "git/signing.hpp"
#include "http/json.hpp"
#include "io/secret_file.hpp"
#include "io/url.hpp"

namespace slipway::app {
namespace {

/// The memory that builds here can have, in bytes: the host's, or this container's.
std::uint64_t host_memory() {
  struct sysinfo info {};
  ::sysinfo(&info);
  const std::uint64_t host = static_cast<std::uint64_t>(info.totalram) * info.mem_unit;
  return std::min(host, build::memory_limit().value_or(host));
}

/// Rereads user name and password for every connection, since Vault rotates them at runtime.
git::AskCredentials ask(const std::optional<std::filesystem::path>& username, const std::optional<std::filesystem::path>& password) {
  if (!username && !password) return nullptr;
  return [username, password] {
    const auto read = [](const std::optional<std::filesystem::path>& file) -> std::string {
      if (!file) return "";
      const auto text = io::read_secret_file(*file);
      if (!text) throw Unavailable("the Git credentials cannot be read: " + text.error().text());
      return *text;
    };
    return git::Credentials(read(username), read(password));
  };
}

/// Whether both URLs are on the same server: credentials must not go to any other.
bool on_one_server(const std::string& a, const std::string& b) {
  const auto left = io::parse_url(a);
  const auto right = io::parse_url(b);
  return left && right && left->tls == right->tls && left->authority() == right->authority();
}

/// Credentials from the given files, else those configured for the server that the URL is on, if any.
git::AskCredentials ask_for(const Settings& settings, const std::string& url, const std::optional<std::filesystem::path>& username,
                            const std::optional<std::filesystem::path>& password) {
  const auto& handoff = settings.handoff;
  if (username || password) return ask(username, password);
  if ((handoff.username_file || handoff.password_file) && on_one_server(url, handoff.repository_url))
    return ask(handoff.username_file, handoff.password_file);
  if (on_one_server(url, settings.git.base_url)) return ask(settings.git.username_file, settings.git.password_file);
  return nullptr;
}

/// Shorter than the repository's own limit, since an unresponsive mirror must not hold up hand-offs for that long.
constexpr std::chrono::milliseconds mirror_patience = std::chrono::seconds(10);

}  // namespace

queue::Options queue_options(const config::Config& config, bool shadow) {
  queue::Options options;
  options.policy = schedule::make_policy(config.settings.queue, config.catalogue->templates(), host_memory());
  options.retention = schedule::Retention(config.settings.queue);
  if (shadow) options.retention.keep_finished = config.settings.queue.keep_deliveries;
  options.keep_deliveries = config.settings.queue.keep_deliveries;
  options.complete_commits = config.settings.git.complete_commits;
  return options;
}

schedule::RetryPolicy retry_policy(const Settings& settings) {
  schedule::RetryPolicy policy;
  policy.retries = settings.queue.retries;
  policy.base = settings.queue.retry_base;
  policy.limit = settings.queue.retry_limit;
  policy.patience = settings.handoff.patience;
  return policy;
}

git::MirrorOptions mirror_options(const Settings& settings, std::shared_ptr<const git::CancelFlag> cancel) {
  git::MirrorOptions options;
  options.base_url = settings.git.base_url;
  options.folder = settings.state / "mirrors";
  options.access.credentials = ask(settings.git.username_file, settings.git.password_file);
  options.access.insecure = settings.git.insecure;
  options.access.limit = settings.git.timeout;
  options.access.cancel = std::move(cancel);
  return options;
}

git::InfraOptions infra_options(const Settings& settings, std::shared_ptr<const git::CancelFlag> cancel) {
  const auto& handoff = settings.handoff;
  git::InfraOptions options;
  options.url = handoff.repository_url;
  options.branch = handoff.branch;
  options.mirror = settings.state / "infra.git";
  options.access.credentials = ask_for(settings, handoff.repository_url, handoff.username_file, handoff.password_file);
  options.access.insecure = handoff.insecure;
  options.access.limit = handoff.timeout;
  options.access.cancel = std::move(cancel);
  options.author = handoff.author;
  options.committer = handoff.committer;
  options.sign = git::make_signer(handoff.signing, handoff.signing_key);
  for (const auto& mirror : handoff.also_push) {
    git::Access access = options.access;
    access.credentials = ask_for(settings, mirror.url, mirror.username_file, mirror.password_file);
    access.insecure = mirror.insecure;
    access.limit = std::min(access.limit, mirror_patience);
    options.also_push.emplace_back(mirror.url, std::move(access));
  }
  return options;
}

git::PullRequestOptions pull_request_options(const Settings& settings) {
  const auto& handoff = settings.handoff;
  auto options = git::pull_request_options(handoff.repository_url, handoff.api_url);
  options.access.credentials = ask_for(settings, handoff.repository_url, handoff.username_file, handoff.password_file);
  options.access.insecure = handoff.insecure;
  options.access.limit = handoff.timeout;
  return options;
}

build::LocalParts local_parts(const Settings& settings, io::Processes& processes, build::Registry& registry, asio::thread_pool& pool,
                              const io::TimeSource& time, const Log& log) {
  build::LocalParts parts(processes, registry, pool, time, log);
  parts.state = std::filesystem::absolute(settings.state);
  parts.builder = settings.builder;
  parts.registry_settings = settings.registry;
  return parts;
}

std::string left_for_restart(const Settings& running, const Settings& fresh) {
  Settings same = running;  // plus what a reload applies
  same.webhook.path = fresh.webhook.path;
  same.webhook.secret_files = fresh.webhook.secret_files;
  same.git.complete_limit = fresh.git.complete_limit;
  same.handoff.patience = fresh.handoff.patience;
  same.queue.max_concurrent = fresh.queue.max_concurrent;
  same.queue.memory_budget = fresh.queue.memory_budget;
  same.queue.default_memory = fresh.queue.default_memory;
  same.queue.retries = fresh.queue.retries;
  same.queue.retry_base = fresh.queue.retry_base;
  same.queue.retry_limit = fresh.queue.retry_limit;
  const std::pair<const char*, bool> sections[] = {
      {"webhook", same.webhook == fresh.webhook}, {"operator", same.operator_api == fresh.operator_api}, {"log", same.log == fresh.log},
      {"state", same.state == fresh.state},       {"git", same.git == fresh.git},                       {"registry", same.registry == fresh.registry},
      {"handoff", same.handoff == fresh.handoff}, {"queue", same.queue == fresh.queue},                 {"builder", same.builder == fresh.builder},
      {"shadow", same.shadow == fresh.shadow}};
  std::string names;
  for (const auto& [name, equal] : sections) {
    if (!equal) names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

http::Secrets open_secrets(const WebhookSettings& settings, const Log& log) {
  auto secrets = http::Secrets::open(settings.secret_files, log);
  if (!secrets) throw UsageError(secrets.error().text());
  return *std::move(secrets);
}

double drift_value(const run::Drift& drift) noexcept {
  if (drift.state == run::DriftState::unknown) return -1;
  return drift.state == run::DriftState::differs ? 1 : 0;
}

double drift_value(const git::CopyHead& mirror) noexcept {
  if (mirror.state == git::CopyState::unknown) return -1;
  return mirror.state == git::CopyState::same ? 0 : 1;
}

std::string run_event(const Run& run, std::string_view state) {
  http::Json json;
  json.out.StartObject();
  json.number("id", run.id.value());
  json.text("template", run.template_name.value());
  json.text("commit", run.commit.value());
  json.text("state", state);
  json.out.EndObject();
  return json.take();
}

}  // namespace slipway::app
