#include <catch2/catch.hpp>
#include <thread>

#include "base/failure.hpp"
#include "parts.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using test::Fault;
using test::InfraCase;
using test::new_commit;

namespace {

/// What a fetch ends with: the kind of exception, and its text.
struct Ending {
  std::string kind, text;
};

template <class F>
Ending ending(F action) {
  try {
    action();
  } catch (const Refused& error) {
    return {"refused", error.what()};
  } catch (const Unavailable& error) {
    return {"unavailable", error.what()};
  } catch (const std::exception& error) {
    return {"bug", error.what()};
  }
  return {"fine", ""};
}

Fault fault(Fault::Kind kind, int status = 503, std::string header = "") {
  Fault made(kind);
  made.status = status;
  made.header = std::move(header);
  return made;
}

}  // namespace

TEST_CASE("a server that says no is not asked again, and its answer is told") {
  struct Row {
    const char* what;
    std::function<void(InfraCase&)> arrange;
    const char* says;
  };
  const std::vector<Row> rows{
      {"wrong password", [](InfraCase& one) { one.options.access.credentials = [] { return git::Credentials("ci", "wrong-p4ss"); }; }, "401"},
      {"no credentials", [](InfraCase& one) { one.options.access.credentials = nullptr; }, "401"},
      {"missing repository", [](InfraCase& one) { one.options.url = one.server.url("Lumie-Edu/nothing"); }, "404"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    InfraCase one;
    row.arrange(one);
    const auto end = ending([&] { one.fetch(); });
    CHECK(end.kind == "refused");
    CHECK_THAT(end.text, Catch::Contains(row.says) && Catch::Contains(one.options.url));
    CHECK_THAT(end.text, !Catch::Contains("wrong-p4ss") && !Catch::Contains("Basic"));
  }
}

TEST_CASE("a wrong password is one request") {
  InfraCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  one.options.access.credentials = [] { return git::Credentials("ci", "wrong"); };
  CHECK(ending([&] { one.fetch(); }).kind == "refused");
  CHECK(proxy.seen().size() == 1);
}

TEST_CASE("a rotated password is used from the next connection on") {
  InfraCase one;
  std::string password = "old";
  one.options.access.credentials = [&] { return git::Credentials("ci", password); };
  CHECK(ending([&] { one.fetch(); }).kind == "refused");
  password = one.server.password();
  CHECK(ending([&] { one.fetch(); }).kind == "fine");
}

TEST_CASE("a repository that may be read but not pushed to is refused at the push") {
  InfraCase one;
  const CommitSha head = one.fetch();
  one.repository.allow_push(false);
  const auto end = ending([&] { one.push(head, {new_commit("charts/values.yaml", "x")}); });
  CHECK(end.kind == "refused");
  CHECK_THAT(end.text, Catch::Contains("403"));
}

TEST_CASE("whether the credentials may push is asked without a push, of the copies too") {
  InfraCase one;
  one.fetch();
  const auto ask = [&] { test::run_coroutine(one.loop(), one.remote().may_push()); };
  CHECK(ending(ask).kind == "fine");
  one.repository.allow_push(false);
  CHECK(ending(ask).kind == "refused");
  CHECK_THAT(ending(ask).text, Catch::Contains("403") && Catch::Contains(one.options.url));
  one.repository.allow_push(true);
  const auto copy = one.server.create("Lumie-Edu/copy");
  one.options.also_push.emplace_back(one.server.url("Lumie-Edu/copy"), git::Access());
  one.restart();
  CHECK(ending(ask).kind == "refused");
  CHECK_THAT(ending(ask).text, Catch::Contains("401") && Catch::Contains("Lumie-Edu/copy"));
}

TEST_CASE("a network that fails is a reason to try again later, told with host and cause") {
  struct Row {
    const char* what;
    Fault fault;
    const char* kind;
    const char* says;
  };
  const std::vector<Row> rows{
      {"500", fault(Fault::Kind::answer, 500), "unavailable", "500"},
      {"502", fault(Fault::Kind::answer, 502), "unavailable", "502"},
      {"503", fault(Fault::Kind::answer, 503), "unavailable", "503"},
      {"429", fault(Fault::Kind::answer, 429), "unavailable", "429"},
      {"403 with words", fault(Fault::Kind::answer, 403), "refused", "injected"},
      {"cut before the answer", fault(Fault::Kind::cut), "unavailable", ""},
      {"an answer that is no Git", fault(Fault::Kind::answer, 200), "unavailable", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    InfraCase one;
    test::FaultyProxy proxy(one.server.port(), [&](const auto&) { return row.fault; });
    one.go_through(proxy.port());
    const auto end = ending([&] { one.fetch(); });
    CHECK(end.kind == row.kind);
    CHECK_THAT(end.text, Catch::Contains(row.says) && Catch::Contains("127.0.0.1:" + std::to_string(proxy.port())));
    proxy.set_judge(nullptr);
    CHECK(one.fetch() == one.repository.head());
  }
}

TEST_CASE("an answer cut anywhere is a broken connection, and the mirror is none the worse") {
  InfraCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  for (const std::size_t bytes : {0u, 20u, 200u, 300u, 500u}) {
    CAPTURE(bytes);
    Fault cut(Fault::Kind::cut_answer);
    cut.bytes = bytes;
    for (const char* which : {"GET", "POST"}) {
      CAPTURE(which);
      one.restart();
      std::filesystem::remove_all(one.options.mirror);
      proxy.set_judge([&](const test::SeenRequest& request) { return request.line.starts_with(which) ? cut : Fault(); });
      const auto end = ending([&] { one.fetch(); });
      if (end.kind != "fine") CHECK(end.kind == "unavailable");  // the cut may lie behind the last byte that matters
      proxy.set_judge(nullptr);
      CHECK(one.fetch() == one.repository.head());
      CHECK(one.read("README.md") == "infra\n");
    }
  }
}

TEST_CASE("a push whose answer is lost is unavailable, never a success or a race; looking again shows what became of it") {
  InfraCase one;
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  const CommitSha head = one.fetch();
  Fault lost(Fault::Kind::cut_answer);
  proxy.set_judge([&](const test::SeenRequest& request) { return request.line.starts_with("POST") ? lost : Fault(); });
  CHECK(ending([&] { one.push(head, {new_commit("charts/values.yaml", "x")}); }).kind == "unavailable");
  proxy.set_judge(nullptr);
  CHECK(one.repository.head() != head);
  CHECK(one.head() == one.repository.head());
  CHECK(one.read("charts/values.yaml") == "x");
}

TEST_CASE("a refused connection names host and port") {
  InfraCase one;
  const auto port = test::free_port();
  one.go_through(port);
  const auto end = ending([&] { one.fetch(); });
  CHECK(end.kind == "unavailable");
  CHECK_THAT(end.text, Catch::Contains("127.0.0.1:" + std::to_string(port) + ": Connection refused"));
}

TEST_CASE("a name that nobody knows") {
  InfraCase one;
  one.options.url = "http://no-such-host.invalid/git/a/b.git";
  const auto end = ending([&] { one.fetch(); });
  CHECK(end.kind == "unavailable");
  CHECK_THAT(end.text, Catch::Contains("no-such-host.invalid"));
}

TEST_CASE("a server that accepts and never answers is given up at the limit, plain and TLS") {
  for (const char* scheme : {"http", "https"}) {
    CAPTURE(scheme);
    InfraCase one;
    const test::SilentServer silent;
    one.options.url = std::string(scheme) + "://127.0.0.1:" + std::to_string(silent.port()) + "/git/a/b.git";
    one.options.access.limit = 300ms;
    const auto end = ending([&] { one.fetch(); });
    CHECK(end.kind == "unavailable");
    CHECK_THAT(end.text, Catch::Contains("no answer within the time limit"));
  }
}

TEST_CASE("the limit is absolute: a byte at a time does not extend it, at any request") {
  struct Row {
    const char* request;
    bool push;
  };
  for (const auto& row : {Row{"GET /git/Lumie-Edu/infra.git/info/refs?service=git-upload-pack", false}, Row{"POST /git/Lumie-Edu/infra.git/git-upload-pack", false},
                          Row{"GET /git/Lumie-Edu/infra.git/info/refs?service=git-receive-pack", true}, Row{"POST /git/Lumie-Edu/infra.git/git-receive-pack", true}}) {
    CAPTURE(row.request);
    for (const auto kind : {Fault::Kind::hang, Fault::Kind::trickle}) {
      InfraCase one;
      test::FaultyProxy proxy(one.server.port());
      one.go_through(proxy.port());
      const CommitSha head = row.push ? one.fetch() : CommitSha();
      one.options.access.limit = 400ms;
      one.restart();
      Fault slow(kind);
      slow.pause = 50ms;
      proxy.set_judge([&](const test::SeenRequest& request) { return request.line.starts_with(row.request) ? slow : Fault(); });
      const auto end = row.push ? ending([&] { one.push(head, {new_commit("charts/values.yaml", "x")}); }) : ending([&] { one.fetch(); });
      CHECK(end.kind == "unavailable");
      CHECK_THAT(end.text, Catch::Contains("no answer within the time limit"));
    }
  }
}

TEST_CASE("an operation is cancelled from another thread") {
  InfraCase one;
  const test::SilentServer silent;
  one.go_through(silent.port());
  one.options.access.limit = std::chrono::hours(1);
  const auto flag = std::make_shared<git::CancelFlag>();
  one.options.access.cancel = flag;
  std::thread canceller([&] { flag->set(); });
  const auto end = ending([&] { one.fetch(); });
  canceller.join();
  CHECK(end.kind == "unavailable");
  CHECK_THAT(end.text, Catch::Contains("cancelled"));
}

TEST_CASE("credentials are not sent along a redirect, to another host or the same") {
  InfraCase one;
  test::FaultyProxy thief(one.server.port());
  for (const int status : {301, 302, 303, 307, 308}) {
    CAPTURE(status);
    const std::string elsewhere = "Location: http://127.0.0.1:" + std::to_string(thief.port()) + "/git/Lumie-Edu/infra.git/info/refs?service=git-upload-pack\r\n";
    test::FaultyProxy proxy(one.server.port(), [&](const auto&) { return fault(Fault::Kind::answer, status, elsewhere); });
    one.restart();
    one.go_through(proxy.port());
    const auto end = ending([&] { one.fetch(); });
    CHECK(end.kind == "refused");
    CHECK_THAT(end.text, Catch::Contains("redirect"));
    CHECK(proxy.seen().size() == 1);
  }
  CHECK(thief.seen().empty());
}

TEST_CASE("a push is not sent along a redirect either") {
  InfraCase one;
  test::FaultyProxy thief(one.server.port());
  test::FaultyProxy proxy(one.server.port());
  one.go_through(proxy.port());
  const CommitSha head = one.fetch();
  const std::string elsewhere = "Location: http://127.0.0.1:" + std::to_string(thief.port()) + "/git/Lumie-Edu/infra.git/git-receive-pack\r\n";
  proxy.set_judge([&](const test::SeenRequest& request) { return request.line.starts_with("POST") ? fault(Fault::Kind::answer, 307, elsewhere) : Fault(); });
  CHECK(ending([&] { one.push(head, {new_commit("charts/values.yaml", "x")}); }).kind == "refused");
  CHECK(thief.seen().empty());
}
