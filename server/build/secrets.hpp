#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::build {

/// Values to mask, in every form in which programs tend to print them: plain, each line of a multi-line
/// value, base64-encoded at any offset of a longer text (RFC 4648 sections 4 and 5, also wrapped into lines), percent-encoded
/// (RFC 3986, any subset of characters), JSON-escaped.
class Secrets {
 public:
  /// Adds a value, ignoring surrounding white space. An empty value hides nothing.
  void hide(std::string_view value);
  bool empty() const noexcept { return needles_.empty(); }

  /// The result of matching at one position of a text.
  struct Match {
    std::size_t length = 0;   ///< of the longest secret starting here; 0: none
    bool may_go_on = false;   ///< the text ends within a possible, or a longer, secret
  };
  Match match(std::string_view text) const;

  /// A complete text with every secret replaced by `***`.
  std::string masked(std::string_view text) const;

 private:
  struct Needle {
    std::string bytes;
    bool wraps;  ///< line breaks may occur between its characters
  };
  void add(std::string bytes, bool wraps);
  std::vector<Needle> needles_;
  std::array<bool, 256> begins_{};  ///< bytes with which any form of a secret can begin
};

/// Masks a stream that arrives in pieces. A possible start of a secret is held back until decided.
class Mask {
 public:
  /// `secrets` must outlive it, and may grow meanwhile.
  explicit Mask(const Secrets& secrets) : secrets_(secrets) {}
  /// Adds bytes; returns the masked text that can be shown now.
  std::string feed(std::string_view bytes);
  /// End of the stream: returns the rest, masked.
  std::string finish();

 private:
  std::string advance(bool final);
  const Secrets& secrets_;
  std::string held_;
};

}  // namespace slipway::build
