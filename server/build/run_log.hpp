#pragma once

#include <string>
#include <string_view>

#include "model/run.hpp"

namespace slipway::build {

enum class Stream { out, err, note };

/// A run's log. Takes program output in pieces cut anywhere, and writes it line by line, with
/// time and stage, secrets masked. Used on the loop.
class RunLog {
 public:
  virtual ~RunLog() = default;

  /// A stage begins; everything written from now on belongs to it.
  virtual void stage(Stage stage) = 0;
  /// The stage has ended. `outcome` is `succeeded`, `failed`, `skipped`, …; `detail` is one sentence for people.
  virtual void stage_done(Stage stage, std::string_view outcome, std::string_view detail) = 0;

  /// Output of a program. Secrets given to hide() are masked, even if split across calls.
  virtual void write(Stream stream, std::string_view bytes) = 0;
  /// A program has ended: writes the output held back because it could have been the start of a secret.
  virtual void flush() {}
  /// A message of slipway's own, one line.
  virtual void note(std::string_view sentence) = 0;

  /// Masks this value from now on: plain, base64-encoded (also within a longer text) and URL-encoded.
  virtual void hide(std::string_view secret) = 0;

  /// The last lines of the current stage, masked and without colours, joined by `\n`; for a failure's reason.
  virtual std::string last_lines(std::size_t lines) const = 0;
};

}  // namespace slipway::build
