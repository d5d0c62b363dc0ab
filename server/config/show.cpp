#include "config/show.hpp"

#include <fmt/format.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "config/units.hpp"
#include "config/yaml_text.hpp"

namespace slipway::config {
namespace {

using Document = rapidjson::Document;
using Json = rapidjson::Value;

/// Builds a JSON object member by member; empty values are omitted.
class Object {
 public:
  explicit Object(Document& document) : memory_(document.GetAllocator()), value_(rapidjson::kObjectType) {}

  Object& text(const char* key, const std::string& value) {
    if (!value.empty()) add(key, Json(value, memory_));
    return *this;
  }
  Object& flag(const char* key, bool value) {
    if (value) add(key, Json(true));
    return *this;
  }
  Object& number(const char* key, std::int64_t value) { return add(key, Json(value)); }
  Object& texts(const char* key, const std::vector<std::string>& values) {
    Json list(rapidjson::kArrayType);
    for (const auto& value : values) list.PushBack(Json(value, memory_), memory_);
    return part(key, std::move(list));
  }
  Object& pairs(const char* key, const std::vector<std::pair<std::string, std::string>>& values) {
    Json map(rapidjson::kObjectType);
    for (const auto& [name, value] : values) map.AddMember(Json(name, memory_), Json(value, memory_), memory_);
    return part(key, std::move(map));
  }
  Object& part(const char* key, Json value) {
    const bool empty =
        value.IsNull() || (value.IsObject() && value.ObjectEmpty()) || (value.IsArray() && value.Empty());
    return empty ? *this : add(key, std::move(value));
  }
  Json take() { return std::move(value_); }

