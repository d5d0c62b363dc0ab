#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <list>

#include "queue/open.hpp"
#include "queue/sqlite/queries.hpp"
#include "queue/sqlite/reading.hpp"
#include "queue/sqlite/schema.hpp"
#include "queue/sqlite/writer.hpp"

namespace slipway::queue {
namespace sqlite {
namespace {

std::size_t size_of(const Delivery& delivery) { return delivery.body ? delivery.body->size() + 1024 : 1024; }

/// An unawaited write of a delivery that matched nothing.
class Record final : public Job {
 public:
  Record(Delivery delivery, Decision decision, Clock::time_point now)
      : delivery_(std::move(delivery)), decision_(std::move(decision)), now_(now) {
    bytes = size_of(delivery_);
  }
  void run(Store& store) override { store.accept(delivery_, decision_, now_); }
  void fail(std::exception_ptr) noexcept override {}  // logged by the writer; reconciling branch heads makes up for it
  void complete() override {}

 private:
  Delivery delivery_;
  Decision decision_;
  Clock::time_point now_;
};

/// Wakes the tasks waiting for work. A ring while nobody waits is remembered for the next wait().
class Doorbell {
 public:
  explicit Doorbell(asio::any_io_executor loop) : loop_(std::move(loop)) {}

  void ring(const News& news) {
    next_due_ = news.next_due;
    if (!news.work) return;
    rung_ = true;
    for (auto& timer : waiters_) timer.cancel();
  }

  Task<> wait(io::TimeSource& time, Clock::time_point at_most) {
    using namespace asio::experimental::awaitable_operators;
    if (!std::exchange(rung_, false)) {
      const auto until = next_due_ ? std::min(at_most, *next_due_) : at_most;
      const auto waiter = waiters_.emplace(waiters_.end(), loop_, asio::steady_timer::time_point::max());
      const Leave leave(waiters_, waiter);
      co_await (time.sleep_until(until) || rings(*waiter));
      rung_ = false;
    }
  }

 private:
  using Waiters = std::list<asio::steady_timer>;
  struct Leave {
    Leave(Waiters& all, Waiters::iterator one) : waiters(all), waiter(one) {}
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;
    ~Leave() { waiters.erase(waiter); }
    Waiters& waiters;
    Waiters::iterator waiter;
  };

  static Task<> rings(asio::steady_timer& timer) {
    boost::system::error_code rung;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, rung));
  }

  asio::any_io_executor loop_;
  Waiters waiters_;
  bool rung_ = true;
  std::optional<Clock::time_point> next_due_;
};

class SqliteQueue final : public Queue {
 public:
  SqliteQueue(std::unique_ptr<Store> store, std::shared_ptr<Reading> reading, const Options& options,
              asio::any_io_executor loop, io::TimeSource& time, Log log)
      : reading_(std::move(reading)), time_(time), policy_(options.policy), retention_(options.retention),
        doorbell_(loop), writer_(std::move(store), options, loop, [this](News news) { doorbell_.ring(news); }, std::move(log)) {}

  Task<> configure(const schedule::Policy& policy) override {
    policy_ = policy;
    auto job = [&](Store& store) { store.configure(policy); };
    co_await writer_.run(std::move(job));
  }

