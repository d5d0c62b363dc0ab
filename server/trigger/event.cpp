#include "trigger/event.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "cel/json.hpp"

namespace slipway::trigger {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

/// Invalid UTF-8 as Gitea sends it: U+FFFD for each byte that is not part of a character.
std::string as_utf8(const std::string& text) {
  if (is_utf8(text)) return text;
  std::string good;
  const std::string_view rest = text;
  for (std::size_t i = 0; i < rest.size();) {
    std::size_t length = 1;
    while (length <= 4 && !is_utf8(rest.substr(i, length))) ++length;
    if (length > 4) {
      good += "\xEF\xBF\xBD";
      ++i;
    } else {
      good += rest.substr(i, length);
      i += length;
    }
  }
  return good;
}

void write(Writer& json, const char* key, const std::string& value) {
  json.Key(key);
  json.String(as_utf8(value));
}

void write(Writer& json, const char* key, const std::vector<std::string>& values) {
  json.Key(key);
  json.StartArray();
  for (const auto& value : values) json.String(as_utf8(value));
  json.EndArray();
}

void write(Writer& json, const char* key, const Person& who) {
  if (who == Person()) return;
  json.Key(key);
  json.StartObject();
  write(json, "name", who.name);
  write(json, "email", who.email);
  json.EndObject();
}

void write(Writer& json, const ChangedCommit& commit) {
  json.StartObject();
  write(json, "id", commit.id.value());
  write(json, "message", commit.message);
  write(json, "author", commit.author);
  write(json, "committer", commit.committer);
  write(json, "added", commit.added);
  write(json, "removed", commit.removed);
  write(json, "modified", commit.modified);
  json.EndObject();
}

rapidjson::Value list_of(const std::vector<std::string>& texts, rapidjson::Document::AllocatorType& memory) {
  rapidjson::Value list(rapidjson::kArrayType);
  for (const auto& text : texts) list.PushBack(rapidjson::Value(as_utf8(text), memory), memory);
  return list;
}

rapidjson::Value object_of(const Person& who, rapidjson::Document::AllocatorType& memory) {
  rapidjson::Value object(rapidjson::kObjectType);
  object.AddMember("name", rapidjson::Value(as_utf8(who.name), memory), memory);
  object.AddMember("email", rapidjson::Value(as_utf8(who.email), memory), memory);
  return object;
}

void set(rapidjson::Value& object, const char* key, rapidjson::Value value,
         rapidjson::Document::AllocatorType& memory) {
  if (const auto member = object.FindMember(key); member != object.MemberEnd()) {
    member->value = std::move(value);
  } else {
    object.AddMember(rapidjson::Value(rapidjson::StringRef(key)), std::move(value), memory);
  }
}

/// Replaces the commits in the payload by those known to Git. A commit that was in the payload keeps its other members.
void complete(rapidjson::Document& body, const Push& push) {
  auto& memory = body.GetAllocator();
  std::map<std::string_view, rapidjson::Value*> sent;
  const auto commits = body.FindMember("commits");
  if (commits != body.MemberEnd() && commits->value.IsArray()) {
    for (auto& commit : commits->value.GetArray()) {
      if (!commit.IsObject()) continue;
      const auto id = commit.FindMember("id");
      if (id != commit.MemberEnd() && id->value.IsString())
        sent.emplace(std::string_view(id->value.GetString(), id->value.GetStringLength()), &commit);
    }
  }
  rapidjson::Value list(rapidjson::kArrayType);
  for (const auto& commit : push.commits) {
    rapidjson::Value entry(rapidjson::kObjectType);
    if (const auto known = sent.find(commit.id.value()); known != sent.end()) {
      entry.CopyFrom(*known->second, memory);
    } else {
      set(entry, "id", rapidjson::Value(commit.id.value(), memory), memory);
      set(entry, "message", rapidjson::Value(as_utf8(commit.message), memory), memory);
      set(entry, "author", object_of(commit.author, memory), memory);
      set(entry, "committer", object_of(commit.committer, memory), memory);
    }
    set(entry, "added", list_of(commit.added, memory), memory);
    set(entry, "removed", list_of(commit.removed, memory), memory);
    set(entry, "modified", list_of(commit.modified, memory), memory);
    list.PushBack(std::move(entry), memory);
  }
  set(body, "commits", std::move(list), memory);
}

}  // namespace

const Result<rapidjson::Document>& Event::body() const {
  if (body_ == nullptr) body_ = std::make_unique<const Result<rapidjson::Document>>(build());
  return *body_;
}

