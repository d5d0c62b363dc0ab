#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/delivery.hpp"

namespace slipway::queue::sqlite {

/// What arrived with a delivery, beside what the database has of it.
struct Payload {
  Payload() = default;
  Headers headers;
  std::string target;
  std::string verdict;  ///< JSON
  std::string body;
};

/// The same as it is to be stored; `headers` is Headers::text().
struct PayloadText {
  std::string_view headers, target, verdict, body;
};

/// The text of one record, against which others are packed: the pushes of a team are much alike, so that little but their
/// differences has to be stored.
struct Sample {
  std::string text;
  std::uint32_t record = 0;  ///< the length of that record, in bytes
};

/// Packs deliveries as records: `SLD3`, the lengths (32 bits, little endian) of headers, target, verdict, body, of the record that
/// is the sample (0: none) and of what follows, a check sum of that (64 bits), then the four texts one behind the other as one block
/// of LZ4: twenty reasons of a push are much alike, and so is the body in itself. One thread.
class Packer {
 public:
  Packer();
  ~Packer();

  /// What follows is packed against this, or alone.
  void use(std::optional<Sample> sample);
  void append(std::string& to, const PayloadText& payload);

 private:
  struct Streams;
  int pack(int room) noexcept;

  std::optional<Sample> sample_;
  std::unique_ptr<Streams> streams_;
  std::string plain_;
  std::vector<char> packed_;
};

constexpr std::size_t record_prefix = 4 + 6 * 4 + 8;  ///< bytes before what is packed
/// The length of a record by its first record_prefix bytes; nothing where they begin none, or one too long for a sample.
std::optional<std::size_t> sample_record_length(std::string_view begin);
/// The length of the record that is the sample of this one; 0 where it stands alone, or is none.
std::size_t sample_length(std::string_view record);
/// A record that stands alone as a sample; nothing where it is no whole record, or is too long for one.
std::optional<Sample> sample_from(std::string_view record);
/// Reads a record back; nothing where the bytes are no whole record, or it has another sample.
std::optional<Payload> parse_record(std::string_view record, const std::optional<Sample>& sample = std::nullopt);

}  // namespace slipway::queue::sqlite
