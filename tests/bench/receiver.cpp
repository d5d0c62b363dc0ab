// What accepting deliveries costs (issue 5, figures): 7.8 KB pushes with Gitea's headers, 20 triggers, every push distinct and
// signed beforehand, 128 keep-alive connections, each server in a process of its own. The servers take turns, and the median of
// the turns' ratios counts, so that what else the machine does falls on all of them:
//
//   a bare Beast server that reads the body, computes the HMAC and answers (the limit);
//   slipway, when one template matches and the runs are made durable, and when nothing matches;
//   adnanh's webhook (Debian's package) with one hook, when it matches and runs /bin/true, and when it does not;
//   (each turn ends when its server has nothing left to do, so that nobody's backlog falls on the next one);
//   the processor time of each, which tells something on a busy machine too;
//   p99 at half of slipway's rate of that moment against the p99 of a bare fdatasync loop right before, the median of several spans;
//   resident memory idle, and after two turns and all.
//
// --json prints a list of figures; --quick takes a tenth of the pushes; --full goes on to 1,000,000.
#include <fcntl.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>

#include "bench/load/bare_server.hpp"
#include "bench/load/child_server.hpp"
#include "bench/load/pushes.hpp"
#include "bench/load/sender.hpp"
#include "bench/load/slipway_server.hpp"
#include "support/tmp_dir.hpp"

namespace {

using namespace slipway;
constexpr std::size_t connections = 128;
constexpr int turns = 9, spans = 5;
constexpr const char* secret = "s3cr3t-webhook";

struct Figure {
  std::string name, unit, peer, goal;
  double value = 0, ratio = 0;
  bool ok = true;
};

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

/// Of two that took turns.
double median_ratio(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> ratios;
  std::transform(ours.begin(), ours.end(), theirs.begin(), std::back_inserter(ratios), std::divides<>());
  return median(std::move(ratios));
}

/// One of the servers that take turns.
struct Peer {
  Peer(std::string what, std::string hook, std::size_t turn, std::unique_ptr<bench::ChildServer> child)
      : name(std::move(what)), path(std::move(hook)), pushes(turn), server(std::move(child)), idle(server->resident()) {}
  double rate() const { return median(rates); }
  /// With what was left to do behind the answers.
  double done_rate() const { return median(done_rates); }
  std::string name, path;
  std::size_t pushes;  ///< a turn
  std::unique_ptr<bench::ChildServer> server;
  double idle, early = 0;  ///< resident memory at first and after two turns
  std::vector<double> rates, done_rates;  ///< pushes a second of each turn: answered, and done with
  std::size_t sent = 0;
  bool clean = true;  ///< every answer was a 2xx and none a duplicate
};

class Bench {
 public:
  Bench(std::size_t scale, std::size_t deliveries) : scale_(scale), deliveries_(deliveries) { test::write_file(dir_ / "secret", secret); }

