#include "http/request_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.hpp"

namespace slipway::http {

namespace {

namespace beast = boost::beast;
constexpr std::size_t most_fields = 100;
constexpr std::size_t usual_fields = 20, usual_bytes = 1000;  ///< typical of Gitea's requests

/// The path and query of a target. The absolute form, as sent to proxies, must be accepted too: RFC 9112, 3.2.2.
std::string origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto end_of_host = target.find_first_of("/?", scheme.size());
    const std::string_view rest = end_of_host == std::string_view::npos ? std::string_view() : target.substr(end_of_host);
    return (rest.starts_with('/') ? "" : "/") + std::string(rest);
  }
  return std::string(target);
}

}  // namespace

RequestParser::RequestParser(std::size_t header_limit) {
  basic_parser::header_limit(static_cast<std::uint32_t>(header_limit));
  body_limit(boost::none);  // the session enforces it
  eager(false);
  request_.headers.reserve(usual_fields, usual_bytes);
}

RequestParser::Progress RequestParser::parse(std::string_view bytes, std::size_t& consumed) {
  beast::error_code error;
  consumed = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  // put() may stop after the request line; continue until the head is complete.
  while (!error && !is_header_done() && consumed < bytes.size()) {
    consumed += put(boost::asio::const_buffer(bytes.data() + consumed, bytes.size() - consumed), error);
  }
  if (error == beast::http::error::need_more || (!error && !is_header_done())) return Progress::need_more;
  if (error && why_.empty()) {
    const bool too_large = error == beast::http::error::header_limit;
    why_ = too_large ? "the request's headers are too large" : "the request is not well-formed HTTP/1.1";
  }
  return !error && finish() ? Progress::done : Progress::bad;
}

bool RequestParser::finish() {
  if (version_ >= 11 && hosts_ != 1) {
    why_ = "a request needs exactly one Host header";
    return false;
  }
  // RFC 9112, 6.3: the end of such a body cannot be determined, and a proxy may see a different one.
  if (coded_ && !chunked()) {
    why_ = "the request has a Transfer-Encoding that does not end with chunked";
    return false;
  }
  request_.chunked = chunked();
  request_.keep_alive = keep_alive();
  request_.can_chunk = version_ >= 11;
  if (const auto length = content_length()) request_.content_length = *length;
  return true;
}

void RequestParser::on_request_impl(Verb, Text method, Text target, int version, ErrorCode&) {
  request_.method.assign(method.data(), method.size());
  request_.target = origin_form(std::string_view(target.data(), target.size()));
  version_ = version;
}

void RequestParser::on_field_impl(Field field, Text name, Text value, ErrorCode& error) {
  if (++fields_ > most_fields) {
    why_ = "the request has too many headers";
    error = beast::http::error::header_limit;
    return;
  }
  if (field == Field::host) {
    ++hosts_;
    return;
  }
  if (field == Field::transfer_encoding) coded_ = true;
  if (field == Field::expect) request_.expects_continue = equal_ignoring_case(std::string_view(value.data(), value.size()), "100-continue");
  request_.headers.add(std::string_view(name.data(), name.size()), std::string_view(value.data(), value.size()));
}

}  // namespace slipway::http