Result<rapidjson::Document> Event::build() const {
  auto body = cel::parse_body(delivery_.body ? std::string_view(*delivery_.body) : std::string_view());
  if (body && &push_ != &delivery_.push) complete(*body, push_);
  return body;
}

const rapidjson::Value& Event::said_by_push() const {
  if (said_) return *said_;
  using Json = rapidjson::Value;
  auto& memory = memory_;
  Json said(rapidjson::kObjectType);
  const auto text = [](std::string_view value) { return Json(rapidjson::StringRef(value.data(), value.size())); };
  const auto files = [&](const std::vector<std::string>& paths) {
    Json list(rapidjson::kArrayType);
    list.Reserve(static_cast<rapidjson::SizeType>(paths.size()), memory);
    for (const auto& path : paths) list.PushBack(text(path), memory);
    return list;
  };
  Json commits(rapidjson::kArrayType), repository(rapidjson::kObjectType);
  for (const auto& commit : push_.commits) {
    Json entry(rapidjson::kObjectType);
    entry.AddMember("id", text(commit.id.value()), memory);
    entry.AddMember("added", files(commit.added), memory);
    entry.AddMember("removed", files(commit.removed), memory);
    entry.AddMember("modified", files(commit.modified), memory);
    commits.PushBack(entry, memory);
  }
  const std::string_view full_name = push_.repository.value();
  repository.AddMember("name", text(full_name.substr(full_name.find('/') + 1)), memory);
  repository.AddMember("full_name", text(full_name), memory);
  said.AddMember("ref", text(push_.ref), memory);
  said.AddMember("before", text(push_.before.value()), memory);
  said.AddMember("after", text(push_.after.value()), memory);
  said.AddMember("total_commits", Json(push_.total_commits), memory);
  said.AddMember("repository", repository, memory);
  said.AddMember("commits", commits, memory);
  said_ = std::move(said);
  return *said_;
}

const cel::HeaderMap& Event::header() const {
  if (header_) return *header_;
  cel::HeaderMap& map = header_.emplace();
  for (const auto& [name, value] : delivery_.headers) map[std::string(name)].emplace_back(value);
  return map;
}

bool push_suffices(const cel::Program& program) {
  constexpr std::array<std::string_view, 14> said{"ref",
                                                  "before",
                                                  "after",
                                                  "total_commits",
                                                  "repository.name",
                                                  "repository.full_name",
                                                  "commits#",
                                                  "commits[].id",
                                                  "commits[].added",
                                                  "commits[].added[]",
                                                  "commits[].removed",
                                                  "commits[].removed[]",
                                                  "commits[].modified",
                                                  "commits[].modified[]"};
  const auto reads = program.body_reads();
  return reads && std::all_of(reads->begin(), reads->end(), [&](std::string_view path) {
           if (path != "commits#" && path.ends_with('#')) path.remove_suffix(1);
           return std::find(said.begin(), said.end(), path) != said.end();
         });
}

cel::Bindings Event::bindings(const rapidjson::Value& extensions) const {
  cel::Bindings bindings;
  bindings.body = push_only_ ? &said_by_push() : &*body();
  if (!header_hidden_) bindings.header = &header();
  bindings.extensions = &extensions;
  bindings.request_url = delivery_.target;
  bindings.evidence = &evidence_;
  return bindings;
}

std::string payload_of(const Push& push) {
  rapidjson::StringBuffer out;
  Writer json(out);
  const std::string& full_name = push.repository.value();
  const auto slash = full_name.find('/');
  json.StartObject();
  write(json, "ref", push.ref);
  write(json, "before", push.before.value());
  write(json, "after", push.after.value());
  json.Key("commits");
  json.StartArray();
  for (const auto& commit : push.commits) write(json, commit);
  json.EndArray();
  json.Key("total_commits");
  json.Int64(push.total_commits);
  json.Key("head_commit");
  if (push.commits.empty())
    json.Null();
  else
    write(json, push.commits.front());
  json.Key("repository");
  json.StartObject();
  json.Key("owner");
  json.StartObject();
  write(json, "login", full_name.substr(0, slash));
  write(json, "username", full_name.substr(0, slash));
  json.EndObject();
  write(json, "name", full_name.substr(slash + 1));
  write(json, "full_name", full_name);
  write(json, "default_branch", "main");
  json.EndObject();
  for (const char* who : {"pusher", "sender"}) {
    json.Key(who);
    json.StartObject();
    write(json, "login", "slipway");
    write(json, "username", "slipway");
    json.EndObject();
  }
  json.EndObject();
  return std::string(out.GetString(), out.GetSize());
}

}  // namespace slipway::trigger
