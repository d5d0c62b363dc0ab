#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string_view>

#include "http/request.hpp"

namespace slipway::http {

/// Parses the head of one request. Beast parses the wire format (RFC 9112, strict); the fields go straight
/// into the Headers that are stored with the delivery.
class RequestParser : private boost::beast::http::basic_parser<true> {
 public:
  /// `header_limit`: maximum bytes of request line and header lines together.
  explicit RequestParser(std::size_t header_limit);

  enum class Progress { need_more, done, bad };
  /// Pass all bytes received and not yet consumed; sets `consumed` to the number taken.
  Progress parse(std::string_view bytes, std::size_t& consumed);
  /// Why it was bad, for the client.
  std::string_view why() const noexcept { return why_; }
  Request take() { return std::move(request_); }

 private:
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using ErrorCode = boost::beast::error_code;

  void on_request_impl(Verb verb, Text method, Text target, int version, ErrorCode& error) override;
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(Field field, Text name, Text value, ErrorCode& error) override;
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(Text, ErrorCode&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, ErrorCode&) override { return 0; }
  void on_finish_impl(ErrorCode&) override {}

  bool finish();

  Request request_;
  std::string_view why_;
  std::size_t fields_ = 0;
  int version_ = 0;
  int hosts_ = 0;
  bool coded_ = false;  ///< has a Transfer-Encoding
};

}  // namespace slipway::http
