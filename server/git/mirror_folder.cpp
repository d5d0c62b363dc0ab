#include "git/mirror_folder.hpp"

#include "git/bare.hpp"
#include "git/exchange.hpp"

namespace slipway::git {
namespace {

namespace fs = std::filesystem;

constexpr const char* all_branches = "+refs/heads/*:refs/heads/*";

void fetch_branches(const fs::path& folder, const std::string& url, const Access& access) {
  const auto mirror = open_mirror(folder);
  Exchange exchange(mirror.get(), url, access);
  exchange.connect(GIT_DIRECTION_FETCH);
  exchange.download(all_branches);
  exchange.update_references(true);
}

fs::path beside(const fs::path& folder, const char* suffix) {
  fs::path path = folder;
  path += suffix;
  return path;
}

}  // namespace

void MirrorFolder::fetch(const std::string& url, const Access& access) {
  if (!std::exchange(opened_, true)) clear_locks(folder_);
  if (damaged_ || has_grown_old(folder_)) return renew(url, access);
  try {
    fetch_branches(folder_, url, access);
  } catch (const Damaged& error) {
    log_.warn("a mirror is damaged and made anew", {{"mirror", folder_.string()}, {"error", error.what()}});
    renew(url, access);
  }
}

void MirrorFolder::renew(const std::string& url, const Access& access) {
  const fs::path fresh = beside(folder_, ".new"), old = beside(folder_, ".old");
  fs::remove_all(fresh);
  fs::remove_all(old);
  try {
    fetch_branches(fresh, url, access);
  } catch (const Damaged& error) {
    throw Unavailable(error.what());  // the folder was empty, so the data received is to blame
  }
  {
    const std::unique_lock nobody_reads(exchange_);
    if (fs::exists(folder_)) fs::rename(folder_, old);
    fs::rename(fresh, folder_);
    damaged_ = false;
  }
  fs::remove_all(old);
}

bool MirrorFolder::fetch_commit(const std::string& url, const Access& access, const CommitSha& commit) {
  return use([&](const fs::path& folder) {
    const auto mirror = open_mirror(folder);
    Exchange exchange(mirror.get(), url, access);
    exchange.connect(GIT_DIRECTION_FETCH);
    try {
      exchange.download(commit.value() + ":refs/slipway/" + commit.value());
    } catch (const Refused&) {
      return false;  // servers need not give out commits that no branch contains
    }
    return has_commit(mirror.get(), commit);
  });
}

}  // namespace slipway::git
