#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/address.hpp"
#include "git/handles.hpp"
#include "git/operation.hpp"

namespace slipway::git {

/// One connection to one repository on a server, for a fetch or a push. The access's time limit runs from construction. Blocking;
/// belongs to the thread that made it. Everything throws as require() does.
class Exchange {
 public:
  Exchange(git_repository* repository, const std::string& url, const Access& access);

  /// Connects and reads the server's references.
  void connect(git_direction direction);
  /// The commit that the server advertised for a reference; nothing if it has no such reference.
  std::optional<git_oid> advertised(const std::string& ref) const;
  /// The branch that HEAD points to, such as `main`; empty if the server names none.
  std::string default_branch() const;
  /// Downloads what a refspec (`+refs/heads/*:refs/heads/*`, or a commit id) needs.
  void download(const std::string& refspec);
  /// Updates the local references from the last download.
  void update_references(bool prune);

  /// Pushes one reference: empty if the server accepted it, else its reason. The server's hooks may have said more: see remarks().
  std::string push(const std::string& refspec);
  /// The server's `remote:` output so far; after push(), on one line.
  const std::string& remarks() const noexcept { return remarks_; }

  const Operation& operation() const noexcept { return operation_; }

 private:
  git_remote_callbacks callbacks() noexcept;
  static int on_remark(const char* text, int size, void* self) noexcept;
  static int on_reference(const char* ref, const char* status, void* self) noexcept;

  std::string url_;
  Operation operation_;
  std::string header_;
  StringArray headers_;
  Remote remote_;
  std::string remarks_;
  std::string refused_;
  bool answered_ = false;
};

}  // namespace slipway::git
