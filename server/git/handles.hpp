#pragma once

#include <git2.h>

#include <memory>

namespace slipway::git {

/// Owning handles for libgit2's objects, each with its own free function. An object belongs to one thread at a time.
template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};

using Repository = std::unique_ptr<git_repository, Free<::git_repository_free>>;
using Remote = std::unique_ptr<git_remote, Free<::git_remote_free>>;
using Commit = std::unique_ptr<git_commit, Free<::git_commit_free>>;
using Tree = std::unique_ptr<git_tree, Free<::git_tree_free>>;
using TreeEntry = std::unique_ptr<git_tree_entry, Free<::git_tree_entry_free>>;
using Blob = std::unique_ptr<git_blob, Free<::git_blob_free>>;
using Object = std::unique_ptr<git_object, Free<::git_object_free>>;
using Reference = std::unique_ptr<git_reference, Free<::git_reference_free>>;
using Signature = std::unique_ptr<git_signature, Free<::git_signature_free>>;
using Revwalk = std::unique_ptr<git_revwalk, Free<::git_revwalk_free>>;
using Diff = std::unique_ptr<git_diff, Free<::git_diff_free>>;

/// A buffer that libgit2 filled.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { ::git_buf_dispose(&buffer_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  git_buf* out() noexcept { return &buffer_; }
  const char* c_str() const noexcept { return buffer_.ptr ? buffer_.ptr : ""; }

 private:
  git_buf buffer_{};
};

/// A list of at most one string for libgit2, which does not modify it. The string must outlive it.
class StringArray {
 public:
  explicit StringArray(const char* one) : first_(const_cast<char*>(one)), array_{&first_, one ? 1u : 0u} {}
  StringArray(const StringArray&) = delete;
  StringArray& operator=(const StringArray&) = delete;
  const git_strarray* get() const noexcept { return &array_; }

 private:
  char* first_;
  git_strarray array_;
};

}  // namespace slipway::git
