#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/model/early_stopping.h"
#include "index/model/learning_curve.h"
#include "index/model/transformer_optimizer.h"
#include "index/model/transformer_weights.h"

namespace segue::index {

/// Everything of a training that its next step depends on. The random numbers need no state of their own:
/// each place that draws has a stream named by the seed and the number of the epoch or the step. A value.
struct TransformerState {
  TransformerState(TransformerWeights start, std::size_t patience)
      : weights(std::move(start)), moments(weights), stopping(patience) {}

  TransformerWeights weights;
  AdamMoments moments;
  std::size_t epoch = 0;  ///< epochs that are done
  std::size_t step = 0;   ///< steps of the epoch under way that are done
  double loss = 0;        ///< of those steps, summed over positions
  double recent_loss = 0;
  double seconds = 0;  ///< of training so far
  EarlyStopping stopping;
  std::optional<TransformerWeights> chosen;  ///< those after epoch stopping.chosen()
  std::vector<LearningPoint> curve;          ///< a point for each epoch that is done
  bool finished = false;
};

/// A file that a training writes now and then and from which it goes on, bit for bit, as if nothing had
/// happened. One safetensors file (docs/file-formats.md), replaced by a rename: killed at any point, the file
/// is the old one or the new one, whole. The digest names the data, the options and the seed that it belongs
/// to. Thread-compatible.
class TransformerCheckpoint {
 public:
  TransformerCheckpoint(std::filesystem::path file, std::string digest)
      : file_(std::move(file)), digest_(std::move(digest)) {}

  const std::filesystem::path& file() const noexcept { return file_; }

  /// Makes the folder where there is none. Throws Error (kResource).
  void write(const TransformerState& state) const;

  /// What became of a look for the file.
  enum class Found { kNothing, kState, kOther, kDamaged };
  struct Reading {
    Found found = Found::kNothing;
    std::string problem;  ///< of a damaged one
  };
  /// Puts what the file holds into a state that was made for the same data and options. Unless it says
  /// kState, the state is as it was: kOther is a file of other data, options or another version.
  Reading read(TransformerState& state) const;

 private:
  std::filesystem::path file_;
  std::string digest_;
};

}  // namespace segue::index
