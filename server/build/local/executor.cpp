#include "build/local/executor.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <fmt/format.h>

#include "base/failure.hpp"
#include "base/hmac.hpp"
#include "build/local/stored_images.hpp"
#include "io/offload.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

namespace {

// With less than this share of the disk free, layers not needed by an image are removed.
constexpr double least_free_share = 0.10;
constexpr std::size_t images_at_once = 10;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

/// Logs the outcome of the stage in which the run ended.
void tell(RunLog& log, Stage stage, const BuildOutcome& outcome) {
  std::visit(Overloaded{[&](const Built& built) {
                          log.stage_done(stage, "succeeded",
                                         fmt::format("{}{}:{}@{}", built.reused ? "taken as it is: " : "", built.results.image,
                                                     built.results.tag, built.results.digest.value()));
                        },
                        [&](const Failed& failed) { log.stage_done(stage, "failed", failed.reason); },
                        [&](const TimedOut& end) { log.stage_done(stage, "failed", end.reason); },
                        [&](const Cancelled& end) { log.stage_done(stage, "cancelled", end.why); },
                        [&](const Lost& end) { log.stage_done(stage, "lost", end.why); }},
             outcome);
}

/// Resolves links: builders are given real paths.
fs::path real(const fs::path& path) {
  std::error_code ignored;
  return fs::weakly_canonical(path, ignored);
}

bool is_cancellation(const boost::system::system_error& error) { return error.code() == asio::error::operation_aborted; }

}  // namespace

std::string state_key(const fs::path& state) {
  return sha256_hex(real(state).string()).substr(0, 12);
}

LocalExecutor::LocalExecutor(LocalParts parts) : parts_(std::move(parts)), slots_((parts_.state = real(parts_.state)) / "build") {}

LocalExecutor::~LocalExecutor() {
  if (host_) host_->limits.remove();
}

Task<> LocalExecutor::look_at_host() {
  if (host_) co_return;
  auto host = co_await examine_host(parts_.processes, parts_.builder, parts_.state / "build", state_key(parts_.state));
  if (!host_) host_ = std::move(host);
}

Task<std::vector<std::string>> LocalExecutor::facts() {
  co_await look_at_host();
  if (!host_->missing.empty()) throw Unavailable(host_->missing);
  co_return host_->facts();
}

Task<BuildOutcome> LocalExecutor::check_and_build(const BuildOrder& order, RunLog& log) {
  co_await look_at_host();
  auto slot = slots_.take(order.template_name);
  co_await make_room(slot);
  std::optional<BuildOutcome> outcome;
  std::exception_ptr accident;
  std::string interruption;
  bool cancelled = false;
  std::optional<Job> job;
  try {
    job.emplace(parts_, *host_, std::move(slot), order, log);
    co_await job->prepare();
    auto end = co_await job->all();
    outcome = std::move(end);
  } catch (const boost::system::system_error& error) {
    cancelled = is_cancellation(error);
    if (!cancelled) accident = std::current_exception();
  } catch (const Unavailable& failure) {
    interruption = failure.what();
    accident = std::current_exception();
  } catch (const Refused& refusal) {
    // A definite no from the registry or the configuration fails this run.
    outcome = BuildOutcome(Failed(job ? job->stage() : Stage::build, refusal.what()));
  } catch (...) {
    accident = std::current_exception();
  }
  // Cleaning up must not be interrupted.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (cancelled) outcome = BuildOutcome(Cancelled("cancelled; its processes have ended"));
  if (job) {
    if (!outcome || !std::holds_alternative<Built>(*outcome)) co_await job->clear_store();
    co_await job->clear_folders();
  }
  const Stage stage = job ? job->stage() : Stage::build;
  if (outcome) tell(log, stage, *outcome);
  if (!interruption.empty()) log.stage_done(stage, "interrupted", interruption);
  if (!cancelled) co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (accident) std::rethrow_exception(accident);
  co_return std::move(*outcome);
}

Store LocalExecutor::store_in(const fs::path& slot) const {
  Store store;
  store.root = slot / "root";
  store.runroot = slot / "runroot";
  store.driver = host_->driver;
  return store;
}

Task<> LocalExecutor::make_room(const Slot& slot) {
  std::error_code unknown;
  const auto space = fs::space(parts_.state, unknown);
  if (unknown || static_cast<double>(space.available) > least_free_share * static_cast<double>(space.capacity)) co_return;
  if (!fs::exists(slot.root())) co_return;
  parts_.log.warn("the disk is nearly full: cached layers are given up", {{"slot", slot.number()}, {"free", space.available}});
  auto prune = Buildah(buildah_program(parts_.builder)).prune(store_in(slot.folder()));
  co_await tidy(std::move(prune), slot.folder());
}

Task<> LocalExecutor::tidy(Argv argv, const fs::path& home) {
  io::Command command(host_->wrapped(argv));
  command.environment = {"PATH=" + io::search_path(), "HOME=" + home.string()};
  command.limit = std::chrono::minutes(5);
  const io::OutputSink silent = [](io::OutputStream, std::string_view) {};
  co_await parts_.processes.run(command, silent);
}

Task<> LocalExecutor::clear_slot(const fs::path& slot) {
  if (!fs::exists(slot / "root")) co_return;
  auto remove = Buildah(buildah_program(parts_.builder)).remove_containers(store_in(slot));
  co_await tidy(std::move(remove), slot);
}

Task<> LocalExecutor::tidy_up(const TemplateName& name) {
  auto slot = slots_.take_again(name);
  if (!slot || !host_ || !host_->has_buildah) co_return;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const Store store = store_in(slot->folder());
  auto look = [store, used = UsedImages(slot->used_images()), newest = parts_.newest_images] {
    return superfluous_images(store, used.all(), newest, images_at_once);
  };
  try {
    const auto images = co_await io::offload(parts_.pool, std::move(look));
    if (!images.empty()) {
      auto remove = Buildah(buildah_program(parts_.builder)).remove_images(store, images);
      co_await tidy(std::move(remove), slot->folder());
    }
  } catch (const std::exception& error) {
    parts_.log.warn("stored layers cannot be given up", {{"slot", slot->number()}, {"error", error.what()}});
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
}

Task<> LocalExecutor::reclaim(std::span<const RunId> runs) {
  co_await look_at_host();
  // Processes in a control group named after this state directory are ours: only the holder of its lock may use it (io::FileLock).
  const fs::path work = parts_.state / "work";
  auto clear = [this, work] {
    auto groups = host_->limits.reclaim();
    std::error_code ignored;
    fs::remove_all(work, ignored);
    return groups;
  };
  const auto groups = co_await io::offload(parts_.pool, std::move(clear));
  if (fs::exists(work)) {  // files owned by other users, left by a check
    Argv again{"rm", "--recursive", "--force", "--", work.string()};
    co_await tidy(std::move(again), parts_.state);
  }
  for (const auto& group : groups) parts_.log.info("ended what an earlier process left behind", {{"group", group}});
  if (runs.empty() && groups.empty()) co_return;
  const auto slots = slots_.all();
  for (const auto& slot : slots) co_await clear_slot(slot);
}

}  // namespace slipway::build
