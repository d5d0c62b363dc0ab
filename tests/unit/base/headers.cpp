#include "base/headers.hpp"

#include <catch2/catch.hpp>

using namespace slipway;

namespace {

std::string shown(const Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) text.append(name).append("=").append(value).append(";");
  return text;
}

}  // namespace

TEST_CASE("fields keep their order, under canonical names") {
  Headers headers;
  CHECK(headers.empty());
  headers.add("x-GITEA-event", "push");
  headers.add("ACCEPT", "b");
  headers.add("accept", "");
  CHECK(shown(headers) == "X-Gitea-Event=push;Accept=b;Accept=;");
  CHECK(headers.first("Accept") == "b");
  CHECK(headers.values("Accept") == std::vector<std::string_view>{"b", ""});
  CHECK(headers.first("Absent").empty());
  CHECK(headers.values("Absent").empty());
  CHECK(headers.by_name() == std::map<std::string_view, std::vector<std::string_view>>{{"Accept", {"b", ""}}, {"X-Gitea-Event", {"push"}}});
}

TEST_CASE("a field is replaced and erased with all its values") {
  Headers headers{{"A", {"1", "2"}}, {"B", {"3"}}, {"C", {}}};
  CHECK(shown(headers) == "A=1;A=2;B=3;");
  headers.set("A", "4");
  CHECK(shown(headers) == "B=3;A=4;");
  headers.erase("B");
  headers.erase("Absent");
  CHECK(shown(headers) == "A=4;");
  headers.erase("A");
  CHECK(headers.empty());
}

TEST_CASE("what is stored as text is read back, and of a torn text what is whole") {
  const Headers headers{{"A", {"1", ""}}, {"Long-Name", {std::string(500, 'x')}}};
  CHECK(Headers::parse(headers.text()) == headers);
  CHECK(shown(Headers::parse(headers.text())) == shown(headers));
  for (std::size_t size = 0; size < headers.text().size(); ++size) {
    const std::string torn = shown(Headers::parse(headers.text().substr(0, size)));
    CHECK((torn.empty() || torn == "A=1;" || torn == "A=1;A=;"));
  }
}

TEST_CASE("copies and moved ones stand on their own") {
  Headers first{{"A", {"1"}}};
  Headers copy = first;
  first.add("B", "2");
  CHECK(shown(copy) == "A=1;");
  const Headers moved = std::move(first);
  CHECK(shown(moved) == "A=1;B=2;");
  CHECK_FALSE(moved == copy);
}
