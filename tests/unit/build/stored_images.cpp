#include "build/local/stored_images.hpp"

#include <catch2/catch.hpp>

#include "support/tmp_dir.hpp"

using namespace slipway;
using build::superfluous_images;
using build::UsedImages;
using Ids = std::vector<std::string>;

namespace {

std::string id(char digit) { return std::string(64, digit); }

/// A store's records: images with their top layers, and layers upon each other.
struct Records {
  Records() {
    store.root = dir.path();
    store.driver = "overlay";
    std::filesystem::create_directories(dir / "overlay-images");
    std::filesystem::create_directories(dir / "overlay-layers");
  }
  void image(char digit, const std::string& layer, const std::string& name = "") {
    images += (images.empty() ? "" : ",") + (R"({"id":")" + id(digit) + R"(","layer":")" + layer + "\"" + (name.empty() ? "" : R"(,"names":[")" + name + "\"]") + "}");
  }
  void layer(const std::string& name, const std::string& parent = "") {
    layers += (layers.empty() ? "" : ",") + (R"({"id":")" + name + "\"" + (parent.empty() ? "" : R"(,"parent":")" + parent + "\"") + "}");
  }
  Ids superfluous(std::size_t newest, const std::set<std::string>& used = {}, std::size_t at_most = 10) {
    test::write_file(dir / "overlay-images/images.json", "[" + images + "]");
    test::write_file(dir / "overlay-layers/layers.json", "[" + layers + "]");
    return superfluous_images(store, used, newest, at_most);
  }

  test::TmpDir dir;
  build::Store store;
  std::string images, layers;
};

}  // namespace

TEST_CASE("old images go, but not what newer ones are made of, nor the base image") {
  Records records;
  records.layer("base");
  records.layer("dependencies", "base");
  for (const char* one : {"a", "b", "c"}) records.layer(one, "dependencies");
  records.image('0', "base", "registry/base:1");
  records.image('1', "dependencies");
  records.image('2', "a");
  records.image('3', "b");
  records.image('4', "c");
  CHECK(records.superfluous(1) == Ids{id('2'), id('3')});
  CHECK(records.superfluous(1, {}, 1) == Ids{id('2')});
  CHECK(records.superfluous(5).empty());
}

TEST_CASE("what builds still use stays with all that it is made of: another stage's layers are under no image") {
  Records records;
  records.layer("base");
  records.layer("tools", "base");
  records.layer("modules", "tools");
  records.layer("old", "base");
  records.layer("new", "base");
  records.image('1', "tools");
  records.image('2', "modules");
  records.image('3', "old");
  records.image('4', "new");
  CHECK(records.superfluous(1, {id('2')}) == Ids{id('3')});
  CHECK(records.superfluous(1) == Ids{id('1'), id('2'), id('3')});
}

TEST_CASE("of records that cannot be read nothing is superfluous") {
  Records records;
  CHECK(superfluous_images(records.store, {}, 0, 10).empty());
  records.images = "7";
  CHECK(records.superfluous(0).empty());
  records.images = R"({"id":"--all","layer":"x"},{"id":7},{})";
  CHECK(records.superfluous(0).empty());
  records.images = "{";
  CHECK(records.superfluous(0).empty());
}

TEST_CASE("buildah says which image it used instead of making it again") {
  CHECK(build::used_image("--> Using cache " + id('a') + "\n") == id('a'));
  CHECK(build::used_image("--> " + id('a')).empty());
  CHECK(build::used_image("--> Using cache --all").empty());
  CHECK(build::used_image("STEP 2/7: RUN echo --> Using cache " + id('a')).empty());
}

TEST_CASE("the images that the latest fifty builds used are known") {
  test::TmpDir dir;
  const UsedImages used(dir / "used");
  CHECK(used.all().empty());
  used.add({id('1'), id('2')});
  for (int i = 0; i < 49; ++i) used.add({id('3')});
  CHECK(used.all() == std::set<std::string>{id('1'), id('2'), id('3')});
  used.add({});
  CHECK(used.all() == std::set<std::string>{id('3')});
  test::write_file(dir / "used", "nothing --all " + id('4') + "\n");
  CHECK(used.all() == std::set<std::string>{id('4')});
}
