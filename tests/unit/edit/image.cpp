#include "edit/image.hpp"

#include <catch2/catch.hpp>
#include <string>

using slipway::edit::compare_image;
using slipway::edit::ImageComparison;
using slipway::edit::Options;
using slipway::edit::Path;
using Verdict = slipway::edit::ImageComparison::Verdict;

namespace {

Path path(std::string_view text) {
  return *Path::parse(text);
}

}  // namespace

TEST_CASE("the repository beside the tag is compared without hosts") {
  struct Row {
    std::string beside, image;
    Verdict verdict;
  };
  const std::vector<Row> rows = {
      {"repository: apps/web", "registry.example/apps/web", Verdict::same},
      {"repository: apps/web", "registry.example:5000/apps/web:abc@sha256:0", Verdict::same},
      {"repository: other.example/apps/web", "registry.example/apps/web", Verdict::same},
      {"repository: localhost/apps/web", "apps/web:1", Verdict::same},
      {"repository: web", "registry.example/library/web", Verdict::same},
      {"repository: apps/web", "registry.example/apps/api", Verdict::different},
      {"repository: apps/web", "registry.example/web", Verdict::different},
      {"repository: web", "registry.example/apps/web", Verdict::different},
      {"registry: registry.example\n  repository: apps/web", "elsewhere.example/apps/web", Verdict::same},
      {"registry: registry.example/apps\n  repository: web", "elsewhere.example/apps/web", Verdict::same},
      {"registry: registry.example/\n  repository: apps/web", "apps/web", Verdict::same},
      {"registry: mirror\n  repository: apps/web", "registry.example/apps/web", Verdict::same},
      {"registry: mirror\n  repository: web", "registry.example/mirror/web", Verdict::same},
      {"registry: ''\n  repository: apps/web", "registry.example/apps/web", Verdict::same},
      {"registry: ~\n  repository: apps/api", "registry.example/apps/web", Verdict::different},
      {"registry: registry.example", "registry.example/apps/web", Verdict::nothing_declared},
      {"pullPolicy: Always", "registry.example/apps/web", Verdict::nothing_declared},
      {"repository: \"{{ .Values.name }}\"", "registry.example/apps/web", Verdict::nothing_declared},
      {"repository: ${REGISTRY}/web", "registry.example/apps/web", Verdict::nothing_declared},
      {"repository: ''", "registry.example/apps/web", Verdict::nothing_declared},
      {"repository: [a]", "registry.example/apps/web", Verdict::nothing_declared},
  };
  for (const Row& row : rows) {
    INFO(row.beside << " and " << row.image);
    const auto compared = compare_image("image:\n  " + row.beside + "\n  tag: x\n", path("image.tag"), row.image);
    REQUIRE(compared);
    CHECK(compared->verdict == row.verdict);
  }
}

TEST_CASE("a wrong image is named with its place") {
  Options options;
  options.file = "values.yaml";
  const std::string file = "a: 1\nimage:\n  registry: registry.example\n  repository: apps/front\n  tag: x\n";
  const auto compared = compare_image(file, path("image.tag"), "registry.example/apps/back:1", options);
  REQUIRE(compared);
  CHECK(compared->verdict == Verdict::different);
  CHECK(compared->where == slipway::Position("values.yaml", 4, 15));
  CHECK(compared->text() ==
        "the repository beside the tag is 'registry.example/apps/front', but the image is 'apps/back': is this the "
        "right file?");
}

TEST_CASE("the comparison stays in the document and item of the tag, and reads through merge keys") {
  const std::string documents = "image: {repository: a}\n---\nimage: {repository: b, tag: x}\n";
  CHECK(compare_image(documents, path("image.tag"), "b")->verdict == Verdict::same);
  const std::string items = "c:\n- {name: x, repository: a, tag: '1'}\n- {name: y, repository: b, tag: '1'}\n";
  CHECK(compare_image(items, path("c[name=y].tag"), "b")->verdict == Verdict::same);
  CHECK(compare_image(items, path("c[0].tag"), "b")->verdict == Verdict::different);
  const std::string merged = "x: &x {repository: a}\nimage:\n  <<: *x\n  tag: y\n";
  CHECK(compare_image(merged, path("image.tag"), "a")->verdict == Verdict::same);
  CHECK(compare_image(merged, path("image.digest"), "a")->verdict == Verdict::same);
  CHECK(compare_image("", path("image.tag"), "a")->verdict == Verdict::nothing_declared);
  CHECK_FALSE(compare_image("tag: 1\n---\ntag: 2\n", path("tag"), "a"));
  CHECK_FALSE(compare_image("tag: [", path("tag"), "a"));
}

TEST_CASE("a Kustomize entry is compared by its new name, else its name") {
  const std::string file =
      "images:\n- name: apps/web\n  newTag: '1'\n- name: placeholder\n  newName: registry.example/apps/api\n  digest: "
      "sha256:0\n";
  CHECK(compare_image(file, path("images[0].newTag"), "registry.example/apps/web")->verdict == Verdict::same);
  CHECK(compare_image(file, path("images[0].newTag"), "registry.example/apps/api")->verdict == Verdict::different);
  CHECK(compare_image(file, path("images[name=placeholder].digest"), "apps/api")->verdict == Verdict::same);
  CHECK(compare_image(file, path("images[name=placeholder].newTag"), "placeholder")->verdict == Verdict::different);
}

TEST_CASE("a digest beside the tag is told with its place, since it counts instead of the tag") {
  const std::string file = "images:\n- {name: web, newTag: '1'}\n- {name: api, newTag: '1', digest: 'sha256:0'}\n";
  CHECK(compare_image(file, path("images[name=web].newTag"), "web")->pinned.empty());
  CHECK(compare_image(file, path("images[name=api].newTag"), "api")->pinned == "sha256:0");
  CHECK(compare_image(file, path("images[name=api].newTag"), "api")->taker == "Kustomize");
  const auto chart = compare_image("image:\n  repository: a\n  tag: x\n  digest: 'sha256:0'\n", path("image.tag"), "a");
  CHECK(chart->pinned == "sha256:0");
  CHECK(chart->pinned_at == slipway::Position("", 4, 11));
  CHECK(chart->pinned_text() == "the image is pinned to sha256:0, which a chart takes instead of the tag: write the digest too, or take it out");
  for (const char* none : {"''", "~", "'{{ .Values.digest }}'", ""}) {
    CHECK(compare_image(std::string("image:\n  tag: x\n  digest: ") + none + "\n", path("image.tag"), "a")->pinned.empty());
  }
}

TEST_CASE("a key beside the tag that stands twice silences nothing, and an image that a run completes is not compared") {
  const auto twice = compare_image("image:\n  repository: a\n  tag: x\n  repository: b\n", path("image.tag"), "a");
  REQUIRE_FALSE(twice);
  CHECK(twice.error().text() == "4:3: the key 'repository' stands twice in 'image', first in line 2");
  CHECK(compare_image("image: {repository: a, tag: x}\n", path("image.tag"), "$(APP)/b")->verdict == Verdict::nothing_declared);
}
