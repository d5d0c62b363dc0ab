// What one edit costs beside what reading the same file once with yaml-cpp costs, in the same run: a values file of 4
// KB, a stream of 5 MB, and a JSON file of 4 KB. An edit reads the file itself, and has the second reader read it
// before and after.
// --json prints a list of objects for scripts/bench. --quick does a tenth of it.
#include "edit/edit.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "edit/tree.hpp"

namespace {

using namespace slipway;
using Steady = std::chrono::steady_clock;

std::string values_file(std::size_t bytes) {
  std::string text =
      "# Values of one service\n\nimage:\n  registry: registry.example\n  repository: apps/web\n"
      "  tag: latest # set by the build\n  pullPolicy: Always\n\nextra:\n";
  for (int i = 0; text.size() < bytes; ++i) {
    const std::string n = std::to_string(i);
    text += "  - name: item-" + n + " # comment " + n + "\n    enabled: true\n    command: [\"/bin/app\", '--port', " +
            n + "]\n    annotations:\n      app.example/" + n +
            ": \"{{ .Values.x }}\"\n    script: |\n      set -e\n      run " + n + "\n\n";
  }
  return text;
}

std::string json_file(std::size_t bytes) {
  std::string text = "{\n  \"image\": {\"repository\": \"apps/web\", \"tag\": \"latest\"},\n  \"extra\": [";
  for (int i = 0; text.size() < bytes; ++i) {
    text += std::string(i == 0 ? "" : ",") + "\n    {\"name\": \"item-" + std::to_string(i) +
            "\", \"enabled\": true, \"ports\": [80, 443]}";
  }
  return text + "\n  ]\n}\n";
}

class NoEvents : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// The median of `rounds` calls, in microseconds.
template <class F>
double median_us(std::size_t rounds, F call) {
  std::vector<double> times(rounds);
  for (double& time : times) {
    const auto start = Steady::now();
    call();
    time = std::chrono::duration<double, std::micro>(Steady::now() - start).count();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(rounds / 2), times.end());
  return times[rounds / 2];
}

struct Cost {
  double edit_us, scan_us, parse_us;
  double ratio() const { return edit_us / parse_us; }
};

Cost measure(const std::string& file, std::size_t rounds) {
  const auto path = edit::Path::parse("image.tag");
  Cost cost{};
  cost.edit_us = median_us(rounds, [&] {
    const auto after = edit::replace(file, *path, "04758206");
    if (!after || after->size() <= file.size()) std::abort();
  });
  cost.scan_us = median_us(rounds, [&] {
    if (!edit::scan(file, "")) std::abort();
  });
  cost.parse_us = median_us(rounds, [&] {
    std::istringstream stream(file);
    YAML::Parser parser(stream);
    NoEvents events;
    while (parser.HandleNextDocument(events)) continue;
  });
  return cost;
}

// An edit is three readings' worth at most: its own and two of yaml-cpp's.
constexpr double ratio_max = 3.0;

void print(const char* name, const Cost& cost) {
  std::printf("%-11s edit %10.1f us   own scan %8.1f us   one yaml-cpp parse %10.1f us   edit to parse %.2f\n", name,
              cost.edit_us, cost.scan_us, cost.parse_us, cost.ratio());
}

std::string object(const char* name, const Cost& cost) {
  char text[300];
  std::snprintf(text, sizeof text,
                "{\"name\":\"edit of %s\",\"value\":%.1f,\"unit\":\"us\",\"peer\":\"one yaml-cpp parse, %.1f us\","
                "\"ratio\":%.2f,\"goal\":\"<= %.0f\",\"ok\":%s}",
                name, cost.edit_us, cost.parse_us, cost.ratio(), ratio_max,
                cost.ratio() <= ratio_max ? "true" : "false");
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::size_t scale = 10;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) json = true;
    if (std::strcmp(argv[i], "--quick") == 0) scale = 1;
  }
  struct Row {
    const char* name;
    Cost cost;
  };
  const Row rows[] = {{"YAML, 4 KB", measure(values_file(4 << 10), 100 * scale)},
                      {"YAML, 5 MB", measure(values_file(5 << 20), scale)},
                      {"JSON, 4 KB", measure(json_file(4 << 10), 100 * scale)}};
  std::string list;
  for (const Row& row : rows) {
    list += (list.empty() ? "" : ",\n ") + object(row.name, row.cost);
    if (!json) print(row.name, row.cost);
  }
  if (json) std::printf("[%s]\n", list.c_str());
}
