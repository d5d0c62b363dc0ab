#include "cel/batch.hpp"

#include <memory>
#include <optional>

#include "cel/json.hpp"
#include "cel/json_write.hpp"
#include "cel/plan.hpp"
#include "cel/typed.hpp"

namespace slipway::cel {

namespace {

std::string_view view(const rapidjson::Value& text) { return {text.GetString(), text.GetStringLength()}; }

const rapidjson::Value* member(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

// A batch runs without a cluster. To make compareSecret usable, it knows the one secret with which the test vectors of
// the real interceptor were created.
Result<std::string> sample_secret(std::string_view secret, std::string_view key) {
  if (secret == "github-webhook-secret" && key == "webhook-secret") return std::string("s3cr3t-value");
  return Error("not found");
}

// What went wrong, and in which phase: body, parse, check, program or eval.
struct Failure {
  std::string_view phase;
  std::string text;
};

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::parse: return "parse";
    case Phase::check: return "check";
    case Phase::program: break;
  }
  return "program";
}

// Parses and evaluates one line. The value refers to the line's document.
class Line {
 public:
  explicit Line(const rapidjson::Value& line) : line_(line) {}

  std::optional<Value> evaluate(Failure& failure) {
    if (!read_header() || !read_body(failure) || !read_variables(failure)) {
      if (failure.phase.empty()) failure = {"line", "header must be an object of lists of strings"};
      return std::nullopt;
    }
    const rapidjson::Value* expr = member(line_, "expr");
    if (expr == nullptr || !expr->IsString()) {
      failure = {"line", "expr is missing or no string"};
      return std::nullopt;
    }
    Compiler compiler{environment_};
    const Result<Program> program = compiler.compile(view(*expr));
    if (!program) {
      failure = {phase_name(compiler.phase), program.error().what()};
      return std::nullopt;
    }
    program_ = *program;
    Result<Value> value = Compiler::evaluate(*program_, bindings(), values_);
    if (!value) {
      failure = {"eval", value.error().what()};
      return std::nullopt;
    }
    return std::move(*value);
  }

 private:
  bool read_header() {
    const rapidjson::Value* header = member(line_, "header");
    if (header == nullptr || header->IsNull()) return true;
    if (!header->IsObject()) return false;
    for (const auto& entry : header->GetObject()) {
      HeaderValues& values = headers_[std::string(view(entry.name))];
      if (!entry.value.IsArray()) return false;
      for (const auto& value : entry.value.GetArray()) {
        if (!value.IsString()) return false;
        values.emplace_back(view(value));
      }
    }
    return true;
  }

  bool read_body(Failure& failure) {
    if (const rapidjson::Value* text = member(line_, "body_text"); text != nullptr && text->IsString()) {
      Result<rapidjson::Document> parsed = parse_body(view(*text));
      if (!parsed) {
        failure = {"body", "failed to parse the body as JSON: " + parsed.error().text()};
        return false;
      }
      body_text_ = std::move(*parsed);
      body_ = &body_text_;
      return true;
    }
    body_ = member(line_, "body");
    if (body_ != nullptr && body_->IsNull()) body_ = nullptr;
    if (body_ == nullptr || body_->IsObject()) return true;
    failure = {"body", "failed to parse the body as JSON: it is no object"};
    return false;
  }

  bool read_variables(Failure& failure) {
    if (const rapidjson::Value* container = member(line_, "container"); container != nullptr && container->IsString()) {
      environment_.container = view(*container);
    }
    const rapidjson::Value* unchecked = member(line_, "disable_check");
    environment_.unchecked = unchecked != nullptr && unchecked->IsTrue();
    values_.resize(environment_.variables.size());
    const rapidjson::Value* types = member(line_, "type_env");
    const rapidjson::Value* bound = member(line_, "bindings");
    if (types != nullptr && types->IsArray()) {
      for (const auto& declared : types->GetArray()) {
        if (!declare(declared, bound, failure)) return false;
      }
    } else if (bound != nullptr && bound->IsObject()) {
      for (const auto& entry : bound->GetObject()) {
        if (!bind(std::string(view(entry.name)), type_of_typed(entry.value, types_), &entry.value, failure)) return false;
      }
    }
    return true;
  }

  bool declare(const rapidjson::Value& declared, const rapidjson::Value* bound, Failure& failure) {
    const rapidjson::Value* name = declared.IsObject() ? member(declared, "name") : nullptr;
    const rapidjson::Value* named = declared.IsObject() ? member(declared, "type") : nullptr;
    const Type* type = named == nullptr ? nullptr : read_type(*named, types_);
    if (name == nullptr || !name->IsString() || type == nullptr) {
      failure = {"line", "type_env is a list of names and types"};
      return false;
    }
    const std::string known(view(*name));
    return bind(known, type, bound != nullptr && bound->IsObject() ? member(*bound, known.c_str()) : nullptr, failure);
  }

  bool bind(const std::string& name, const Type* type, const rapidjson::Value* typed, Failure& failure) {
    Result<Value> value = typed == nullptr ? Result<Value>(Value::error("no such attribute: " + name)) : read_typed(*typed);
    if (!value) {
      failure = {"line", "bindings: " + name + ": " + value.error().what()};
      return false;
    }
    environment_.variables.emplace_back(name, type);
    values_.push_back(std::move(*value));
    return true;
  }

  Bindings bindings() {
    Bindings made;
    made.body = body_;
    made.header = &headers_;
    if (const rapidjson::Value* extensions = member(line_, "extensions"); extensions != nullptr && extensions->IsObject()) {
      made.extensions = extensions;
    }
    if (const rapidjson::Value* url = member(line_, "requestURL"); url != nullptr && url->IsString()) made.request_url = view(*url);
    made.secret = &secret_;
    return made;
  }

  const rapidjson::Value& line_;
  HeaderMap headers_;
  rapidjson::Document body_text_;
  const rapidjson::Value* body_ = nullptr;
  TypePool types_;
  Environment environment_ = Environment::tekton();
  std::vector<Value> values_;
  std::optional<Program> program_;
  SecretLookup secret_ = sample_secret;
};

void write_text(JsonWriter& writer, const char* name, std::string_view text) {
  writer.Key(name);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void write_failure(JsonWriter& writer, const Failure& failure) {
  write_text(writer, "kind", "error");
  write_text(writer, "phase", failure.phase);
  write_text(writer, "error", failure.text);
}

void write_value(JsonWriter& writer, const Value& value) {
  write_text(writer, "kind", value.is(Kind::boolean) ? "bool" : "value");
  writer.Key("typed");
  write_typed(value, writer);
  if (const Result<std::string> plain = proto_json(value)) {
    writer.Key("value");
    writer.RawValue(plain->data(), plain->size(), rapidjson::kObjectType);
  }
}

}  // namespace

std::string evaluate_line(std::string_view line) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  const Result<rapidjson::Document> parsed = parse_json_object(line);
  writer.StartObject();
  if (!parsed) {
    writer.Key("id");
    writer.Null();
    write_failure(writer, {"line", parsed.error().text()});
  } else {
    writer.Key("id");
    const rapidjson::Value* id = member(*parsed, "id");
    if (id == nullptr || !(id->IsString() || id->IsNumber())) {
      writer.Null();
    } else {
      id->Accept(writer);
    }
    Failure failure;
    Line evaluated(*parsed);
    const std::optional<Value> value = evaluated.evaluate(failure);
    if (value) {
      write_value(writer, *value);
    } else {
      write_failure(writer, failure);
    }
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace slipway::cel
