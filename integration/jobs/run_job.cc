#include "integration/jobs/run_job.h"

#include <chrono>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "index/input/text_file.h"
#include "integration/jobs/trec_run.h"
#include "kernels/error.h"
#include "kernels/thread_pool.h"
#include "plugin/request_json.h"

namespace segue::integration {
namespace {

using query::syntax::Diagnostic;

constexpr std::size_t kBatch = 256;  // requests in memory at a time

struct Line {
  std::string text;
  std::string where;
};

/// What one request comes to.
struct Outcome {
  std::string id;
  std::string run;
  std::string failure;                // empty: it was answered
  std::vector<std::string> warnings;  // of an answer
  std::size_t hits = 0;
};

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Where a diagnostic points, as the beginning of a line.
std::string place_of(const Diagnostic& diagnostic) {
  const std::string byte = "at byte " + std::to_string(diagnostic.range.begin);
  if (diagnostic.source.empty()) return byte + " of the query: ";
  if (diagnostic.source == "request") return "";
  const std::string text = diagnostic.source == "filter"    ? "in the filter"
                           : diagnostic.source == "suggest" ? "in the letters typed"
                                                            : "in " + diagnostic.source;
  return diagnostic.range.end == 0 ? text + ": " : text + ", " + byte + ": ";  // no range: all of it
}

/// A diagnostic as one line: where, what, how to mend.
std::string line_of(const Diagnostic& diagnostic) {
  const std::string text = place_of(diagnostic) + diagnostic.message;
  return diagnostic.suggestion.empty() ? text : text + "; " + diagnostic.suggestion;
}

std::string first_error(const plugin::Answer& answer) {
  for (const Diagnostic& diagnostic : answer.diagnostics)
    if (diagnostic.severity == Diagnostic::Severity::kError) return line_of(diagnostic);
  return "the request could not be answered";
}

std::vector<std::string> warnings_of(const plugin::Answer& answer) {
  std::vector<std::string> warnings;
  for (const Diagnostic& diagnostic : answer.diagnostics)
    if (diagnostic.severity == Diagnostic::Severity::kWarning) warnings.push_back(line_of(diagnostic));
  if (answer.skipped > 0) {
    warnings.push_back("items of the session that the store does not know were left out: " +
                       std::to_string(answer.skipped));
  }
  return warnings;
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
    outcome.warnings = warnings_of(answer);
    outcome.id = request.id;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadInput) throw;
    outcome.failure = error.what();
  } catch (const std::invalid_argument& fault) {  // ours; it must not cost the other requests
    outcome.failure =
        line.where + ": internal error: " + fault.what() + "; please report it with the request";
  }
  return outcome;
}

/// Where a run goes: a file that appears at the end, or a stream.
class RunSink {
 public:
  explicit RunSink(const RunRequest& request) : stream_(request.stream) {
    if (stream_ == nullptr) file_.emplace(request.output);
  }
  void write(const std::string& text) {
    if (file_) {
      file_->write(text);
    } else {
      *stream_ << text;
    }
  }
  bool failed() const { return stream_ != nullptr && !*stream_; }
  void finish() {
    if (file_) file_->finish();
  }

 private:
  std::ostream* stream_;
  std::optional<index::TextWriter> file_;
};

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
  RunSink sink(request);
  kernels::ThreadPool pool(request.threads);
  RunReport report;
  RunWarnings warnings;
  std::unordered_set<std::string> ids;
  std::vector<Line> lines;
  std::vector<Outcome> outcomes;
  const auto begin = std::chrono::steady_clock::now();
  progress.phase("requests");
  for (bool more = true; more && !sink.failed();) {
    lines.clear();
    std::string_view text;
    while (lines.size() < kBatch && (more = reader.next(text))) {
      if (!blank(text)) lines.push_back({std::string(text), reader.where()});
    }
    outcomes.assign(lines.size(), {});
    pool.run(lines.size(), [&](std::size_t i) { outcomes[i] = answer_line(plugin, lines[i]); });
    for (Outcome& outcome : outcomes) {
      if (!outcome.failure.empty()) {
        ++report.failed;
        failure(outcome.failure);
        continue;
      }
      sink.write(outcome.run);
      report.hits += outcome.hits;
      if (!ids.insert(outcome.id).second)
        outcome.warnings.emplace_back(
            "an earlier request has the same id, so the run cannot tell them apart");
      warnings.add(outcome.id, outcome.warnings);
    }
    report.requests += lines.size();
    progress.check();
    progress.update(static_cast<double>(report.requests), total);
  }
  sink.finish();
  report.warnings = warnings.list();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

}  // namespace segue::integration
