#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cel/filter_set.hpp"
#include "cel/json.hpp"
#include "cel/program.hpp"

using namespace slipway;

namespace {

bool same(const Result<bool>& a, const Result<bool>& b) { return static_cast<bool>(a) == static_cast<bool>(b) && (!a || *a == *b); }

bool same(cel::Explanation::Verdict explained, const Result<bool>& verdict) {
  using Verdict = cel::Explanation::Verdict;
  return explained == (!verdict ? Verdict::error : *verdict ? Verdict::matched : Verdict::not_matched);
}

}  // namespace

// An expression, a zero byte, and the text of a JSON body: the filter alone, in a set, explained and as an overlay must agree.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const auto body = cel::parse_body(zero == std::string_view::npos ? std::string_view() : input.substr(zero + 1));
  const auto program = cel::Program::compile(input.substr(0, zero));
  if (!body || !program) return 0;

  const cel::HeaderMap header{{"X-Gitea-Event", {"push"}}};
  cel::Bindings bindings;
  bindings.body = &*body;
  bindings.header = &header;
  bindings.extensions = &*body;
  bindings.request_url = "/?a=b";
  const auto verdict = program->test(bindings);
  const auto together = cel::FilterSet({*program, *program}).test(bindings);
  if (!same(verdict, together[0]) || !same(verdict, together[1])) __builtin_trap();
  if (!same(program->explain(bindings).verdict, verdict)) __builtin_trap();
  if (const auto value = program->evaluate(bindings)) {
    rapidjson::Document extensions(rapidjson::kObjectType);
    (void)cel::set_extension(extensions, "a.b", *value);
  }
  return 0;
}
