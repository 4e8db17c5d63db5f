#include "integration/jobs/run_job.h"

#include <chrono>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "index/input/text_file.h"
#include "integration/jobs/trec_run.h"
#include "kernels/error.h"
#include "kernels/thread_pool.h"
#include "plugin/request_json.h"

namespace segue::integration {
namespace {

constexpr std::size_t kBatch = 256;  // requests in memory at a time

struct Line {
  std::string text;
  std::string where;
};

/// What one request comes to.
struct Outcome {
  std::string run;
  std::string failure;  // empty: it was answered
  std::size_t hits = 0;
};

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// The first error among diagnostics as one line: where in the query, what, how to mend.
std::string first_error(const plugin::Answer& answer) {
  for (const auto& diagnostic : answer.diagnostics) {
    if (diagnostic.severity != query::syntax::Diagnostic::Severity::kError) continue;
    std::string text =
        "at byte " + std::to_string(diagnostic.range.begin) + " of the query: " + diagnostic.message;
    return diagnostic.suggestion.empty() ? text : text + "; " + diagnostic.suggestion;
  }
  return "the request could not be answered";
}

Outcome answer_line(const plugin::SearchPlugin& plugin, const Line& line) {
  Outcome outcome;
  try {
    const plugin::Request request = plugin::parse_request(line.text, line.where);
    if (request.id.empty())
      throw Error(ErrorKind::kBadInput, "the request has no `id`, which is the first column of a run",
                  line.where);
    const plugin::Answer answer = plugin.answer(request);
    if (!answer.ok)
      throw Error(ErrorKind::kBadInput, first_error(answer), line.where + " (" + request.id + ")");
    append_run(outcome.run, request.id, answer);
    outcome.hits = answer.hits.size();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadInput) throw;
    outcome.failure = error.what();
  } catch (const std::invalid_argument& fault) {  // ours; it must not cost the other requests
    outcome.failure =
        line.where + ": internal error: " + fault.what() + "; please report it with the request";
  }
  return outcome;
}

/// Requests in a file, so that the progress knows how many there are to come.
std::size_t count_requests(const std::filesystem::path& file) {
  index::LineReader reader(file);
  std::size_t count = 0;
  std::string_view text;
  while (reader.next(text)) count += blank(text) ? 0 : 1;
  return count;
}

}  // namespace

RunReport run_requests(const plugin::SearchPlugin& plugin, const RunRequest& request,
                       const std::function<void(const std::string& text)>& failure,
                       index::Progress& progress) {
  // A pipe can be read only once: its requests are not counted first.
  const bool pipe =
      std::filesystem::exists(request.requests) && !std::filesystem::is_regular_file(request.requests);
  const auto total = static_cast<double>(pipe ? 0 : count_requests(request.requests));
  index::LineReader reader(request.requests);
  index::TextWriter writer(request.output);
  kernels::ThreadPool pool(request.threads);
  RunReport report;
  std::vector<Line> lines;
  std::vector<Outcome> outcomes;
  const auto begin = std::chrono::steady_clock::now();
  progress.phase("requests");
  for (bool more = true; more;) {
    lines.clear();
    std::string_view text;
    while (lines.size() < kBatch && (more = reader.next(text))) {
      if (!blank(text)) lines.push_back({std::string(text), reader.where()});
    }
    outcomes.assign(lines.size(), {});
    pool.run(lines.size(), [&](std::size_t i) { outcomes[i] = answer_line(plugin, lines[i]); });
    for (const Outcome& outcome : outcomes) {
      writer.write(outcome.run);
      report.hits += outcome.hits;
      if (outcome.failure.empty()) continue;
      ++report.failed;
      failure(outcome.failure);
    }
    report.requests += lines.size();
    progress.check();
    progress.update(static_cast<double>(report.requests), total);
  }
  writer.finish();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

}  // namespace segue::integration
