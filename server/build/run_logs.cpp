#include "build/run_logs.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <list>

#include "build/log_file.hpp"
#include "build/secrets.hpp"

namespace slipway::build {

namespace {

constexpr std::size_t longest_line = 16 << 10;  ///< bytes; longer lines are split
constexpr std::size_t remembered_lines = 64;

std::string_view name(Stream stream) {
  switch (stream) {
    case Stream::out: return "out";
    case Stream::err: return "err";
    case Stream::note: return "note";
  }
  return "note";
}

std::string time_text(Clock::time_point when) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     (since - seconds).count());
}

/// Removes terminal escape sequences (ECMA-48 CSI).
std::string without_colours(std::string_view line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      plain += line[i];
      continue;
    }
    if (i + 1 < line.size() && line[i + 1] == '[') ++i;
    while (i + 1 < line.size() && (line[i + 1] < '@' || line[i + 1] > '~')) ++i;
    ++i;
  }
  return plain;
}

/// Splits a stream into masked lines.
class Lines {
 public:
  explicit Lines(const Secrets& secrets) : mask_(secrets) {}

  template <class F>
  void feed(std::string_view bytes, F line) {
    cut(mask_.feed(bytes), line);
  }
  template <class F>
  void finish(F line) {
    cut(mask_.finish(), line);
    if (!partial_.empty()) line(std::exchange(partial_, std::string()));
  }

 private:
  template <class F>
  void cut(std::string_view text, F& line) {
    for (const char c : text) {
      if (c != '\n') partial_ += c;
      if (c != '\n' && partial_.size() < longest_line) continue;
      if (!partial_.empty() && partial_.back() == '\r') partial_.pop_back();
      line(std::exchange(partial_, std::string()));
    }
  }
  Mask mask_;
  std::string partial_;
};

}  // namespace

/// A log being written, with the timers that wake its followers.
struct RunLogs::Live {
  Live(const std::filesystem::path& name, std::uint64_t limit) : file(name, limit) {}
  LogFile file;
  bool open = true;
  std::list<asio::steady_timer> followers;
  void wake() {
    for (auto& follower : followers) follower.cancel();
  }
};

class RunLogs::Writer final : public RunLog {
 public:
  Writer(RunLogs& logs, RunId run, std::shared_ptr<Live> live, StageObserver observer)
      : logs_(logs), run_(run), live_(std::move(live)), observer_(std::move(observer)) {}

  ~Writer() override {
    finish_lines();
    live_->file.finish(prefix(Stream::note));
    live_->open = false;
    live_->wake();
    logs_.live_.erase(run_);
  }

  void stage(Stage stage) override {
    finish_lines();
    last_.clear();
    record_ = StageRecord();
    record_.stage = stage;
    record_.started = logs_.time_.now();
    told_.clear();
    put(Stream::note, "begins");
    if (observer_) observer_(record_);
  }

  void stage_done(Stage stage, std::string_view outcome, std::string_view detail) override {
    finish_lines();
    record_.stage = stage;
    record_.finished = logs_.time_.now();
    record_.outcome = outcome;
    record_.detail = secrets_.masked(detail);
    tell(record_.detail.empty() ? record_.outcome : record_.outcome + ": " + record_.detail);
    if (observer_) observer_(record_);
  }

  void write(Stream stream, std::string_view bytes) override {
    auto& lines = stream == Stream::err ? err_ : out_;
    lines.feed(bytes, [&](const std::string& line) { put(stream, line); });
    told_.clear();
  }

  void flush() override { finish_lines(); }

  void note(std::string_view sentence) override { tell(secrets_.masked(sentence)); }

  void hide(std::string_view secret) override { secrets_.hide(secret); }

  std::string last_lines(std::size_t lines) const override {
    std::string text;
    const std::size_t first = last_.size() > lines ? last_.size() - lines : 0;
    for (std::size_t i = first; i < last_.size(); ++i) text += (i == first ? "" : "\n") + without_colours(last_[i]);
    return text;
  }

 private:
  std::string prefix(Stream stream) const {
    return fmt::format("{} {} {} ", time_text(logs_.time_.now()), slipway::name(record_.stage), name(stream));
  }

  void finish_lines() {
    out_.finish([&](const std::string& line) { put(Stream::out, line); });
    err_.finish([&](const std::string& line) { put(Stream::err, line); });
  }

  /// Writes a note unless it repeats the previous one: stage, executor and run may report the same end.
  void tell(const std::string& text) {
    if (text != told_) put(Stream::note, text);
    told_ = text;
  }

  void put(Stream stream, std::string line) {
    // Text of several lines (a program's last output) becomes one entry per line.
    if (const auto end = line.find('\n'); end != std::string::npos) {
      put(stream, line.substr(0, end));
      put(stream, line.substr(end + 1));
      return;
    }
    if (stream != Stream::note) remember(line);
    live_->file.append(prefix(stream) + line + "\n");
    live_->wake();
  }

  void remember(const std::string& line) {
    last_.push_back(line);
    if (last_.size() > remembered_lines) last_.pop_front();
  }

  RunLogs& logs_;
  RunId run_;
  std::shared_ptr<Live> live_;
  StageObserver observer_;
  Secrets secrets_;
  Lines out_{secrets_}, err_{secrets_};
  StageRecord record_;
  std::deque<std::string> last_;
  std::string told_;  ///< the last note; empty if anything was written since
};

RunLogs::RunLogs(std::filesystem::path folder, std::uint64_t limit, const io::TimeSource& time)
    : folder_(std::move(folder)), limit_(limit), time_(time) {
  std::filesystem::create_directories(folder_);
}

RunLogs::~RunLogs() = default;

std::filesystem::path RunLogs::file(RunId run) const { return folder_ / (std::to_string(run.value()) + ".log"); }

std::unique_ptr<RunLog> RunLogs::begin(RunId run, StageObserver observer) {
  auto live = std::make_shared<Live>(file(run), limit_);
  live_[run] = live;
  return std::make_unique<Writer>(*this, run, std::move(live), std::move(observer));
}

bool RunLogs::is_live(RunId run) const { return live_.contains(run); }

std::uint64_t RunLogs::size(RunId run) const {
  if (const auto found = live_.find(run); found != live_.end()) return found->second->file.size();
  std::error_code missing;
  const auto size = std::filesystem::file_size(file(run), missing);
  return missing ? 0 : size;
}

Task<> RunLogs::wait_for_more(RunId run, std::uint64_t seen) {
  const auto found = live_.find(run);
  if (found == live_.end()) co_return;
  const auto live = found->second;
  const auto executor = co_await asio::this_coro::executor;
  while (live->open && live->file.size() <= seen) {
    const auto follower = live->followers.emplace(live->followers.end(), executor, asio::steady_timer::time_point::max());
    boost::system::error_code woken;
    co_await follower->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    live->followers.erase(follower);
    // If the follower itself was cancelled, its next await throws.
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
}

void RunLogs::remove(RunId run) {
  std::error_code ignored;
  std::filesystem::remove(file(run), ignored);
}

}  // namespace slipway::build
