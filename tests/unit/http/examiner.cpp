#include "http/examiner.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <optional>
#include <stdexcept>

#include "support/run_coroutine.hpp"
#include "support/tmp_dir.hpp"
#include "trigger/verify.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using http::Keys;

namespace {

std::shared_ptr<Keys> keys_of(const std::vector<std::string>& secrets) { return std::make_shared<Keys>(secrets); }

/// A push that Gitea sent, under an id of its own; the larger for `more` spaces behind its JSON.
RawDelivery push(const std::string& id, std::size_t more = 0) {
  static const std::string body = test::read_file(SLIPWAY_SOURCE_DIR "/tests/data/deliveries/push-single-backend-05.body");
  RawDelivery raw;
  raw.body = body + std::string(more, ' ');
  raw.headers = {{"Content-Type", {"application/json"}}, {"X-Gitea-Event", {"push"}}, {"X-Gitea-Delivery", {id}}};
  return raw;
}

RawDelivery with(RawDelivery raw, const char* header, const char* value) {
  raw.headers.add(header, value);
  return raw;
}

/// A delivery that is to be examined, and what was found.
struct Asked {
  std::optional<http::Finding> finding;
  std::string accident;
  bool done() const { return finding.has_value() || !accident.empty(); }
  /// The id under which it was judged.
  std::string judged() const {
    const auto* found = finding ? std::get_if<http::Judged>(&*finding) : nullptr;
    return found != nullptr ? found->delivery.id.value() : "not judged";
  }
  bool is_unsigned() const { return finding && std::holds_alternative<http::Unsigned>(*finding); }
};

Task<> examine(http::Examiner& examiner, std::shared_ptr<Keys> keys, RawDelivery raw, Asked& one) {
  try {
    one.finding = co_await examiner.examine(std::move(raw), std::move(keys));
  } catch (const std::exception& accident) {
    one.accident = accident.what();
  }
}

/// Skips what it judges, and says the delivery's id.
Verdict skip(const Delivery& delivery) {
  Verdict verdict;
  verdict.skipped.emplace_back("backend", delivery.id.value());
  return verdict;
}

/// A judge that is at one delivery until it is let go on.
class HeldJudge {
 public:
  explicit HeldJudge(std::string at) : at_(std::move(at)) {}
  Verdict operator()(const Delivery& delivery) {
    if (delivery.id.value() == at_) {
      begun.set_value();
      go_on.get_future().wait();
    }
    return skip(delivery);
  }
  std::promise<void> begun, go_on;

 private:
  const std::string at_;
};

struct House {
  explicit House(http::Judge judge = skip) : examiner(std::make_unique<http::Examiner>(std::move(judge), pool)) {}
  void ask(RawDelivery raw, Asked& one, std::shared_ptr<Keys> with) {
    asio::co_spawn(loop, examine(*examiner, std::move(with), std::move(raw), one), asio::detached);
  }
  void ask(const RawDelivery& raw, Asked& one) { ask(trigger::sign(raw, "key"), one, keys); }
  void run_until(const std::function<bool()>& reached) {
    while (!reached() && loop.run_one() > 0) {
    }
  }

  asio::io_context loop{1};
  asio::thread_pool pool{1};
  std::shared_ptr<Keys> keys = keys_of({"key"});
  std::unique_ptr<http::Examiner> examiner;
};

}  // namespace

TEST_CASE("deliveries that come together are each found to be what they are") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, HmacKeys::lanes, 5 * HmacKeys::lanes + 1}) {
    INFO(count << " deliveries");
    House house;
    std::vector<Asked> all(count);
    const auto id = [](std::size_t i) { return "delivery-" + std::to_string(i); };
    for (std::size_t i = 0; i < count; ++i) house.ask(push(id(i), i * 37), all[i]);
    house.loop.run();
    for (std::size_t i = 0; i < count; ++i) CHECK(all[i].judged() == id(i));
  }
}

TEST_CASE("what is not a signed push among others does not change what they are found to be") {
  House house;
  Asked before, forged, unclaimed, without_payload, unreadable, other_event, after;
  house.ask(push("before"), before);
  house.ask(with(push("forged"), "X-Gitea-Signature", std::string(64, '0').c_str()), forged, house.keys);
  house.ask(push("unclaimed"), unclaimed, house.keys);
  RawDelivery form = push("form");
  form.headers = {{"Content-Type", {"application/x-www-form-urlencoded"}}};
  house.ask(form, without_payload, house.keys);
  RawDelivery cut = push("cut");
  cut.body.resize(cut.body.size() / 2);
  house.ask(cut, unreadable);
  RawDelivery star = push("star");
  star.headers = {{"Content-Type", {"application/json"}}, {"X-Gitea-Event", {"star"}}, {"X-Gitea-Delivery", {"star"}}};
  house.ask(star, other_event);
  house.ask(push("after"), after);
  house.loop.run();

  CHECK(before.judged() == "before");
  for (const Asked* one : {&forged, &unclaimed, &without_payload}) CHECK(one->is_unsigned());
  CHECK(std::holds_alternative<Error>(unreadable.finding.value()));
  CHECK(std::holds_alternative<trigger::Ignored>(other_event.finding.value()));
  CHECK(after.judged() == "after");
}

