#include "support/git_server.hpp"

#include <sstream>

namespace slipway::test {
namespace {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// git as it comes, whatever the machine's own configuration says.
const Environment& plain_git() {
  static const Environment environment{{"GIT_CONFIG_NOSYSTEM", "1"},         {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                       {"GIT_AUTHOR_NAME", "Developer"},     {"GIT_AUTHOR_EMAIL", "developer@lumie.example"},
                                       {"GIT_COMMITTER_NAME", "Developer"},  {"GIT_COMMITTER_EMAIL", "developer@lumie.example"}};
  return environment;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string quoted(const std::string& path) {
  std::string text = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

/// A change in the words of git fast-import.
std::string change(const std::string& path, const GitFile& file) {
  if (!file.bytes) return "D " + quoted(path) + "\n";
  if (file.mode == "160000") return "M 160000 " + *file.bytes + " " + quoted(path) + "\n";
  return "M " + file.mode + " inline " + quoted(path) + "\ndata " + std::to_string(file.bytes->size()) + "\n" + *file.bytes + "\n";
}

constexpr const char* configuration = R"(
server.document-root = "@D"
server.bind = "127.0.0.1"
server.port = @P
server.errorlog = "@D/error.log"
server.upload-dirs = ( "@D" )
server.modules = ( "mod_auth", "mod_authn_file", "mod_setenv", "mod_alias", "mod_cgi" )
auth.backend = "plain"
auth.backend.plain.userfile = "@D/users"
alias.url = ( "/git/" => "@B/" )
$HTTP["url"] =~ "^/git/" {
  auth.require = ( "" => ( "method" => "basic", "realm" => "git", "require" => "valid-user" ) )
  setenv.set-environment = ( "GIT_PROJECT_ROOT" => "@D/repositories", "GIT_HTTP_EXPORT_ALL" => "1" )
  cgi.assign = ( "" => "" )
}
)";

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [mark, value] : values) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) text.replace(at, mark.size(), value);
  }
  return text;
}

}  // namespace

std::string GitRepository::git(const std::vector<std::string>& arguments, const std::string& input) const {
  std::vector<std::string> argv{"git", "-C", folder_.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return succeed(argv, input, plain_git());
}

CommitSha GitRepository::commit(const GitFiles& files, const CommitOptions& options) {
  const std::string ref = "refs/heads/" + options.branch;
  auto parents = options.parents;
  if (!parents) {
    parents.emplace();
    if (std::filesystem::exists(folder_ / ref)) parents->push_back(head(options.branch));
  }
  moment_ += pace_;
  const std::string who = " Developer <developer@lumie.example> " + std::to_string(1'770'000'000 + moment_) + " +0900\n";
  std::string stream = parents->empty() ? "reset " + ref + "\n\n" : "";
  stream += "commit " + ref + "\nmark :1\nauthor" + who + "committer" + who;
  stream += "data " + std::to_string(options.message.size()) + "\n" + options.message + "\n";
  for (std::size_t i = 0; i < parents->size(); ++i) stream += (i == 0 ? "from " : "merge ") + (*parents)[i].value() + "\n";
  for (const auto& [path, file] : files) stream += change(path, file);
  return CommitSha(trimmed(git({"fast-import", "--quiet", "--force"}, stream + "\nget-mark :1\n")));
}

void GitRepository::set_branch(const std::string& branch, const CommitSha& commit) { git({"update-ref", "refs/heads/" + branch, commit.value()}); }

CommitSha GitRepository::head(const std::string& branch) const {
  return CommitSha(trimmed(read_file(folder_ / ("refs/heads/" + branch))));  // nothing packs references here
}

std::string GitRepository::read(const std::string& file, const std::string& at) const { return git({"cat-file", "blob", at + ":" + file}); }

std::vector<CommitSha> GitRepository::log(const std::string& range) const {
  std::istringstream lines(git({"rev-list", range, "--"}));
  std::vector<CommitSha> commits;
  for (std::string line; std::getline(lines, line);) commits.emplace_back(line);
  return commits;
}

void GitRepository::hook(const std::string& name, const std::string& script) {
  const auto file = folder_ / "hooks" / name;
  std::filesystem::create_directories(file.parent_path());
  write_file(file, script);
  std::filesystem::permissions(file, std::filesystem::perms(0755));
}

void GitRepository::allow_push(bool allowed) { git({"config", "http.receivepack", allowed ? "true" : "false"}); }

GitServer::GitServer() : port_(free_port()) {
  const std::string folder = dir_.path().string();
  std::filesystem::create_directories(dir_ / "repositories");
  write_file(dir_ / "users", user_ + ":" + password_ + "\n");
  const std::string backend = trimmed(succeed({"git", "--exec-path"})) + "/git-http-backend";
  write_file(dir_ / "lighttpd.conf", filled(configuration, {{"@D", folder}, {"@P", std::to_string(port_)}, {"@B", backend}}));
  start();
}

void GitServer::start() {
  process_ = std::make_unique<ServerProcess>(std::vector<std::string>{"/usr/sbin/lighttpd", "-D", "-f", (dir_ / "lighttpd.conf").string()}, port_,
                                             dir_ / "lighttpd.log");
}

GitRepository GitServer::create(const std::string& name) {
  const auto folder = dir_ / ("repositories/" + name + ".git");
  std::filesystem::create_directories(folder);
  GitRepository repository(folder);
  repository.git({"init", "-q", "--bare", "-b", "main"});
  repository.git({"config", "gc.auto", "0"});
  repository.allow_push(true);
  return repository;
}

std::string GitServer::url_with_login(const std::string& name) const {
  return "http://" + user_ + ":" + password_ + "@127.0.0.1:" + std::to_string(port_) + "/git/" + name + ".git";
}

}  // namespace slipway::test
