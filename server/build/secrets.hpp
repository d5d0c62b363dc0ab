#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::build {

/// The values that must never be seen, in every form in which programs tend to print them: as they are, each line of a long
/// one, base64-encoded at any offset of a longer text (RFC 4648 sections 4 and 5, also wrapped into lines), percent-encoded
/// (RFC 3986, any selection of characters), escaped as in JSON.
class Secrets {
 public:
  /// White space around the value is no part of it. An empty value hides nothing.
  void hide(std::string_view value);
  bool empty() const noexcept { return needles_.empty(); }

  /// What stands at one place of a text.
  struct Match {
    std::size_t length = 0;   ///< of the longest secret that begins here; 0 for none
    bool may_go_on = false;   ///< the text ends within a secret, or within a longer one
  };
  Match match(std::string_view text) const;

  /// A whole text with `***` for every secret.
  std::string masked(std::string_view text) const;

 private:
  struct Needle {
    std::string bytes;
    bool wraps;  ///< line ends may stand between its characters
  };
  void add(std::string bytes, bool wraps);
  std::vector<Needle> needles_;
  std::array<bool, 256> begins_{};  ///< bytes with which some form of a secret can begin
};

/// Masks a stream that arrives in pieces: what may be the beginning of a secret is held back until more is known.
class Mask {
 public:
  /// `secrets` outlives it and may grow.
  explicit Mask(const Secrets& secrets) : secrets_(secrets) {}
  /// What can be shown after these bytes.
  std::string feed(std::string_view bytes);
  /// The rest: nothing more comes.
  std::string finish();

 private:
  std::string advance(bool final);
  const Secrets& secrets_;
  std::string held_;
};

}  // namespace slipway::build