TEST_CASE("the verdict is the judge's, and the list of commits is left to the body") {
  House house;
  Asked one;
  house.ask(push("one"), one);
  house.loop.run();
  const auto& judged = std::get<http::Judged>(one.finding.value());
  CHECK(judged.decision.json().find(R"({"trigger":"backend","reason":"one"})") != std::string::npos);
  CHECK(judged.delivery.push.commits.empty());
  CHECK(judged.delivery.body->find("\"commits\"") != std::string::npos);
}

TEST_CASE("while secrets are exchanged, each delivery is examined with the keys of its own moment") {
  House house;
  const auto before = keys_of({"old"}), between = keys_of({"old", "new"}), after = keys_of({"new"});
  struct Row {
    std::shared_ptr<Keys> keys;
    const char* secret;
    bool valid;
  };
  const std::vector<Row> rows{{before, "old", true},  {before, "new", false}, {between, "old", true},
                              {between, "new", true}, {after, "old", false},  {after, "new", true}};
  std::vector<Asked> all(10 * rows.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Row& row = rows[i % rows.size()];
    house.ask(trigger::sign(push(std::to_string(i)), row.secret), all[i], row.keys);
  }
  house.loop.run();
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK((all[i].judged() == std::to_string(i)) == rows[i % rows.size()].valid);
    CHECK(all[i].is_unsigned() != rows[i % rows.size()].valid);
  }
}

TEST_CASE("long deliveries and short ones are examined in the order in which they came") {
  std::vector<std::string> order;
  House house([&](const Delivery& delivery) {
    order.push_back(delivery.id.value());
    return skip(delivery);
  });
  Asked a, b, c;
  house.ask(push("short"), a);
  house.ask(push("long", HmacKeys::longest_together), b);
  house.ask(push("short-2"), c);
  house.loop.run();
  CHECK(order == std::vector<std::string>{"short", "long", "short-2"});
  for (const Asked* one : {&a, &b, &c}) CHECK(one->done());
}

TEST_CASE("the loop goes on while deliveries are examined, and those that come meanwhile are next") {
  HeldJudge judge("first");
  House house(std::ref(judge));
  Asked first;
  std::vector<Asked> later(3 * HmacKeys::lanes);
  house.ask(push("first"), first);
  house.loop.poll();
  judge.begun.get_future().wait();
  for (std::size_t i = 0; i < later.size(); ++i) house.ask(push(std::to_string(i)), later[i]);
  house.loop.poll();
  CHECK_FALSE(first.done());
  judge.go_on.set_value();
  house.loop.run();
  CHECK(first.judged() == "first");
  for (std::size_t i = 0; i < later.size(); ++i) CHECK(later[i].judged() == std::to_string(i));
}

TEST_CASE("a group's tasks go on while the next group of the same batch is examined") {
  HeldJudge judge(std::to_string(HmacKeys::lanes));
  House house(std::ref(judge));
  std::vector<Asked> all(HmacKeys::lanes + 1);
  for (std::size_t i = 0; i < all.size(); ++i) house.ask(push(std::to_string(i)), all[i]);
  house.run_until([&] { return all[HmacKeys::lanes - 1].done(); });
  judge.begun.get_future().wait();
  CHECK_FALSE(all.back().done());
  judge.go_on.set_value();
  house.loop.run();
  CHECK(all.back().judged() == std::to_string(HmacKeys::lanes));
}

TEST_CASE("nobody waits for a very large delivery") {
  HeldJudge judge("large");
  House house(std::ref(judge));
  Asked large, small;
  house.ask(push("large", 1u << 20), large);
  house.loop.poll();
  judge.begun.get_future().wait();
  house.ask(push("small"), small);
  house.run_until([&] { return small.done(); });
  CHECK(small.judged() == "small");
  CHECK_FALSE(large.done());
  judge.go_on.set_value();
  house.loop.run();
  CHECK(large.judged() == "large");
}

TEST_CASE("an accident of the judge is thrown to the task whose delivery it was, and to no other") {
  House house([](const Delivery& delivery) {
    if (delivery.id.value() == "bad") throw std::runtime_error("the judge is ill");
    return skip(delivery);
  });
  Asked before, bad, after;
  house.ask(push("before"), before);
  house.ask(push("bad"), bad);
  house.ask(push("after"), after);
  house.loop.run();
  CHECK(before.judged() == "before");
  CHECK(bad.accident == "the judge is ill");
  CHECK(after.judged() == "after");
}

TEST_CASE("an examiner that ends takes along who waits, in whichever state") {
  HeldJudge judge("first");
  Asked first, next, unbegun;
  {
    House house(std::ref(judge));
    house.ask(push("first"), first);
    house.loop.poll();
    judge.begun.get_future().wait();
    house.ask(push("next"), next);
    house.loop.poll();
    house.ask(push("unbegun"), unbegun);
    judge.go_on.set_value();
    house.examiner.reset();
  }
  for (const Asked* one : {&first, &next, &unbegun}) CHECK_FALSE(one->done());
}
