#pragma once

#include <string>
#include <string_view>

#include "model/run.hpp"

namespace slipway::build {

enum class Stream { out, err, note };

/// What a run says while it runs. Bytes arrive as the programs write them, cut anywhere; they come out line by line, with
/// time and stage, and without secrets. Used on the loop.
class RunLog {
 public:
  virtual ~RunLog() = default;

  /// A stage begins; what is written from here on belongs to it.
  virtual void stage(Stage stage) = 0;
  /// It has ended: `outcome` is `succeeded`, `failed`, `skipped`, … and `detail` one sentence for a person.
  virtual void stage_done(Stage stage, std::string_view outcome, std::string_view detail) = 0;

  /// Output of a program. Every secret given to hide() is masked, also when it is split over calls.
  virtual void write(Stream stream, std::string_view bytes) = 0;
  /// A program has ended: what was held back of its output, since it might have been the beginning of a secret, comes out.
  virtual void flush() {}
  /// slipway's own words: one line.
  virtual void note(std::string_view sentence) = 0;

  /// From here on this value is masked: as it is, base64-encoded (also within a longer text) and URL-encoded.
  virtual void hide(std::string_view secret) = 0;

  /// The last lines of the present stage, masked and without colours, joined by `\n`: for a failure's reason.
  virtual std::string last_lines(std::size_t lines) const = 0;
};

}  // namespace slipway::build
