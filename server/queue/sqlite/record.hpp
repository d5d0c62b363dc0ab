#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/delivery.hpp"

namespace slipway::queue::sqlite {

/// The parts of a delivery that are kept outside the database.
struct Payload {
  Payload() = default;
  Headers headers;
  std::string target;
  std::string verdict;  ///< JSON
  std::string body;
};

/// A Payload to be stored; `headers` is Headers::text().
struct PayloadText {
  std::string_view headers, target, verdict, body;
};

/// The text of a record that serves as the LZ4 dictionary for others. A team's pushes are much alike, so little more than their
/// differences is stored.
struct Sample {
  std::string text;
  std::uint32_t record = 0;  ///< length of that record in bytes, which identifies it
};

/// Packs deliveries as records: `SLD3`; the lengths (32 bits, little endian) of headers, target, verdict, body, of the sample's record
/// (0: none) and of the packed data; a checksum of these lengths and the packed data (64 bits); then the four texts, concatenated, as
/// one LZ4 block. They compress well together: the reasons of one push are much alike, and so are the parts of a body. Not thread-safe.
class Packer {
 public:
  Packer();
  ~Packer();

  /// Packs the following records against `sample`, or without one.
  void use(std::optional<Sample> sample);
  /// Appends one record to `to`.
  void append(std::string& to, const PayloadText& payload);

 private:
  struct Streams;
  int pack(int room) noexcept;

  std::optional<Sample> sample_;
  std::unique_ptr<Streams> streams_;
  std::string plain_;
  std::vector<char> packed_;
};

constexpr std::size_t record_prefix = 4 + 6 * 4 + 8;  ///< bytes before the packed data
/// The length of the record that starts with these record_prefix bytes; nothing if they start none, or one too long to be a sample.
std::optional<std::size_t> sample_record_length(std::string_view begin);
/// The length of the record that is this one's sample; 0 if it has none, or is no record.
std::size_t sample_length(std::string_view record);
/// A record packed without a sample, as a sample for others; nothing if it is damaged, was packed with one, or is too long.
std::optional<Sample> sample_from(std::string_view record);
/// Reads a record back; nothing if it is damaged or incomplete, or needs another sample.
std::optional<Payload> parse_record(std::string_view record, const std::optional<Sample>& sample = std::nullopt);

}  // namespace slipway::queue::sqlite
