#include "build/local/stored_images.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "build/local/workspace.hpp"

namespace slipway::build {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_builds = 50;
constexpr std::size_t id_size = 64;

bool is_id(std::string_view text) {
  return text.size() == id_size && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A file's JSON array; null if it cannot be read or is not an array.
rapidjson::Document records(const fs::path& file) {
  rapidjson::Document document;
  document.Parse(read_if_there(file));
  if (document.HasParseError() || !document.IsArray()) document.SetNull();
  return document;
}

std::string text_of(const rapidjson::Value& record, const char* name) {
  const auto at = record.IsObject() ? record.FindMember(name) : rapidjson::Value::ConstMemberIterator();
  if (!record.IsObject() || at == record.MemberEnd() || !at->value.IsString()) return {};
  return {at->value.GetString(), at->value.GetStringLength()};
}

bool has_name(const rapidjson::Value& image) {
  const auto names = image.FindMember("names");
  return names != image.MemberEnd() && names->value.IsArray() && !names->value.Empty();
}

}  // namespace

std::string used_image(std::string_view line) {
  constexpr std::string_view mark = "--> Using cache ";
  if (!line.starts_with(mark)) return {};
  const auto id = line.substr(mark.size(), id_size);
  return is_id(id) ? std::string(id) : std::string();
}

std::vector<std::string> UsedImages::builds() const {
  std::vector<std::string> lines;
  std::ifstream in(file_);
  for (std::string line; lines.size() < 2 * most_builds && std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

std::set<std::string> UsedImages::all() const {
  std::set<std::string> images;
  for (const auto& line : builds()) {
    std::istringstream words(line);
    for (std::string id; words >> id;) {
      if (is_id(id)) images.insert(std::move(id));
    }
  }
  return images;
}

void UsedImages::add(const std::vector<std::string>& images) const {
  auto lines = builds();
  std::string& line = lines.emplace_back();
  for (std::size_t i = 0; i < images.size(); ++i) line += (i == 0 ? "" : " ") + images[i];
  std::string text;
  const std::size_t first = lines.size() > most_builds ? lines.size() - most_builds : 0;
  for (std::size_t i = first; i < lines.size(); ++i) text += lines[i] + "\n";
  write_private(file_, text);
}

std::vector<std::string> superfluous_images(const Store& store, const std::set<std::string>& used, std::size_t newest, std::size_t at_most) {
  const auto images = records(store.root / (store.driver + "-images") / "images.json");
  const auto layers = records(store.root / (store.driver + "-layers") / "layers.json");
  if (!images.IsArray() || !layers.IsArray() || images.Size() <= newest) return {};
  std::map<std::string, std::string> parents;
  for (const auto& layer : layers.GetArray()) parents.emplace(text_of(layer, "id"), text_of(layer, "parent"));

  const std::size_t old = images.Size() - newest;  // images.json lists the newest last
  std::vector<bool> stays(images.Size());
  std::set<std::string> needed;
  for (std::size_t i = 0; i < stays.size(); ++i) {
    const auto& image = images[static_cast<rapidjson::SizeType>(i)];
    stays[i] = !image.IsObject() || i >= old || has_name(image) || used.contains(text_of(image, "id"));
    // Stops at a layer already in `needed`: its ancestors are there too.
    for (std::string layer = stays[i] ? text_of(image, "layer") : std::string(); !layer.empty() && needed.insert(layer).second;) layer = parents[layer];
  }
  std::vector<std::string> superfluous;
  for (std::size_t i = 0; i < old && superfluous.size() < at_most; ++i) {
    const auto& image = images[static_cast<rapidjson::SizeType>(i)];
    if (!stays[i] && !needed.contains(text_of(image, "layer"))) superfluous.push_back(text_of(image, "id"));
  }
  std::erase_if(superfluous, [](const std::string& id) { return !is_id(id); });
  return superfluous;
}

}  // namespace slipway::build
