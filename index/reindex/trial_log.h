#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "index/reindex/search_range.h"

namespace segue::index {

/// One configuration that was tried.
struct Trial {
  std::size_t number = 0;  ///< of its point; 0: the configuration that the search began with
  std::size_t rung = 0;
  double share = 1;    ///< of the training sequences that were learned from
  SearchPoint values;  ///< empty for number 0
  double ndcg = 0;     ///< NDCG@10 on validation
  double hit_rate = 0;
  double seconds = 0;
};

/// The trials of a search as a file of one JSON object a line, the first of which says what the search is. It
/// is appended to and synced after each trial, so that a search that is killed goes on where it was; a last
/// line that was cut off is dropped. Thread-compatible.
class TrialLog {
 public:
  /// Opens the file, or makes an empty one, which belongs to no search before its first trial. identity: what
  /// makes two searches the same (data, configuration, seed, ranges). Throws Error: kBadInput for the log of
  /// another search or a damaged line, kResource when it cannot be written.
  TrialLog(std::filesystem::path file, std::string identity);

  const std::vector<Trial>& trials() const noexcept { return trials_; }
  void add(Trial trial);

 private:
  void read();
  void append(const std::string& line) const;

  std::filesystem::path file_;
  std::string identity_;
  std::vector<Trial> trials_;
};

}  // namespace segue::index