 private:
  Object& add(const char* key, Json value) {
    value_.AddMember(Json(rapidjson::StringRef(key)), std::move(value), memory_);
    return *this;
  }
  Document::AllocatorType& memory_;
  Json value_;
};

/// One thing to show: its name, its table row, and its full contents.
struct Item {
  std::string name;
  std::vector<std::string> row;
  std::function<Json(Document&)> whole;
  std::string source;  ///< YAML text, if it is written as such
};

struct Listing {
  std::vector<std::string> head;
  std::vector<Item> items;
};

Json overlays_json(Document& document, const std::vector<Overlay>& overlays) {
  Json list(rapidjson::kArrayType);
  for (const auto& overlay : overlays) {
    list.PushBack(Object(document).text("key", overlay.key).text("expression", overlay.text).take(),
                  document.GetAllocator());
  }
  return list;
}

Json trigger_json(Document& document, const Trigger& trigger) {
  Json chain(rapidjson::kArrayType), bindings(rapidjson::kArrayType);
  for (const auto& step : trigger.interceptors) {
    chain.PushBack(
        Object(document).text("filter", step.text).part("overlays", overlays_json(document, step.overlays)).take(),
        document.GetAllocator());
  }
  for (const auto& binding : trigger.bindings) {
    bindings.PushBack(Object(document).text("name", binding.name).text("value", binding.value).take(),
                      document.GetAllocator());
  }
  std::vector<std::string> repositories, paths;
  for (const auto& pattern : trigger.repositories) repositories.push_back(pattern.text());
  for (const auto& rule : trigger.paths.rules()) paths.push_back(rule.text());
  return Object(document)
      .text("name", trigger.name)
      .text("event", "push")
      .text("ref", "refs/heads/main")
      .texts("repositories", repositories)
      .texts("paths", paths)
      .part("interceptors", std::move(chain))
      .part("bindings", std::move(bindings))
      .text("template", trigger.template_name.value())
      .text("builds_only", trigger.pinned.text())
      .take();
}

Json check_json(Document& document, const Check& check) {
  std::vector<std::string> prepare;
  for (const auto& command : check.prepare) prepare.push_back(fmt::format("{}", fmt::join(command, " ")));
  return Object(document)
      .text("name", check.name)
      .text("image", check.image)
      .texts("command", check.command)
      .texts("prepare", prepare)
      .text("mode", check.mode == CheckMode::blocking ? "blocking" : "informational")
      .text("timeout", text_of(check.timeout))
      .texts("caches", check.caches)
      .texts("reports", check.reports)
      .pairs("environment", check.environment)
      .take();
}

Json build_json(Document& document, const BuildSpec& build) {
  std::vector<std::string> arguments, secrets;
  for (const auto& [name, value] : build.arguments) arguments.push_back(name + "=" + value);
  for (const auto& secret : build.secrets) secrets.push_back(secret.id);
  return Object(document)
      .text("context", build.context)
      .text("dockerfile", build.dockerfile)
      .text("image", build.image)
      .texts("arguments", arguments)
      .text("target", build.target)
      .texts("platforms", build.platforms)
      .pairs("environment", build.environment)
      .texts("secrets", secrets)
      .flag("submodules", build.submodules)
      .flag("lfs", build.lfs)
      .take();
}

Json handoff_json(Document& document, const Template& of) {
  Json values(rapidjson::kArrayType);
  for (const auto& edit : of.values) {
    values.PushBack(Object(document)
                        .text("file", edit.file)
                        .text("path", edit.path)
                        .text("value", edit.value)
                        .flag("create", edit.create)
                        .flag("follow_alias", edit.follow_alias)
                        .take(),
                    document.GetAllocator());
  }
  const char* guard = of.guard == Guard::error ? "error" : of.guard == Guard::warn ? "warn" : "off";
  return Object(document).part("values", std::move(values)).text("guard", guard).text("image", of.guard_image).take();
}

Json resources_json(Document& document, const Resources& resources) {
  const auto shown = [](const auto& value, auto&& text) { return value ? text(*value) : std::string(); };
  return Object(document)
      .text("memory", shown(resources.memory_request, size_text))
      .text("memory_limit", shown(resources.memory_limit, size_text))
      .text("cpu", shown(resources.cpu_request, cpu_text))
      .text("cpu_limit", shown(resources.cpu_limit, cpu_text))
      .take();
}

Json template_json(Document& document, const Template& of) {
  Json check;
  if (of.check) check = check_json(document, *of.check);
  return Object(document)
      .text("name", of.name.value())
      .text("pipeline", of.pipeline.value())
      .text("repository", of.repository.value())
      .text("app", of.app)
      .pairs("defaults", {of.defaults.begin(), of.defaults.end()})
      .part("check", std::move(check))
      .part("build", build_json(document, of.build))
      .part("handoff", handoff_json(document, of))
      .part("resources", resources_json(document, of.resources))
      .text("timeout", text_of(of.timeout))
      .number("priority", of.priority)
      .number("concurrency", of.concurrency)
      .text("on_newer", of.on_newer == OnNewer::finish ? "finish" : "cancel")
      .text("on_manual_revert", of.on_manual_revert == OnManualRevert::hold ? "hold" : "overwrite")
      .text("on_success", of.delete_on_success ? "delete" : "keep")
      .take();
}

Json pipeline_json(Document& document, const Pipeline& pipeline) {
  Json parameters(rapidjson::kArrayType);
  for (const auto& parameter : pipeline.parameters) {
    Object one(document);
    one.text("name", parameter.name).text("description", parameter.description);
    if (parameter.default_value) one.part("default", Json(*parameter.default_value, document.GetAllocator()));
    parameters.PushBack(one.take(), document.GetAllocator());
  }
  std::vector<std::string> stages;
  for (const Stage stage : pipeline.stages) stages.emplace_back(slipway::name(stage));
  return Object(document)
      .text("name", pipeline.name.value())
      .text("description", pipeline.description)
      .text("file", pipeline.file)
      .part("params", std::move(parameters))
      .texts("stages", stages)
      .take();
}

Json listener_json(Document& document, const Config& config) {
  const WebhookSettings& webhook = config.settings.webhook;
  std::vector<std::string> secrets, triggers;
  for (const auto& file : webhook.secret_files) secrets.push_back(file.string());
  for (const auto& trigger : config.catalogue->triggers()) triggers.push_back(trigger.name);
  return Object(document)
      .text("name", "listener")
      .text("listen", fmt::format("{}:{}", webhook.listen.host, webhook.listen.port))
      .text("path", webhook.path)
      .texts("secret_files", secrets)
      .text("max_body", size_text(webhook.max_body))
      .text("event", "push")
      .text("ref", "refs/heads/main")
      .texts("triggers", triggers)
      .take();
}

std::string repositories_of(const Trigger& trigger) {
  std::string list;
  for (const auto& pattern : trigger.repositories) list += (list.empty() ? "" : ",") + pattern.text();
  return list.empty() ? trigger.pinned.text() : list;
}

Result<Listing> listing(const Config& config, std::string_view kind) {
  Listing list;
  if (kind == "listener" || kind == "listeners") {
    const auto& webhook = config.settings.webhook;
    list.head = {"NAME", "LISTEN", "PATH", "TRIGGERS"};
    list.items.push_back({"listener",
                          {"listener", fmt::format("{}:{}", webhook.listen.host, webhook.listen.port), webhook.path,
                           std::to_string(config.catalogue->triggers().size())},
                          [&config](Document& document) { return listener_json(document, config); },
                          ""});
  } else if (kind == "triggers" || kind == "trigger") {
    list.head = {"NAME", "REPOSITORY", "TEMPLATE"};
    for (const auto& one : config.catalogue->triggers()) {
      list.items.push_back({one.name,
                            {one.name, repositories_of(one), one.template_name.value()},
                            [&one](Document& document) { return trigger_json(document, one); },
                            ""});
    }
  } else if (kind == "templates" || kind == "template") {
    list.head = {"NAME", "PIPELINE", "REPOSITORY", "IMAGE", "TIMEOUT"};
    for (const auto& one : config.catalogue->templates()) {
      list.items.push_back(
          {one.name.value(),
           {one.name.value(), one.pipeline.value(), one.repository.value(), one.build.image, text_of(one.timeout)},
           [&one](Document& document) { return template_json(document, one); },
           ""});
    }
  } else if (kind == "pipelines" || kind == "pipeline") {
    list.head = {"NAME", "STAGES", "FILE"};
    for (const auto& one : config.catalogue->pipelines()) {
      std::string stages;
      for (const Stage stage : one.stages) stages += (stages.empty() ? "" : ",") + std::string(slipway::name(stage));
      list.items.push_back({one.name.value(),
                            {one.name.value(), stages, one.file},
                            [&one](Document& document) { return pipeline_json(document, one); },
                            one.source});
    }
  } else {
    const std::vector<std::string> known{"listener", "triggers", "templates", "pipelines"};
    return Error(fmt::format("there is nothing called '{}' to get{}: listener, triggers, templates or pipelines",
                             printable(kind, 40), did_you_mean(kind, known)));
  }
  return list;
}

std::string table(const Listing& list) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < list.head.size(); ++i) {
    std::size_t width = list.head[i].size();
    for (const auto& item : list.items) width = std::max(width, item.row[i].size());
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += i + 1 == cells.size() ? cells[i] : fmt::format("{:<{}}   ", cells[i], widths[i]);
    return text + "\n";
  };
  std::string text = line(list.head);
  for (const auto& item : list.items) text += line(item.row);
  return text;
}

