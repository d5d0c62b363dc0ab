// What accepting deliveries costs (issue 5, figures): 7.8 KB pushes with Gitea's headers, 20 triggers, every push distinct and
// signed beforehand, 32 keep-alive connections, each server in a process of its own, one after the other in one run:
//
//   a bare Beast server that reads the body, computes the HMAC and answers (the limit);
//   slipway, when one template matches and the runs are made durable, and when nothing matches;
//   adnanh's webhook (Debian's package) with one hook, when it matches and runs /bin/true, and when it does not;
//   p99 at half of slipway's rate against the p99 of a bare fdatasync loop; resident memory idle and after.
//
// --json prints a list of figures; --quick a tenth of the pushes.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <optional>

#include "bench/load/bare_server.hpp"
#include "bench/load/child_server.hpp"
#include "bench/load/pushes.hpp"
#include "bench/load/sender.hpp"
#include "bench/load/slipway_server.hpp"
#include "support/tmp_dir.hpp"

namespace {

using namespace slipway;
constexpr std::size_t connections = 32;
constexpr const char* secret = "s3cr3t-webhook";

struct Figure {
  std::string name, unit, peer, goal;
  double value = 0, ratio = 0;
  bool ok = true;
};

class Bench {
 public:
  explicit Bench(std::size_t scale) : scale_(scale) { test::write_file(dir_ / "secret", secret); }

  std::vector<Figure> run() {
    const double bare = rate_of_bare();
    add("bare Beast + HMAC", "pushes/s", bare, "", 0, "", true);
    const double unmatched = slipway("nothing matches", false, bare, 0.75);
    const double matched = slipway("one template matches, durable", true, bare, 0.5);
    webhook("nothing matches", false, unmatched, 3);
    webhook("one match runs /bin/true", true, matched, 5);
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

  // A tenth to warm up, the rest counts.
  static bench::Sent measure(const bench::Pushes& all, std::uint16_t port, bool& clean) {
    bench::Sender sender(all, port, connections);
    const std::size_t warm = all.size() / 10;
    sender.send(0, warm);
    auto sent = sender.send(warm, all.size());
    clean = sent.non_2xx + sent.duplicates + sent.broken == 0;
    return sent;
  }

  double rate_of_bare() {
    const bench::ChildServer server([](const bench::ChildServer::Tell& tell) {
      boost::asio::io_context loop(1);
      bench::tcp::acceptor acceptor(loop, bench::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
      tell(acceptor.local_endpoint().port());
      auto ended = [](const std::exception_ptr&) {};
      boost::asio::co_spawn(loop, bench::serve_bare(std::move(acceptor), std::make_shared<HmacSha256>(secret)), ended);
      loop.run();
    });
    bool clean = false;
    return measure(pushes(100'000 / scale_, "/hooks"), server.port(), clean).rate();
  }

  double slipway(const std::string& what, bool matches, double bare, double goal) {
    const auto folder = dir_ / (matches ? "matched" : "unmatched");
    std::filesystem::create_directories(folder);
    const bench::ChildServer server([&](const bench::ChildServer::Tell& tell) { bench::serve_slipway(tell, folder, dir_ / "secret", matches); });
    const double idle = server.resident();
    bool clean = false;
    const auto sent = measure(pushes(100'000 / scale_, "/hooks"), server.port(), clean);
    add("slipway: " + what, "pushes/s", sent.rate(), "bare Beast", sent.rate() / bare, ">= " + fmt::format("{}", goal), clean && sent.rate() >= goal * bare);
    if (matches) half_load(server.port(), sent.rate() / 2);
    add("slipway: resident idle", "MiB", idle, "", 0, "< 20", idle < 20);
    add("slipway: resident after, " + what, "MiB", server.resident(), "idle", server.resident() / idle, "", true);
    return sent.rate();
  }

  void half_load(std::uint16_t port, double rate) {
    const double limit = std::max(5.0, 2 * fdatasync_p99());
    const auto all = pushes(static_cast<std::size_t>(std::max(rate * 5 / static_cast<double>(scale_), 100.0)), "/hooks");
    const auto sent = bench::Sender(all, port, connections).send(0, all.size(), rate);
    const double p99 = sent.percentile(0.99);
    add("slipway: p99 at half load", "ms", p99, "2 x fdatasync p99, or 5 ms", p99 / limit, "<= 1", p99 <= limit);
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

  void webhook(const std::string& what, bool matches, double ours, double goal) {
    if (!std::filesystem::exists("/usr/bin/webhook")) return;
    const std::string rule = R"([{"id":"push","execute-command":"/bin/true","trigger-rule":{"and":[)"
                             R"({"match":{"type":"payload-hmac-sha256","secret":")" + std::string(secret) +
                             R"(","parameter":{"source":"header","name":"X-Hub-Signature-256"}}},)"
                             R"({"match":{"type":"value","value":")" + (matches ? "refs/heads/main" : "refs/heads/other") +
                             R"(","parameter":{"source":"payload","name":"ref"}}}]}}])";
    test::write_file(dir_ / "hooks.json", rule);
    const std::string hooks = (dir_ / "hooks.json").string();
    const std::uint16_t port = free_port();
    const bench::ChildServer server([&](const bench::ChildServer::Tell& tell) {
      tell(port);
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, 1);
      ::dup2(null, 2);
      ::execl("/usr/bin/webhook", "webhook", "-hooks", hooks.c_str(), "-ip", "127.0.0.1", "-port", std::to_string(port).c_str(), nullptr);
    });
    wait_until_open(port);
    bool clean = false;
    const auto sent = measure(pushes(10'000 / scale_, "/hooks/push"), port, clean);
    add("webhook: " + what, "pushes/s", sent.rate(), "slipway", ours / sent.rate(), ">= " + fmt::format("{}", goal), ours >= goal * sent.rate());
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

  std::size_t scale_;
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
      fmt::print("{:<48} {:>12.2f} {:<10} ratio {:>7.3f} to {:<28} {:<8} {}\n", figure.name, figure.value, figure.unit, figure.ratio,
                 figure.peer, figure.goal, figure.ok ? "" : "NOT REACHED");
    }
  }
  if (json) fmt::print("]\n");
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false, quick = false;
  CLI::App app("what accepting deliveries costs");
  app.add_flag("--json", json);
  app.add_flag("--quick", quick);
  CLI11_PARSE(app, argc, argv);
  const auto figures = Bench(quick ? 10 : 1).run();
  print(figures, json);
  return std::all_of(figures.begin(), figures.end(), [](const Figure& figure) { return figure.ok; }) ? 0 : 1;
}
