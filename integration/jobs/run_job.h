#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "index/progress.h"
#include "integration/jobs/run_warnings.h"
#include "plugin/search_plugin.h"

namespace segue::integration {

/// A file of requests to answer.
struct RunRequest {
  std::filesystem::path requests;  ///< requests.jsonl, plain or gzipped
  std::filesystem::path output;    ///< the run; gzipped when its name ends in .gz
  std::ostream* stream =
      nullptr;              ///< set: the run goes there instead, as it grows; the caller checks its state
  std::size_t threads = 0;  ///< 0: one per processor
};

struct RunReport {
  std::size_t requests = 0;
  std::size_t failed = 0;  ///< of these; they have no lines in the run
  std::size_t hits = 0;
  std::vector<RunWarning> warnings;  ///< of those that were answered
  double seconds = 0;                ///< of answering, without opening the store
};

/// Answers every request on all threads and writes the run in the order of the requests (trec_run.h). The
/// file appears whole or not at all; a stream that fails ends the run early. Requests that fail are passed
/// over; failure(text) is called for each, in order, from this thread: "requests.jsonl:3: what is wrong".
/// Warnings of answers, items that a session names in vain and ids that an earlier request has are counted.
/// Throws Error: kBadInput for the file, kResource for the output, kInterrupted through progress.
RunReport run_requests(const plugin::SearchPlugin& plugin, const RunRequest& request,
                       const std::function<void(const std::string& text)>& failure,
                       index::Progress& progress);

}  // namespace segue::integration