std::string whole(const Listing& list, bool one, ShowFormat format) {
  if (one && format == ShowFormat::yaml && !list.items.front().source.empty()) return list.items.front().source;
  Document document;
  Json all(rapidjson::kArrayType);
  for (const auto& item : list.items) all.PushBack(item.whole(document), document.GetAllocator());
  const Json& shown = one ? all[0] : all;
  if (format == ShowFormat::yaml) return to_yaml(shown);
  rapidjson::StringBuffer out;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(out);
  writer.SetIndent(' ', 2);
  shown.Accept(writer);
  return std::string(out.GetString(), out.GetSize()) + "\n";
}

}  // namespace

Result<std::string> show(const Config& config, std::string_view kind, std::string_view name, ShowFormat format) {
  auto list = listing(config, kind);
  if (!list) return list.error();
  if (!name.empty()) {
    std::vector<std::string> known;
    for (const auto& item : list->items) known.push_back(item.name);
    std::erase_if(list->items, [&](const Item& item) { return item.name != name; });
    if (list->items.empty())
      return Error(
          fmt::format("there is no '{}' among the {}{}", printable(name, 80), kind, did_you_mean(name, known)));
  }
  return format == ShowFormat::table ? table(*list) : whole(*list, !name.empty(), format);
}

}  // namespace slipway::config
