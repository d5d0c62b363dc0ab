#include <catch2/catch.hpp>

#include <cstdlib>
#include <new>

#include "cel/json.hpp"
#include "cel/program.hpp"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace slipway;
using namespace slipway::cel;

TEST_CASE("a filter that only compares strings allocates nothing", "[cel]") {
  const auto body = parse_body(R"({"ref":"refs/heads/main","repository":{"name":"a-repository-with-a-rather-long-name"},
    "commits":[{"added":["services/grading/src/main/java/A.java"],"modified":["README.md"]}]})");
  REQUIRE(body);
  const HeaderMap header{{"X-Gitea-Event", {"push"}}, {"X-A-Header-With-A-Long-Name", {"a value that is long as well"}}};
  Bindings bindings;
  bindings.body = &*body;
  bindings.header = &header;
  const char* filters[] = {
      "body.ref == 'refs/heads/main' && body.repository.name in ['a-repository-with-a-rather-long-name', 'b']",
      "body.commits.exists(c, c.added.exists(f, f.startsWith('services/grading/src/main/java/B')) || c.modified.exists(f, f.endsWith('.md')))",
      "header.match('X-Gitea-Event', 'push') && header['X-A-Header-With-A-Long-Name'][0].contains('long')",
      "has(body.repository.name) && !has(body.nope) && body.ref.matches('^refs/heads/(main|dev)$')",
      "body.commits.all(c, c.added.size() > 0) && size(body.ref) < 100",
      "body.nope == 'x' || body.ref == 'refs/heads/main'",
  };
  for (const char* filter : filters) {
    INFO(filter);
    const auto program = Program::compile(filter);
    REQUIRE(program);
    (void)program->test(bindings);  // RE2 prepares itself at the first match
    const std::size_t before = allocations;
    const auto verdict = program->test(bindings);
    const std::size_t after = allocations;
    CHECK(after - before == 0);
    REQUIRE(verdict);
    CHECK(*verdict);
  }
}
