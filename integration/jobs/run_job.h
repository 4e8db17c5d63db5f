#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "index/progress.h"
#include "plugin/search_plugin.h"

namespace segue::integration {

/// A file of requests to answer.
struct RunRequest {
  std::filesystem::path requests;  ///< requests.jsonl, plain or gzipped
  std::filesystem::path output;    ///< the run; gzipped when its name ends in .gz
  std::size_t threads = 0;         ///< 0: one per processor
};

struct RunReport {
  std::size_t requests = 0;
  std::size_t failed = 0;  ///< of these; they have no lines in the run
  std::size_t hits = 0;
  double seconds = 0;  ///< of answering, without opening the store
};

/// Answers every request on all threads and writes the run in the order of the requests (trec_run.h). The
/// file appears whole or not at all. Requests that fail are passed over; failure(text) is called for each, in
/// order, from this thread: "requests.jsonl:3: what is wrong". Throws Error: kBadInput for the file,
/// kResource for the output, kInterrupted through progress.
RunReport run_requests(const plugin::SearchPlugin& plugin, const RunRequest& request,
                       const std::function<void(const std::string& text)>& failure,
                       index::Progress& progress);

}  // namespace segue::integration