  Task<Accepted> accept(const Delivery& delivery, const Decision& decision) override {
    auto job = [&, now = time_.now()](Store& store) { return store.accept(delivery, decision, now); };
    co_return co_await writer_.run(std::move(job), size_of(delivery));
  }
  bool record(Delivery&& delivery, Decision&& decision) override {
    if (!writer_.has_room(size_of(delivery))) return false;
    writer_.record(std::make_unique<Record>(std::move(delivery), std::move(decision), time_.now()));
    return true;
  }
  Task<std::vector<Pending>> pending(const DeliveryId& after, std::size_t at_most, const std::set<RepoName>& without) override {
    auto read = [&](Database& database) { return list_pending(database, reading_->directory(), after, at_most, without); };
    co_return co_await reading_->run(std::move(read));
  }
  Task<std::vector<MadeRun>> complete(const DeliveryId& delivery, const Verdict& verdict, bool moves_nothing) override {
    auto read = [&](Database& database) { return list_first_requests(database, reading_->directory(), delivery); };
    const auto first = co_await reading_->run(std::move(read));
    auto job = [&, moves_nothing, now = time_.now()](Store& store) { return store.complete(delivery, verdict, first, moves_nothing, now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<std::vector<Taken>> taken(const RepoName& repository, const std::string& ref, const DeliveryId& since) override {
    auto read = [&](Database& database) { return list_taken(database, repository, ref, since); };
    co_return co_await reading_->run(std::move(read));
  }
  Task<> doubt(const DeliveryId& delivery) override {
    auto job = [&](Store& store) { store.doubt(delivery); };
    co_await writer_.run(std::move(job));
  }
  Task<std::vector<BranchHead>> branch_heads() override { co_return co_await reading_->run(list_branch_heads); }

  Task<std::optional<Claim>> claim() override {
    auto job = [now = time_.now()](Store& store) { return store.claim(now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<std::vector<Rival>> rivals(const Lease& lease, RunId older_than) override {
    auto job = [&](Store& store) { return store.rivals(lease, older_than); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<std::vector<Rival>> newer_rivals(const Lease& lease) override {
    auto job = [&](Store& store) { return store.newer_rivals(lease); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<std::size_t> supersede(const std::vector<RunId>& runs, RunId by, const std::string& why) override {
    auto job = [&, now = time_.now()](Store& store) { return store.supersede(runs, by, why, now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<bool> stage_started(const Lease& lease, Stage stage) override {
    auto job = [&, now = time_.now()](Store& store) { return store.stage_started(lease, stage, now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<bool> stage_finished(const Lease& lease, Stage stage, const std::string& outcome, const std::string& detail) override {
    auto job = [&, now = time_.now()](Store& store) { return store.stage_finished(lease, stage, outcome, detail, now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<bool> chose_tag(const Lease& lease, const std::string& tag) override {
    auto job = [&](Store& store) { return store.chose_tag(lease, tag); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<bool> built(const Lease& lease, const BuildResults& results) override {
    auto job = [&](Store& store) { return store.built(lease, results); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<bool> finish(const Lease& lease, const RunOutcome& outcome) override {
    auto job = [&, now = time_.now()](Store& store) { return store.finish(lease, outcome, now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<std::optional<RunId>> replace(const Lease& lease, const CommitSha& head, const Parameters& parameters,
                                     const std::string& why) override {
    auto job = [&, now = time_.now()](Store& store) { return store.replace(lease, head, parameters, why, now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<> wait_for_work(Clock::time_point at_most) override { return doorbell_.wait(time_, at_most); }
  const std::vector<RunId>& recovered() const noexcept override { return writer_.recovered(); }

  Task<Answer> cancel_queued(RunId run) override {
    auto job = [&, now = time_.now()](Store& store) { return store.cancel_queued(run, now); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<Answer> retry(RunId run, const RetryRequest& request) override {
    auto job = [&](Store& store) { return store.retry(run, request); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<> hold(const TemplateName& name, const std::string& why) override {
    auto job = [&, now = time_.now()](Store& store) { store.hold(name, why, now); };
    co_await writer_.run(std::move(job));
  }
  Task<bool> release(const TemplateName& name) override {
    auto job = [&](Store& store) { return store.release(name); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<std::optional<Hold>> held(const TemplateName& name) override {
    auto job = [&](Store& store) { return store.held(name); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<std::optional<HandedOffLast>> last_handed_off(const TemplateName& name, const std::string& file) override {
    auto job = [&](Store& store) { return store.last_handed_off(name, file); };
    co_return co_await writer_.run(std::move(job));
  }
  Task<> set_last_handed_off(const TemplateName& name, const std::string& file, const HandedOffLast& what) override {
    auto job = [&](Store& store) { store.set_last_handed_off(name, file, what); };
    co_await writer_.run(std::move(job));
  }

  Task<std::vector<RunId>> expired(Clock::time_point now, std::size_t at_most) override {
    // Copied, because configure() may replace the policy meanwhile.
    auto read = [keep = retention_, policy = policy_, now, at_most](Database& database) { return list_expired(database, keep, policy, now, at_most); };
    co_return co_await reading_->run(std::move(read));
  }
  Task<> forget(const std::vector<RunId>& runs) override {
    constexpr std::size_t at_once = 500;  // so that deliveries are accepted in between
    for (std::size_t from = 0; from < runs.size(); from += at_once) {
      const auto first = runs.begin() + static_cast<std::ptrdiff_t>(from);
      const std::vector<RunId> some(first, first + static_cast<std::ptrdiff_t>(std::min(at_once, runs.size() - from)));
      auto job = [&](Store& store) { store.forget(some); };
      co_await writer_.run(std::move(job));
    }
  }
  Task<Cleaned> clean(Clock::time_point now) override {
    Cleaned cleaned;
    std::optional<std::int64_t> from = 0;
    while (from) {
      auto stretch = [&](Store& store) { return store.clean_deliveries(*from, now, cleaned); };
      from = co_await writer_.run(std::move(stretch));
    }
    auto unlist = [&](Store& store) { return store.clean_segments(now); };
    const auto segments = co_await writer_.run(std::move(unlist));
    auto remove = [&](Store& store) {
      for (const std::int64_t segment : segments) cleaned.body_bytes += store.remove_segment(segment);
    };
    co_await writer_.run(std::move(remove));
    bool more = true;
    while (more) {
      auto some = [](Store& store) { return store.vacuum_some(); };
      more = co_await writer_.run(std::move(some));
    }
    co_return cleaned;
  }

  Backlog backlog() const noexcept override { return writer_.backlog(); }

 private:
  std::shared_ptr<Reading> reading_;
  io::TimeSource& time_;
  schedule::Policy policy_;
  schedule::Retention retention_;
  Doorbell doorbell_;
  Writer writer_;
};

class SqliteReader final : public RunReader {
 public:
  explicit SqliteReader(std::shared_ptr<Reading> reading) : reading_(std::move(reading)) {}

  Task<std::vector<Run>> runs(const RunFilter& filter) override {
    auto read = [&](Database& database) { return list_runs(database, filter); };
    co_return co_await reading_->run(std::move(read));
  }
  Task<std::optional<Run>> run(RunId id) override {
    auto read = [&](Database& database) { return find_run(database, id); };
    co_return co_await reading_->run(std::move(read));
  }
  Task<std::vector<StoredDelivery>> deliveries(const DeliveryFilter& filter) override {
    auto read = [&](Database& database) { return list_deliveries(database, filter); };
    co_return co_await reading_->run(std::move(read));
  }
  Task<std::optional<StoredDelivery>> delivery(const DeliveryId& id) override {
    auto read = [&](Database& database) { return find_delivery(database, reading_->directory(), id); };
    co_return co_await reading_->run(std::move(read));
  }
  Task<std::vector<Hold>> holds() override { co_return co_await reading_->run(list_holds); }
  Task<Counts> counts() override {
    auto read = [&](Database& database) { return count(database, reading_->directory()); };
    co_return co_await reading_->run(std::move(read));
  }

 private:
  std::shared_ptr<Reading> reading_;
};

}  // namespace
}  // namespace sqlite

Opened open_sqlite(const std::filesystem::path& directory, const Options& options, asio::any_io_executor loop,
                   io::TimeSource& time, Log log) {
  auto store = std::make_unique<sqlite::Store>(directory, options, time.now());
  auto reading = std::make_shared<sqlite::Reading>(directory, sqlite::open_for_reading(directory / "queue.db"));
  Opened opened;
  opened.reader = std::make_unique<sqlite::SqliteReader>(reading);
  opened.queue = std::make_unique<sqlite::SqliteQueue>(std::move(store), std::move(reading), options, std::move(loop), time,
                                                       std::move(log));
  return opened;
}

}  // namespace slipway::queue
