#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "cel/filter_set.hpp"
#include "cel/json.hpp"

// The cost of deciding: one delivery of 15 commits with 20 files each, 20 triggers with four prefixes each, none of which matches;
// beside one RapidJSON parse of the same body. Medians of many rounds; `--json` prints one object.

using namespace slipway;

namespace {

std::string file_name(int commit, int file) {
  constexpr const char* areas[] = {"services/core", "services/platform", "services/support", "web/app", "docs/guide"};
  return std::string(areas[(commit + file) % 5]) + "/module-" + std::to_string(file) + "/src/main/java/org/example/Part" + std::to_string(commit) + ".java";
}

std::string commit_json(int commit) {
  std::string made = R"({"id":"fc73c3050f62e1b5e1a5a2c4f7f0b9afb29fe288","message":"FEAT: change number )" + std::to_string(commit) +
                     R"(\n","url":"https://gitea.example.test/minsu/lumie-worker/commit/fc73c3050f62e1b5e1a5a2c4f7f0b9afb29fe288",)"
                     R"("author":{"name":"minsu","email":"minsu@example.test","username":"minsu"},)"
                     R"("committer":{"name":"minsu","email":"minsu@example.test","username":"minsu"},)"
                     R"("verification":null,"timestamp":"2026-03-14T10:01:00+09:00")";
  for (const char* list : {"added", "removed", "modified"}) {
    const int begin = std::strcmp(list, "added") == 0 ? 0 : std::strcmp(list, "modified") == 0 ? 8 : 18;
    const int end = begin == 0 ? 8 : begin == 8 ? 18 : 20;
    made += std::string(",\"") + list + "\":[";
    for (int i = begin; i < end; ++i) made += (i > begin ? ",\"" : "\"") + file_name(commit, i) + "\"";
    made += "]";
  }
  return made + "}";
}

std::string delivery() {
  std::string made = R"({"ref":"refs/heads/main","before":"421d3a19926ba31c34ed9a40b0db53aa97fa49ad","after":"87d118f9a45ebe51fc565a98c638dd4879925410","commits":[)";
  for (int i = 0; i < 15; ++i) made += (i > 0 ? "," : "") + commit_json(i);
  return made + R"(],"total_commits":15,"repository":{"id":17,"owner":{"id":1,"login":"minsu","email":"m@example.test"},"name":"lumie-worker",)"
                R"("full_name":"minsu/lumie-worker","private":true,"clone_url":"https://gitea.example.test/minsu/lumie-worker.git","default_branch":"main"},)"
                R"("pusher":{"id":1,"login":"minsu"},"sender":{"id":1,"login":"minsu"}})";
}

std::string filter(int trigger) {
  std::string tests;
  for (const char* prefix : {"services/grading-", "libs/common-", "libs/messaging-", "tools/build-"}) {
    tests += (tests.empty() ? "f.startsWith('" : " || f.startsWith('") + std::string(prefix) + std::to_string(trigger) + "/')";
  }
  return "body.repository.name in ['lumie-worker'] && body.commits.exists(c, c.added.exists(f, " + tests + ") || c.modified.exists(f, " + tests + "))";
}

template <class Work>
double median_microseconds(int rounds, Work work) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[static_cast<std::size_t>(rounds) / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  const std::string text = delivery();
  const auto body = cel::parse_body(text);
  std::vector<cel::Program> programs;
  for (int i = 0; i < 20; ++i) {
    auto program = cel::Program::compile(filter(i));
    if (!program || !body) return 1;
    programs.push_back(*program);
  }
  const cel::FilterSet set(programs);
  cel::Bindings bindings;
  bindings.body = &*body;

  constexpr int rounds = 2'000;
  std::size_t matched = 0;
  const double parse = median_microseconds(rounds, [&] {
    rapidjson::Document document;
    document.Parse(text.data(), text.size());
    matched += document.HasParseError() ? 1 : 0;
  });
  const double careful = median_microseconds(rounds, [&] { matched += cel::parse_body(text) ? 0 : 1; });
  const double together = median_microseconds(rounds, [&] {
    for (const auto& verdict : set.test(bindings)) matched += verdict && !*verdict ? 0 : 1;
  });
  const double alone = median_microseconds(rounds, [&] {
    const auto verdict = programs[0].test(bindings);
    matched += verdict && !*verdict ? 0 : 1;
  });
  if (matched != 0) return 1;
  if (json) {
    std::printf("[{\"name\":\"20 path triggers, 15 commits x 20 files, none matches\",\"value\":%.2f,\"unit\":\"us\",\"peer\":\"one RapidJSON parse of the "
                "body, %.1f us\",\"ratio\":%.3f,\"goal\":\"< 2 (aim 60 us)\",\"ok\":%s},\n",
                together, parse, together / parse, together < 2 * parse ? "true" : "false");
    std::printf(" {\"name\":\"one of them alone\",\"value\":%.2f,\"unit\":\"us\",\"peer\":\"the same\",\"ratio\":%.3f},\n", alone, alone / parse);
    std::printf(" {\"name\":\"the body read as filters read it\",\"value\":%.2f,\"unit\":\"us\",\"peer\":\"the same\",\"ratio\":%.3f}]\n", careful,
                careful / parse);
  } else {
    std::printf("delivery of %zu bytes, 15 commits x 20 files; medians of %d rounds\n", text.size(), rounds);
    std::printf("  one RapidJSON parse            %8.1f us\n", parse);
    std::printf("  parse_body                     %8.1f us   %.2f parses\n", careful, careful / parse);
    std::printf("  20 triggers x 4 prefixes       %8.1f us   %.2f parses (limit 2)\n", together, together / parse);
    std::printf("  one of them alone              %8.1f us   %.2f parses\n", alone, alone / parse);
  }
  return together < 2 * parse ? 0 : 1;
}
