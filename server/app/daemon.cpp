#include "app/daemon.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "app/parts.hpp"
#include "base/failure.hpp"
#include "http/token.hpp"
#include "io/offload.hpp"
#include "io/resident.hpp"
#include "run/service.hpp"
#include "run/shadow.hpp"

namespace slipway::app {
namespace {

constexpr auto http_patience = std::chrono::seconds(5);
constexpr auto services_patience = std::chrono::seconds(70);  ///< a little more than one Git operation's time limit

run::HandOffTools hand_off_tools(git::GitRemote& infra, git::SourceMirror& sources, queue::Queue& queue, io::TimeSource& time, const Log& log,
                                 git::PullRequests& pulls) {
  return run::HandOffTools{infra, sources, queue, time, log, &pulls};
}

Result<Daemon::Fresh> load_fresh(const std::filesystem::path& file, const Log& log) {
  auto loaded = config::load(file, config::LoadOptions(true));
  if (const auto* errors = std::get_if<std::vector<Error>>(&loaded)) return Error(config::text(*errors));
  auto& config = std::get<config::Config>(loaded);
  auto secrets = http::Secrets::open(config.settings.webhook.secret_files, log);
  if (!secrets) return secrets.error();
  return Daemon::Fresh{std::move(config), *std::move(secrets)};
}

}  // namespace

Daemon::Daemon(config::Config config, bool shadow, Log log)
    : log_(log),
      config_(std::move(config)),
      shadow_(shadow),
      lock_(config_.settings.state),
      events_(loop_.get_executor()),
      store_(queue::open_sqlite(config_.settings.state / "queue", queue_options(config_, shadow_), loop_.get_executor(), time_, log)),
      logs_(config_.settings.state / "logs", config_.settings.queue.max_log, time_),
      registry_(http_client_, config_.settings.registry),
      executor_(local_parts(config_.settings, processes_, registry_, files_, time_, log)),
      sources_(git::open_mirrors(mirror_options(config_.settings, stop_git_), loop_.get_executor(), log)),
      infra_(git::open_infra(infra_options(config_.settings, stop_git_), log)),
      pulls_(http_client_, pull_request_options(config_.settings)),
      drift_(*infra_, http_client_, time_, log),
      handoffs_(hand_off_tools(*infra_, *sources_, *store_.queue, time_, log, pulls_), config_.settings.handoff, registry_, drift_, loop_.get_executor()),
      dispatcher_(*store_.queue, logs_, time_, loop_.get_executor(), log),
      completer_(*store_.queue, *sources_, time_, loop_.get_executor(), log),
      reconciler_(*store_.queue, *sources_, time_, completer_, log),
      cleaner_(*store_.queue, logs_, config_.settings.state / "work", files_, time_, log),
      receiver_(config_.settings.webhook, open_secrets(config_.settings.webhook, log),
                [this](const Delivery& delivery) { return std::atomic_load(&matcher_)->judge(delivery); },
                [this](const RepoName& repository) { return matcher_->watches(repository); }, *store_.queue, files_, metrics_, log),
      webhook_(loop_.get_executor(), config_.settings.webhook.listen, http::webhook_limits(config_.settings.webhook), receiver_, log),
      api_(operations(), http::open_token(config_.settings.operator_api.token_file.value_or(config_.settings.state / "token")), log),
      operator_(loop_.get_executor(), config_.settings.operator_api.listen, http::operator_limits(), api_, log),
      services_(loop_.get_executor(), log),
      signals_(loop_.get_executor(), log) {
  use(config_);
  dispatcher_.observe([this](const Run& run, std::string_view state) { events_.publish("run", run_event(run, state)); });
}

http::Operations Daemon::operations() {
  http::Operations all(*store_.queue, *store_.reader, logs_, dispatcher_, events_, metrics_, files_);
  all.catalogue = [this] { return config_.catalogue; };
  all.drift = [this] { return drift_.current(); };
  all.not_ready = [this] { return not_ready_; };
  all.refresh = [this](http::Metrics& metrics) {
    metrics.gauge("slipway_contract_drift", "1 where Argo CD reads something else than hand-offs are pushed to, -1 where that is not known")
        .Set(drift_value(drift_.current()));
    for (const auto& mirror : drift_.current().mirrors) {
      metrics.gauge("slipway_mirror_drift", "1 where a declared mirror does not have the head of the branch, -1 where that is not known", {{"mirror", mirror.url}})
          .Set(drift_value(mirror));
    }
    metrics.gauge("slipway_runs_missed_by_payload", "Runs since the start that the payloads alone would have missed")
        .Set(static_cast<double>(completer_.missed_by_payloads()));
  };
  return all;
}

std::vector<std::string> Daemon::values_files() const {
  std::set<std::string> files;
  for (const auto& one : config_.catalogue->templates()) {
    for (const auto& edit : one.values) {
      if (edit.file.find("$(") == std::string::npos) files.insert(edit.file);
    }
  }
  return {files.begin(), files.end()};
}

/// Makes everything use this configuration from now on, as far as it can change without a restart.
void Daemon::use(const config::Config& config) {
  std::atomic_store(&matcher_, std::make_shared<const trigger::Matcher>(config.catalogue));
  const run::PerformTools tools{*store_.queue, *sources_, executor_, handoffs_, files_, time_, log_};
  const auto performer = std::make_shared<run::Performer>(tools, config.catalogue, matcher_, config_.settings);
  dispatcher_.use(performer, config.catalogue, retry_policy(config.settings));
  completer_.use(matcher_, config.settings.git.complete_limit, config.settings.handoff.patience);
  reconciler_.use(matcher_, config.settings.git.complete_limit);
}

void Daemon::start_services() {
  auto& time = time_;
  const auto keep = [&](const char* name, std::function<Task<>()> service) {
    services_.spawn(name, run::keep_running(name, std::move(service), time, log_));
  };
  keep("hand-offs", [this] { return handoffs_.serve(); });
  keep("completer", [this] { return completer_.serve(); });
  keep("reconciler", [this] { return reconciler_.serve(config_.settings.queue.reconcile_every); });
  keep("cleaner", [this] { return cleaner_.serve(std::min(config_.settings.queue.clean_every, config_.settings.queue.delete_grace)); });
  keep("drift", [this] { return drift_.serve(config_.settings.handoff, [this] { return values_files(); }); });
  if (shadow_) keep("shadow", [this] { return run::shadow(*store_.queue, time_); });
  else keep("runs", [this] { return work(); });
}

Task<> Daemon::work() {
  co_await executor_.reclaim(store_.queue->recovered());
  co_await dispatcher_.serve();
}

void Daemon::run() {
  signals_.spawn("signals", watch_signals());
  start_services();
  webhook_.start();
  operator_.start();
  not_ready_.clear();
  const std::string webhook = webhook_.address().text(), operators = operator_.address().text();
  log_.info(shadow_ ? "ready, in shadow: nothing is built" : "ready",
            {{"webhook", webhook}, {"operator", operators}, {"triggers", config_.catalogue->triggers().size()}});
  services_.spawn("settle", settle());
  // An exception escaping the loop would orphan running tasks; terminate and let the supervisor restart us.
  [this]() noexcept { loop_.run(); }();
  log_.info("stopped");
}

/// Releases memory pages with code once when ready, and again when the work triggered by the start has calmed down.
Task<> Daemon::settle() {
  io::release_code();
  co_await time_.sleep_for(std::chrono::seconds(2));
  io::release_code();
}

Task<> Daemon::watch_signals() {
  asio::signal_set signals(loop_, SIGTERM, SIGINT, SIGHUP);
  while (true) {
    boost::system::error_code error;
    const int number = co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    if (number != SIGHUP) break;
    co_await reload();
  }
  // A second one ends the process at once, by the signal's default action: what is durable survives that.
  boost::system::error_code ignored;
  for (const int number : {SIGTERM, SIGINT}) signals.remove(number, ignored);
  co_await drain();
}

Task<> Daemon::reload() {
  auto job = [file = config_.file, log = log_] { return load_fresh(file, log); };
  std::optional<Fresh> fresh;
  std::string trouble;
  try {
    auto loaded = co_await io::offload(files_, std::move(job));
    if (loaded) fresh = *std::move(loaded);
    else trouble = loaded.error().text();
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  if (fresh) take_over(*std::move(fresh));
  else log_.error("the changed configuration is not used", {{"error", trouble}});
}

void Daemon::take_over(Fresh fresh) {
  const config::Config& config = fresh.config;
  receiver_.configure(config.settings.webhook, std::move(fresh.secrets));
  config_.catalogue = config.catalogue;
  use(config);
  services_.spawn("configure the queue", [](queue::Queue& queue, schedule::Policy policy) -> Task<> { co_await queue.configure(policy); }(
                                             *store_.queue, queue_options(config, shadow_).policy));
  log_.info("configuration reloaded", {{"triggers", config.catalogue->triggers().size()}});
  const std::string left = left_for_restart(config_.settings, config.settings);
  if (!left.empty()) log_.warn("some of what changed counts from the next start only", {{"sections", left}});
}

Task<> Daemon::drain() {
  log_.info("stopping", {{"running", dispatcher_.running()}});
  not_ready_ = "stopping";
  receiver_.drain();
  co_await dispatcher_.drain(config_.settings.queue.drain_limit);
  stop_git_->set();  // the runs that are left may be waiting for Git
  co_await dispatcher_.put_back();
  services_.stop();
  co_await services_.join(services_patience);
  events_.close();
  co_await webhook_.stop(http_patience);
  co_await operator_.stop(http_patience);
}

}  // namespace slipway::app
