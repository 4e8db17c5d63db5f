#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/model/body_pass.h"
#include "index/model/matrix_buffer.h"
#include "index/model/negative_sampler.h"
#include "index/model/transformer_teacher.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Windows of sequences, packed: position t of the batch has read inputs up to t and is to predict
/// targets[t]. Both name rows of the item table; their contexts are sets of `sets`, or empty where nothing is
/// known.
struct TrainingBatch {
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> targets;
  std::vector<std::uint32_t> offsets{0};
  std::vector<std::uint32_t> input_contexts{};
  std::vector<std::uint32_t> target_contexts{};
  const ContextSets* sets = nullptr;

  std::size_t positions() const { return inputs.size(); }
  void clear() {
    inputs.clear();
    targets.clear();
    offsets.assign(1, 0);
    input_contexts.clear();
    target_contexts.clear();
  }
};

/// The loss of a batch and its gradient by every parameter:
///
///   mean over positions of -log(exp s+ / (exp s+ + sum_k exp(s_k - log_expected_k))),  s_j = cos(h, e_j) /
///   temperature
///
/// For TransformerForm::kSasrec s_j is h . e_j / temperature; such a batch has no contexts.
///
/// With a teacher the loss of each position is the one of distilled_softmax.h.
///
/// The batch is cut into shards of whole windows, which the pool's threads take; each has buffers of its own,
/// and they are added up in the order of the shards. The result depends on shard_positions, not on the number
/// of threads. One per training; thread-compatible.
class TransformerGradients {
 public:
  TransformerGradients(const TransformerConfig& config, std::size_t vocabulary,
                       const kernels::Backend& backend, kernels::ThreadPool& pool,
                       std::size_t shard_positions = 512);
  ~TransformerGradients();

  /// Returns the loss. The gradients stay until the next call. teacher: of the same vocabulary and at least
  /// the batch's window, else std::invalid_argument; null: none.
  double compute(const TransformerWeights& weights, const TrainingBatch& batch, const Negatives& negatives,
                 const Dropout& dropout, const TransformerTeacher* teacher = nullptr);

  /// By the flat body.
  std::span<const float> body() const { return body_; }
  /// Rows of the item table that took part, and the gradient of each, [rows, d].
  std::span<const std::uint32_t> rows() const { return rows_; }
  kernels::ConstMatrix items() const { return d_items_.view(); }

 private:
  struct Shard;
  struct Step;

  void collect_rows(const TrainingBatch& batch, const Negatives& negatives);
  void gather_items(const TransformerWeights& weights);
  void gather_taught_items(const TransformerTeacher& teacher);
  void cut(const TrainingBatch& batch);
  void run_shard(Shard& shard, const ConstTransformerBody& body, const Step& step, const Dropout& dropout);
  void add_up(std::size_t negatives);

  TransformerConfig config_;
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
  std::size_t shard_positions_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::size_t used_shards_ = 0;

  std::vector<std::uint32_t> place_;  // [v] where a row stands in rows_, kNowhere else
  std::vector<std::uint32_t> rows_;   // the negatives first
  MatrixBuffer compared_;             // [rows, d] at unit length, for kSasrec as they are
  MatrixBuffer taught_;               // [rows, the teacher's d] its rows of the same items
  std::vector<float> norms_;
  MatrixBuffer d_compared_, d_items_;  // gradients by the rows that are compared and by the rows themselves
  std::vector<float> body_;
};

}  // namespace segue::index
