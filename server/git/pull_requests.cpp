#include "git/pull_requests.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/failure.hpp"
#include "base/text.hpp"

namespace slipway::git {
namespace {

constexpr int page_size = 50;
constexpr int pages_max = 40;  ///< so at most 2,000 open pull requests are searched
constexpr std::size_t answer_bytes_max = 16u << 20;

/// The server's error message: Gitea's `message`, else the start of the body.
std::string words(const io::HttpResponse& answer) {
  rapidjson::Document json;
  json.Parse(answer.body);
  if (!json.HasParseError() && json.IsObject() && json.HasMember("message") && json["message"].IsString())
    return printable(json["message"].GetString(), 300);
  return printable(answer.body, 300);
}

rapidjson::Document parsed(const std::string& text, const char* what) {
  rapidjson::Document json;
  json.Parse(text);
  if (json.HasParseError())
    throw Unavailable(fmt::format("the answer about {} is no JSON: is api_url Gitea's API?", what));
  return json;
}

std::string text_at(const rapidjson::Value& object, const char* key) {
  const auto found = object.FindMember(key);
  return found != object.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

std::int64_t number_at(const rapidjson::Value& object, const char* key) {
  const auto found = object.FindMember(key);
  return found != object.MemberEnd() && found->value.IsInt64() ? found->value.GetInt64() : 0;
}

/// Whether one end (`head` or `base`) of a pull request is this branch of this repository.
bool is_end(const rapidjson::Value& request, const char* end, const std::string& branch, std::int64_t repository) {
  const auto found = request.FindMember(end);
  return found != request.MemberEnd() && found->value.IsObject() && text_at(found->value, "ref") == branch &&
         number_at(found->value, "repo_id") == repository;
}

/// Whether a pull request leads from `head` to `base` within one repository; a fork's branch of the same name does not count.
bool connects(const rapidjson::Value& request, const std::string& head, const std::string& base) {
  if (!request.IsObject() || !request.HasMember("base") || !request["base"].IsObject()) return false;
  const auto repository = number_at(request["base"], "repo_id");
  return is_end(request, "base", base, repository) && is_end(request, "head", head, repository);
}

PullRequest pull_request(const rapidjson::Value& json) {
  PullRequest one;
  one.number = number_at(json, "number");
  one.url = text_at(json, "html_url");
  one.title = text_at(json, "title");
  one.body = text_at(json, "body");
  return one;
}

std::string object(std::initializer_list<std::pair<const char*, std::string>> members) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  for (const auto& [key, value] : members) json.Key(key), json.String(value);
  json.EndObject();
  return std::string(out.GetString(), out.GetSize());
}

/// Throws unless the answer is a success: Unavailable for 5xx and 429, else Refused.
void require_good(const io::HttpResponse& answer, const std::string& where) {
  if (answer.ok()) return;
  const std::string sentence = fmt::format("{} answered {}: {}", where, answer.status, words(answer));
  if (answer.status >= 500 || answer.status == 429) throw Unavailable(sentence);
  throw Refused(sentence);
}

}  // namespace

PullRequestOptions pull_request_options(const std::string& repository_url, const std::string& api_url) {
  PullRequestOptions options;
  std::string base = repository_url;
  if (base.ends_with(".git")) base.resize(base.size() - 4);
  for (int parts = 0; parts < 2; ++parts) {
    const auto slash = base.rfind('/');
    if (slash == std::string::npos) break;
    options.repository = base.substr(slash + 1) + (parts == 0 ? "" : "/") + options.repository;
    base.resize(slash);
  }
  options.api_url = api_url.empty() ? base + "/api/v1" : api_url;
  return options;
}

io::HttpRequest PullRequests::request(const std::string& method, const std::string& target, std::string body) const {
  auto url = io::parse_url(options_.api_url + "/repos/" + options_.repository + target);
  if (!url) throw Refused("handoff.api_url: " + url.error().what());
  io::HttpRequest request(method, *std::move(url));
  const std::string header = authorization_header(options_.access);
  if (const auto colon = header.find(": "); colon != std::string::npos)
    request.headers.emplace_back(header.substr(0, colon), header.substr(colon + 2));
  request.headers.emplace_back("Accept", "application/json");
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.insecure = options_.access.insecure;
  request.limit = options_.access.limit;
  request.max_body = answer_bytes_max;
  return request;
}

Task<std::string> PullRequests::ask(std::string method, std::string target, std::string body) {
  auto question = request(method, target, std::move(body));
  const auto answer = co_await http_.send(std::move(question));
  require_good(answer, fmt::format("{} of {}", method, options_.api_url));
  co_return answer.body;
}

Task<std::optional<PullRequest>> PullRequests::find(const std::string& head, const std::string& base) {
  for (int page = 1; page <= pages_max; ++page) {
    const std::string target = fmt::format("/pulls?state=open&sort=recentupdate&base_branch={}&limit={}&page={}",
                                           io::percent_encode(base), page_size, page);
    const std::string text = co_await ask("GET", target, "");
    const auto list = parsed(text, "pull requests");
    if (!list.IsArray() || list.Empty()) co_return std::nullopt;
    for (const auto& one : list.GetArray()) {
      if (connects(one, head, base)) co_return pull_request(one);
    }
  }
  co_return std::nullopt;
}

/// Nothing if somebody else has created it meanwhile (409).
Task<std::optional<PullRequest>> PullRequests::make(const std::string& head, const std::string& base,
                                                    const std::string& title, const std::string& body) {
  auto question = request("POST", "/pulls", object({{"head", head}, {"base", base}, {"title", title}, {"body", body}}));
  const auto answer = co_await http_.send(std::move(question));
  if (answer.status == 409) co_return std::nullopt;
  require_good(answer, fmt::format("POST of {}", options_.api_url));
  const auto made = parsed(answer.body, "the new pull request");
  if (!made.IsObject() || number_at(made, "number") == 0) throw Unavailable("the new pull request has no number");
  co_return pull_request(made);
}

Task<PullRequest> PullRequests::ensure(std::string head, std::string base, std::string title, std::string body) {
  auto known = co_await find(head, base);
  if (!known) {
    const auto made = co_await make(head, base, title, body);
    if (made) co_return *made;
    known = co_await find(head, base);
    if (!known) throw Unavailable(fmt::format("there is a pull request for {}, and it is not in the list", head));
  }
  if (known->title == title && known->body == body) co_return *known;
  std::string change = object({{"title", title}, {"body", body}});
  co_await ask("PATCH", fmt::format("/pulls/{}", known->number), std::move(change));
  known->title = std::move(title);
  known->body = std::move(body);
  co_return *known;
}

Task<std::string> PullRequests::check() {
  const std::string text = co_await ask("GET", "", "");
  const auto repository = parsed(text, "the repository");
  if (!repository.IsObject() || !repository.HasMember("permissions") || !repository["permissions"].IsObject())
    throw Refused(fmt::format("{} does not say what may be done to {}: is it Gitea's API?", options_.api_url,
                              options_.repository));
  const auto& may = repository["permissions"];
  const bool push = may.HasMember("push") && may["push"].IsBool() && may["push"].GetBool();
  if (!push) throw Refused(fmt::format("the user may not push to {}", options_.repository));
  const auto wanted = repository.FindMember("has_pull_requests");
  if (wanted != repository.MemberEnd() && wanted->value.IsBool() && !wanted->value.GetBool())
    throw Refused(fmt::format("pull requests are switched off in {}", options_.repository));
  co_return fmt::format("pull requests can be made in {}", options_.repository);
}

}  // namespace slipway::git
