#include "cel/eval.hpp"
#include "cel/functions.hpp"
#include "cel/json_write.hpp"
#include "cel/text.hpp"

namespace slipway::cel::functions {

Value base64_decode(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(args[0].size())) return Value();
  std::string data;
  if (!decode_base64(args[0].text(), data)) return Value::error("illegal base64 data");
  return Value::bytes(std::move(data));
}

Value base64_encode(Evaluation& evaluation, const Value* args) {
  if (!evaluation.reserve(2 * args[0].size())) return Value();
  return Value::string(encode_base64(args[0].text()));
}

Value json_encode(Evaluation& evaluation, const Value* args) {
  Result<std::string> text = proto_json(args[0]);
  if (!text) return Value::error(text.error().what());
  if (!evaluation.reserve(text->size())) return Value();
  evaluation.charge(16 * text->size());
  return Value::string(std::move(*text));
}

}  // namespace slipway::cel::functions
