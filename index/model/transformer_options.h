#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "index/model/transformer_weights.h"

namespace segue::index {

/// How a session Transformer is trained. The defaults are those that won on validation items of purchase
/// histories with 10,000 to 40,000 users. For few users with long histories (thousands of users, hundreds of
/// events): negatives 1024, rate .002, dropout .3, epochs 8.
struct TransformerOptions {
  // --- the model
  std::size_t width = 128;  ///< 64 halves time and memory, and costs about 5 % of NDCG
  std::size_t layers = 2;   ///< 1 costs about 1 %
  std::size_t heads = 2;
  std::size_t feed_forward = 128;
  std::size_t window = 50;    ///< events that count; time grows with it only where sessions are long
  float temperature = 0.07f;  ///< smaller: sharper ranking of the head, slower learning of the tail
  TransformerForm form = TransformerForm::kSegue;  ///< that of imported weights, no matter of taste

  // --- the training
  std::size_t epochs = 14;          ///< more (to 20) still helped a little, as long as the dropout is high
  float dropout = 0.4f;             ///< lower where the log is large beside the model
  float rate = 4e-3f;               ///< the highest learning rate, reached after the warm-up
  std::size_t warm_up_steps = 100;  ///< at most a tenth of all steps
  float final_rate = 0.02f;         ///< share of the rate that is left at the end of the linear decay
  std::size_t batch_sequences = 256;
  std::size_t batch_positions = 1600;  ///< whichever is reached first ends a step: short sessions count by
                                       ///< number, long histories by events (32 full windows)
  std::size_t negatives = 2048;        ///< at the size of the vocabulary or above, the full softmax
  double negative_power = 0.5;         ///< negatives are drawn from frequency^power
  bool ppmi_start = true;              ///< item table from co-occurrence; worth 5 to 7 % of NDCG for seconds
  float context_dropout = 0.1f;  ///< share of events, and of requests, that are learnt without their context
  std::size_t stop_after = 0;  ///< epochs of the schedule that are run; 0: all. The rate falls as if all were
  std::size_t patience = 3;    ///< epochs in a row, worse on validation than the best by more than the
                               ///< noise, that end the training; 0: it never ends early
  std::uint64_t seed = 1;

  /// Grain of parallel work. A smaller one uses more cores, and costs more adding up; results depend on it,
  /// but not on the number of threads.
  std::size_t shard_positions = 512;

  TransformerConfig config() const;
  /// Epochs of the schedule that are run.
  std::size_t last_epoch() const { return stop_after == 0 ? epochs : std::min(stop_after, epochs); }
  /// Throws Error (kUsage) that names the option that does not fit.
  void validate() const;
};

/// Every option with its value, a line each: what tells one training from another.
std::string to_text(const TransformerOptions& options);

}  // namespace segue::index