  std::vector<Figure> run() {
    Peer bare("bare Beast + HMAC", "/hooks", 10'000 / scale_, bare_server());
    Peer unmatched("slipway: nothing matches", "/hooks", 10'000 / scale_, slipway_server(false));
    Peer matched("slipway: one template matches, durable", "/hooks", 10'000 / scale_, slipway_server(true));
    std::vector<Peer*> peers{&bare, &unmatched, &matched};
    std::vector<Peer> hooks;
    if (std::filesystem::exists("/usr/bin/webhook")) {
      hooks.reserve(2);
      hooks.emplace_back("webhook: nothing matches", "/hooks/push", 2'500 / scale_, webhook_server(false));
      hooks.emplace_back("webhook: one match runs /bin/true", "/hooks/push", 2'500 / scale_, webhook_server(true));
      for (Peer& hook : hooks) peers.push_back(&hook);
    }
    for (int turn = 0; turn < turns; ++turn) {
      for (Peer* peer : peers) take_turn(*peer);
    }
    for (const Peer* peer : peers) {
      const double each = peer->server->processor() / static_cast<double>(peer->sent) * 1e6;
      add(peer->name + ": processor time", "us/push", each, "", 0, "", true);
    }
    add(bare.name, "pushes/s", bare.rate(), "", 0, "", true);
    compare(unmatched, bare, 0.75);
    compare(matched, bare, 0.5);
    if (!hooks.empty()) {
      compare(unmatched, hooks[0], 3);
      compare_done(matched, hooks[1], 5);
    }
    count_records(unmatched);
    half_load(matched);
    watch_memory(unmatched);
    watch_memory(matched);
    return figures_;
  }

 private:
  bench::Pushes pushes(std::size_t count, const std::string& path) {
    bench::PushPlan plan;
    plan.body_file = SLIPWAY_SOURCE_DIR "/tests/data/deliveries/push-single-backend-05.body";
    plan.path = path;
    plan.secret = secret;
    plan.count = count;
    plan.seed = ++seed_;
    return bench::Pushes(plan);
  }

  void take_turn(Peer& peer) {
    const auto all = pushes(peer.pushes, peer.path);
    const auto sent = bench::Sender(all, peer.server->port(), connections).send(0, all.size());
    const double behind = peer.server->settle();
    peer.rates.push_back(sent.rate());
    peer.done_rates.push_back(static_cast<double>(sent.answers) / (sent.seconds + behind));
    note(peer, sent);
    if (peer.rates.size() == 2) peer.early = peer.server->resident();
  }

  static void note(Peer& peer, const bench::Sent& sent) {
    peer.sent += sent.answers;
    peer.clean = peer.clean && sent.non_2xx + sent.duplicates + sent.broken == 0;
  }

  void compare(const Peer& ours, const Peer& peer, double goal) {
    const double ratio = median_ratio(ours.rates, peer.rates);
    const std::string of = fmt::format("{} ({:.0f}/s)", peer.name, peer.rate());
    add(ours.name, "pushes/s", ours.rate(), of, ratio, fmt::format(">= {}", goal), ours.clean && ratio >= goal);
  }

  // webhook answers before it has run anything, and piles up what it has promised: its commands count when they have ended, as our
  // runs when they are durable.
  void compare_done(const Peer& ours, const Peer& peer, double goal) {
    add(peer.name + ", answered only", "pushes/s", peer.rate(), "", 0, "", true);
    const double ratio = median_ratio(ours.done_rates, peer.done_rates);
    const std::string of = fmt::format("{}, its commands ended ({:.0f}/s)", peer.name, peer.done_rate());
    add(ours.name, "pushes/s", ours.done_rate(), of, ratio, fmt::format(">= {}", goal), ours.clean && ratio >= goal);
  }

  static std::unique_ptr<bench::ChildServer> bare_server() {
    return std::make_unique<bench::ChildServer>([](const bench::ChildServer::Tell& tell) {
      boost::asio::io_context loop(1);
      bench::tcp::acceptor acceptor(loop, bench::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
      tell(acceptor.local_endpoint().port());
      auto ended = [](const std::exception_ptr&) {};
      boost::asio::co_spawn(loop, bench::serve_bare(std::move(acceptor), std::make_shared<HmacSha256>(secret)), ended);
      loop.run();
    });
  }

  std::filesystem::path state(bool matches) const { return dir_ / (matches ? "matched" : "unmatched"); }

  std::unique_ptr<bench::ChildServer> slipway_server(bool matches) {
    std::filesystem::create_directories(state(matches));
    return std::make_unique<bench::ChildServer>(
        [&](const bench::ChildServer::Tell& tell) { bench::serve_slipway(tell, state(matches), dir_ / "secret", matches); });
  }

  // What is recorded behind the answer is on the disk a tenth of a second later.
  void count_records(const Peer& peer) {
    ::usleep(100'000);
    sqlite3* opened = nullptr;
    sqlite3_open_v2((state(false) / "queue.db").c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(opened, sqlite3_close);
    double rows = 0;
    const auto read = [](void* count, int, char** row, char**) {
      *static_cast<double*>(count) = std::stod(row[0]);
      return 0;
    };
    sqlite3_exec(opened, "SELECT count(*) FROM deliveries", read, &rows, nullptr);
    const double share = rows / static_cast<double>(peer.sent);
    add("slipway: recorded within 100 ms", "pushes", rows, "those answered", share, ">= 1", share >= 1);
  }

  void half_load(Peer& peer) {
    std::vector<double> syncs, latencies, ratios;
    for (int span = 0; span < spans; ++span) {
      take_turn(peer);
      const double rate = peer.rates.back() / 2;  // of this moment: the machine's speed swings by half within minutes
      const auto all = pushes(static_cast<std::size_t>(std::max(rate * 3 / static_cast<double>(scale_), 100.0)), "/hooks");
      syncs.push_back(fdatasync_p99());
      const auto sent = bench::Sender(all, peer.server->port(), connections).send(0, all.size(), rate);
      note(peer, sent);
      latencies.push_back(sent.percentile(0.99));
      ratios.push_back(latencies.back() / std::max(5.0, 2 * syncs.back()));
    }
    const double ratio = median(ratios);
    const std::string of = fmt::format("2 x p99 of fdatasync ({:.1f} ms), or 5 ms; of {} spans {:.1f} to {:.1f} ms", median(syncs), spans,
                                       *std::min_element(latencies.begin(), latencies.end()), *std::max_element(latencies.begin(), latencies.end()));
    add("slipway: p99 at half load", "ms", median(latencies), of, ratio, "<= 1", peer.clean && ratio <= 1);
  }

  // Flat: the first turn's deliveries need all the memory that is ever needed.
  void watch_memory(Peer& peer) {
    add(peer.name + ": resident idle", "MiB", peer.idle, "", 0, "< 20", peer.idle < 20);
    while (peer.sent < deliveries_) {
      const auto all = pushes(std::min<std::size_t>(deliveries_ - peer.sent, 100'000), peer.path);
      note(peer, bench::Sender(all, peer.server->port(), connections).send(0, all.size()));
    }
    const double late = peer.server->resident(), ratio = late / peer.early;
    add(fmt::format("{}: resident after {}", peer.name, peer.sent), "MiB", late, fmt::format("after two turns ({:.1f} MiB)", peer.early), ratio, "<= 1.1",
        peer.clean && ratio <= 1.1);
  }

  double fdatasync_p99() const {
    const io::Descriptor file(::open((dir_ / "sync").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::string page(4096, 'x');
    std::vector<double> took;
    for (std::size_t i = 0; i < 2000 / scale_ + 100; ++i) {
      const auto start = std::chrono::steady_clock::now();
      if (::write(file.get(), page.data(), page.size()) < 0 || ::fdatasync(file.get()) != 0) throw std::runtime_error("no disk");
      took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::sort(took.begin(), took.end());
    return took[took.size() * 99 / 100];
  }

  std::unique_ptr<bench::ChildServer> webhook_server(bool matches) {
    const std::string rule = R"([{"id":"push","execute-command":"/bin/true","trigger-rule":{"and":[)"
                             R"({"match":{"type":"payload-hmac-sha256","secret":")" + std::string(secret) +
                             R"(","parameter":{"source":"header","name":"X-Hub-Signature-256"}}},)"
                             R"({"match":{"type":"value","value":")" + (matches ? "refs/heads/main" : "refs/heads/other") +
                             R"(","parameter":{"source":"payload","name":"ref"}}}]}}])";
    const std::string hooks = (dir_ / (matches ? "match.json" : "other.json")).string();
    test::write_file(hooks, rule);
    const std::uint16_t port = free_port();
    auto server = std::make_unique<bench::ChildServer>([&](const bench::ChildServer::Tell& tell) {
      tell(port);
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, 1);
      ::dup2(null, 2);
      ::execl("/usr/bin/webhook", "webhook", "-hooks", hooks.c_str(), "-ip", "127.0.0.1", "-port", std::to_string(port).c_str(), nullptr);
    });
    wait_until_open(port);
    return server;
  }

