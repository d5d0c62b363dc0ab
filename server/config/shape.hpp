#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/reader.hpp"

namespace slipway::config {

struct ShapeInfo;

/// How a type of value is written, for the parser, the JSON Schema and the reference page alike.
template <class T>
struct Codec {
  std::string type;    ///< human-readable: `duration`, `one of text, json`
  std::string schema;  ///< its JSON Schema
  std::function<void(Reader&, const YAML::Node&, T&)>
      read;                                   ///< on an error, reports it to the reader and leaves the value unchanged
  std::function<std::string(const T&)> show;  ///< empty if there is nothing worth showing
  std::shared_ptr<const ShapeInfo> inner;     ///< for mappings with declared keys
};

/// One declared key.
struct Key {
  std::string name;
  std::string type;
  std::string schema;
  std::string default_text;
  std::string sentence;
  bool required = false;
  std::shared_ptr<const ShapeInfo> inner;
};

/// The keys allowed in one mapping.
struct ShapeInfo {
  std::string name;  ///< of its definition in the schema: `webhook`, `trigger`
  std::string sentence;
  std::vector<Key> keys;
};

/// Reports keys that are unknown (with the nearest known one), duplicate, or required but missing. False if the node is
/// not a mapping.
bool check_keys(Reader& in, const YAML::Node& node, const ShapeInfo& info);

/// A mapping with declared keys that fills in a T.
template <class T>
class Shape {
 public:
  Shape(std::string name, std::string sentence) : info_(std::make_shared<ShapeInfo>()) {
    info_->name = std::move(name);
    info_->sentence = std::move(sentence);
  }

  template <class M>
  Shape& key(const std::string& name, M T::*member, Codec<M> codec, std::string sentence) {
    return declare(name, std::move(codec), std::move(sentence), [member](T& whole) -> M& { return whole.*member; });
  }
  template <class M>
  Shape& required(const std::string& name, M T::*member, Codec<M> codec, std::string sentence) {
    return key(name, member, std::move(codec), std::move(sentence)).must();
  }
  /// Makes the key declared last required.
  Shape& must() {
    info_->keys.back().required = true;
    info_->keys.back().default_text.clear();
    return *this;
  }
  /// For a value that is not a direct member of T.
  template <class M>
  Shape& add(const std::string& name, Codec<M> codec, std::string sentence, std::function<M&(T&)> part) {
    return declare(name, std::move(codec), std::move(sentence), std::move(part));
  }

  /// Reads the keys that are present over what `whole` already contains.
  void read(Reader& in, const YAML::Node& node, T& whole) const {
    if (!check_keys(in, node, *info_)) return;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      const YAML::Node value = node[info_->keys[i].name];
      if (!value) continue;
      if (value.IsNull()) in.note_key(node, info_->keys[i].name);
      readers_[i](in, value, whole);
    }
  }

  std::shared_ptr<const ShapeInfo> info() const { return info_; }

 private:
  template <class M, class Part>
  Shape& declare(const std::string& name, Codec<M> codec, std::string sentence, Part part) {
    T defaults;
    std::string default_text = codec.show ? codec.show(part(defaults)) : "";
    info_->keys.push_back(Key{name, std::move(codec.type), std::move(codec.schema), std::move(default_text), std::move(sentence), false,
                   std::move(codec.inner)});
    readers_.push_back([read = std::move(codec.read), part = std::move(part)](Reader& in, const YAML::Node& node, T& whole) {
      read(in, node, part(whole));
    });
    return *this;
  }

  std::shared_ptr<ShapeInfo> info_;
  std::vector<std::function<void(Reader&, const YAML::Node&, T&)>> readers_;
};

}  // namespace slipway::config
