#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/address.hpp"
#include "git/handles.hpp"
#include "git/operation.hpp"

namespace slipway::git {

/// One connection to one repository on a server, for a fetch or a push: from its construction, within one limit. Blocking;
/// belongs to the thread that made it. Everything throws as require() does.
class Exchange {
 public:
  Exchange(git_repository* repository, const std::string& url, const Access& access);

  /// Connects and reads which references the server has.
  void connect(git_direction direction);
  /// The commit of a reference as the server advertised it.
  std::optional<git_oid> advertised(const std::string& ref) const;
  /// `main` of HEAD → refs/heads/main; empty where the server names none.
  std::string default_branch() const;
  /// Downloads what a refspec (`+refs/heads/*:refs/heads/*`, or a commit id) needs.
  void download(const std::string& refspec);
  /// Sets the local references of the last download.
  void update_references(bool prune);

  /// What the server made of a pushed reference: empty when it took it, else its words. The other side's hooks may have
  /// said more: see `remarks`.
  std::string push(const std::string& refspec);
  /// The `remote:` lines so far, in one line.
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