  static std::uint16_t free_port() {
    boost::asio::io_context loop;
    return bench::tcp::acceptor(loop, bench::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)).local_endpoint().port();
  }

  static void wait_until_open(std::uint16_t port) {
    for (int tries = 0; tries < 500; ++tries) {
      boost::asio::io_context loop;
      bench::tcp::socket socket(loop);
      boost::system::error_code error;
      socket.connect(bench::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port), error);
      if (!error) return;
      ::usleep(10'000);
    }
    throw std::runtime_error("the server did not start");
  }

  void add(const std::string& name, const std::string& unit, double value, const std::string& peer, double ratio, const std::string& goal, bool ok) {
    figures_.push_back(Figure{name, unit, peer, goal, value, ratio, ok});
  }

  std::size_t scale_, deliveries_;
  test::TmpDir dir_;
  std::uint64_t seed_ = 0;
  std::vector<Figure> figures_;
};

void print(const std::vector<Figure>& figures, bool json) {
  if (json) fmt::print("[");
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const Figure& figure = figures[i];
    if (json) {
      fmt::print("{}{{\"name\":\"{}\",\"value\":{:.3f},\"unit\":\"{}\",\"peer\":\"{}\",\"ratio\":{:.3f},\"goal\":\"{}\",\"ok\":{}}}", i == 0 ? "" : ",\n ",
                 figure.name, figure.value, figure.unit, figure.peer, figure.ratio, figure.goal, figure.ok);
    } else {
      fmt::print("{:<62} {:>10.2f} {:<9} {:>7.3f} of {:<44} {:<8} {}\n", figure.name, figure.value, figure.unit, figure.ratio,
                 figure.peer, figure.goal, figure.ok ? "" : "NOT REACHED");
    }
  }
  if (json) fmt::print("]\n");
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false, quick = false, full = false;
  CLI::App app("what accepting deliveries costs");
  app.add_flag("--json", json);
  app.add_flag("--quick", quick);
  app.add_flag("--full", full);
  CLI11_PARSE(app, argc, argv);
  const auto figures = Bench(quick ? 10 : 1, full ? 1'000'000 : 0).run();
  print(figures, json);
  return std::all_of(figures.begin(), figures.end(), [](const Figure& figure) { return figure.ok; }) ? 0 : 1;
}
