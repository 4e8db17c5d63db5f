#include "index/reindex/trial_log.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "index/snapshot/durable_file.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

nlohmann::json to_json(const Trial& trial) {
  return {{"trial", trial.number},   {"rung", trial.rung},    {"share", trial.share},
          {"values", trial.values},  {"ndcg@10", trial.ndcg}, {"hr@10", trial.hit_rate},
          {"seconds", trial.seconds}};
}

Trial trial_of(const nlohmann::json& json) {
  Trial trial;
  json.at("trial").get_to(trial.number);
  json.at("rung").get_to(trial.rung);
  json.at("share").get_to(trial.share);
  json.at("values").get_to(trial.values);
  json.at("ndcg@10").get_to(trial.ndcg);
  json.at("hr@10").get_to(trial.hit_rate);
  json.at("seconds").get_to(trial.seconds);
  return trial;
}

}  // namespace

TrialLog::TrialLog(std::filesystem::path file, std::string identity)
    : file_(std::move(file)), identity_(std::move(identity)) {
  std::error_code error;
  if (std::filesystem::exists(file_, error) && std::filesystem::file_size(file_, error) > 0) {
    read();
  } else if (!std::ofstream(file_, std::ios::binary | std::ios::app)) {
    throw Error(ErrorKind::kResource, "cannot be written", file_.string());
  }
}

void TrialLog::read() {
  std::ifstream in(file_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::size_t begin = 0;
  std::size_t line = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    ++line;
    const std::string where = file_.string() + ":" + std::to_string(line);
    try {
      const nlohmann::json json = nlohmann::json::parse(text.substr(begin, end - begin));
      if (line > 1) {
        trials_.push_back(trial_of(json));
      } else if (json.at("search") != identity_) {
        throw Error(
            ErrorKind::kBadInput,
            "these are trials of another search: the data, the configuration, the ranges or the seed differ",
            where, "name another file with --trials, or remove this one");
      }
    } catch (const nlohmann::json::exception&) {
      throw Error(ErrorKind::kBadInput, "this is no line of a search's trials", where,
                  "name another file with --trials, or remove this one");
    }
    begin = end + 1;
  }
  // The line that a killed search was writing.
  if (begin < text.size()) std::filesystem::resize_file(file_, begin);
}

void TrialLog::append(const std::string& line) const {
  {
    std::ofstream out(file_, std::ios::binary | std::ios::app);
    out << line << '\n';
    out.flush();
    if (!out) throw Error(ErrorKind::kResource, "cannot be written", file_.string());
  }
  sync_file(file_);
}

void TrialLog::add(Trial trial) {
  if (std::filesystem::file_size(file_) == 0) append(nlohmann::json{{"search", identity_}}.dump());
  append(to_json(trial).dump());
  trials_.push_back(std::move(trial));
}

}  // namespace segue::index
